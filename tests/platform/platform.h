/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The test's side of kvm_private_platform.ko, which scripts/vm --platform has loaded. A
 * test fails if a rule is broken that it hasn't armed, or if an armed rule isn't broken.
 */
#ifndef TESTS_PLATFORM_H
#define TESTS_PLATFORM_H

#include <pthread.h>
#include <stdbool.h>

#include "convert.h"
#include "device.h"
#include "huge.h"
#include "kvm_private_platform.h"
#include "unit.h"

/* Pages in the file that a test gets, and in one of huge pages with a tail */
#define FILE_PAGES	64
#define HUGE_BLOCKS	3
#define HUGE_FILE_PAGES	(HUGE_BLOCKS * HUGE_PAGES + 10)

struct platform {
	int device;
	int file;
	__u64 pages;
	/* Shared pages can be touched here. */
	volatile __u64 *map;
	__u64 armed;
};

/*
 * *state becomes a struct platform, whose file can be mapped. After the test the device and
 * the file are closed, and no page may be assigned then.
 */
extern const struct fixture platform;
/* The same, but all pages start shared. */
extern const struct fixture platform_shared;
/* The same as the first, but guests don't allocate. */
extern const struct fixture platform_no_alloc;
/* The same as the first, but in huge pages; in one gigantic page. */
extern const struct fixture platform_huge, platform_gigantic;

/* Prints for each rule in how many tests it was checked. */
int platform_group_teardown(void **state);

/* Close one side before the test is over. */
void close_file(struct platform *p);
void close_device(struct platform *p);
void open_device(struct platform *p);

int platform_try_unload(void);
void platform_load(void);
/* Module parameters: KPP_PAUSE_* from now on; waits until so many calls wait there. */
void pause_at(unsigned int where);
void wait_paused(int nr);

struct kpp_counts counts(struct platform *p);
/* Pages that are assigned now */
__u64 assigned(struct platform *p);

/* The test is going to break these rules, BIT(rule). */
#define BIT(n) (1ULL << (n))
void arm(struct platform *p, __u64 rules);
void misbehave(struct platform *p, unsigned int how);
void call(struct platform *p, struct kpp_call call);
__u64 spare(struct platform *p);
void fail_prepare(struct platform *p, int error, unsigned int after);

int try_bind(struct platform *p, __u32 slot, enum kpp_kind kind, __u64 guest_id,
	     __u64 start, __u64 end, __u32 flags);
void bind(struct platform *p, __u32 slot, enum kpp_kind kind, __u64 guest_id,
	  __u64 start, __u64 end);
void unbind(struct platform *p, __u32 slot);

/* The guest's accesses to the first word of a page */
int try_guest_read(struct platform *p, __u32 slot, __u64 index, __u64 *word);
int try_guest_write(struct platform *p, __u32 slot, __u64 index, __u64 word);
__u64 guest_read(struct platform *p, __u32 slot, __u64 index);
/* Returns the pfn. */
__u64 guest_write(struct platform *p, __u32 slot, __u64 index, __u64 word);
int try_emulate(struct platform *p, __u32 slot, __u64 index, bool write,
		__u64 *word);

/* The word that the host finds in a page, and a write that isn't reported */
__u64 raw_read(struct platform *p, __u64 pfn);
void raw_write(struct platform *p, __u64 pfn, __u64 word);

/* The host's mapping; both fail the test if the page can't be touched */
__u64 host_read(struct platform *p, __u64 index);
void host_write(struct platform *p, __u64 index, __u64 word);
/* Does touching the page raise SIGBUS? */
bool host_is_kept_out(struct platform *p, __u64 index);

int try_convert(struct platform *p, bool private, __u64 start, __u64 end,
		__u64 flags);
void make_private(struct platform *p, __u64 start, __u64 end);
void make_shared(struct platform *p, __u64 start, __u64 end);

int try_populate(struct platform *p, struct kpp_populate *populate);

/* In pages */
void punch(struct platform *p, __u64 start, __u64 end);
void allocate(struct platform *p, __u64 start, __u64 end);

#endif
