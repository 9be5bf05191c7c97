/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The test's side of kvm_private_test.ko, which must be in the current directory. Calls
 * return the result of the kernel interface: 0 or more, or -1 and errno.
 */
#ifndef TESTS_CONSUMER_H
#define TESTS_CONSUMER_H

#include <pthread.h>
#include <stdbool.h>

#include "device.h"
#include "huge.h"
#include "kvm_private_test.h"
#include "unit.h"

#define CONSUMER_MODULE	"kvm_private_test"

/* Pages in the file that a test gets */
#define FILE_PAGES	64

/* Pages in a file of huge pages, which has a tail */
#define HUGE_BLOCKS	3
#define HUGE_ORDER	(HUGE_SHIFT - 12)
#define HUGE_FILE_PAGES	(HUGE_BLOCKS * HUGE_PAGES + 10)

struct consumer {
	int device;
	int file;
};

/* insmod and rmmod; the latter returns 0, or -1 and errno. */
void consumer_load(void);
int consumer_try_unload(void);

/* Group fixture: the module is there for the tests, and goes after them. */
int consumer_group_setup(void **state);
int consumer_group_teardown(void **state);

/*
 * *state becomes a struct consumer. The last fixture's file has huge pages, and can be
 * mapped.
 */
extern const struct fixture consumer_plain, consumer_no_alloc, consumer_huge;

/* The functions of these fixtures, for fixtures that do more */
int consumer_setup(void **state);
int consumer_setup_huge(void **state);
int consumer_teardown(void **state);

/* These close one side before the test is over. */
void consumer_close_file(struct consumer *c);
void consumer_close_device(struct consumer *c);

int try_bind(struct consumer *c, const struct kpt_bind *bind);
/* Of the file, in pages */
void bind(struct consumer *c, __u32 slot, enum kpt_ops ops, __u64 start,
	  __u64 end);
void bind_guest(struct consumer *c, __u32 slot, __u64 guest_id,
		__u64 start, __u64 end);
void unbind(struct consumer *c, __u32 slot);

int try_get_pfn(struct consumer *c, __u32 slot, __u64 index);
/* Checks also that max_order is 0. */
__u64 get_pfn(struct consumer *c, __u32 slot, __u64 index);

/* The same in slot 0, without that check: in files of huge pages */
__u64 lookup(struct consumer *c, __u64 index, bool shared, unsigned int *order);

int read_word(struct consumer *c, __u32 slot, __u64 index,
	      __u64 *word);
int write_word(struct consumer *c, __u32 slot, __u64 index,
	       __u64 word);

void control(struct consumer *c, int prepare_error, int block_slot, bool probe);

/* In pages */
void punch(struct consumer *c, __u64 start, __u64 end);
void allocate(struct consumer *c, __u64 start, __u64 end);
__u64 allocated(struct consumer *c);

/* Removes the oldest events, max at most; returns their number. */
unsigned int take_events(struct consumer *c, struct kpt_event *events,
			 unsigned int max);
/* Removes all events and fails the test if there were any. */
void expect_no_events(struct consumer *c);
/* Removes all events; returns the number of those of the type. */
unsigned int count_events(struct consumer *c, enum kpt_event_type type);

/* Removes the oldest event and compares; returns it. */
struct kpt_event expect_event(struct consumer *c, enum kpt_event_type type,
			      __u32 slot, __u64 start, __u64 end);

/* punch() in a thread of its own. */
struct puncher {
	struct consumer *consumer;
	__u64 start;
	__u64 end;
	pthread_t thread;
	pid_t tid;
	int result;
	bool done;
};

void puncher_start(struct puncher *puncher, struct consumer *c, __u64 start,
		   __u64 end);
/* Returns when it sleeps in the kernel, where no signal can wake it. */
void puncher_wait_stuck(struct puncher *puncher);
bool puncher_is_done(struct puncher *puncher);
void puncher_join(struct puncher *puncher);

#endif
