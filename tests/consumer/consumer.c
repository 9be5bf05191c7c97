// SPDX-License-Identifier: GPL-2.0-only
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "consumer.h"
#include "thread_state.h"

void consumer_load(void)
{
	int fd = expect_ok(open(CONSUMER_MODULE ".ko", O_RDONLY | O_CLOEXEC),
			   "opening the module that tests/build-module makes");

	expect_ok(syscall(SYS_finit_module, fd, "", 0),
		  "loading " CONSUMER_MODULE);
	close(fd);
}

int consumer_try_unload(void)
{
	return syscall(SYS_delete_module, CONSUMER_MODULE, O_NONBLOCK);
}

int consumer_group_setup(void **state)
{
	(void)state;
	consumer_load();
	return 0;
}

int consumer_group_teardown(void **state)
{
	(void)state;
	expect_ok(consumer_try_unload(), "unloading " CONSUMER_MODULE);
	return 0;
}

static int setup_file(void **state, int file)
{
	struct consumer *c = calloc(1, sizeof(*c));

	if (!c)
		return -1;
	c->device = expect_ok(open(KPT_DEVICE, O_RDWR | O_CLOEXEC),
			      "opening " KPT_DEVICE);
	c->file = file;
	*state = c;
	return 0;
}

static int setup(void **state, __u64 flags)
{
	return setup_file(state, file_create(FILE_PAGES * PAGE, flags));
}

int consumer_setup(void **state)
{
	return setup(state, 0);
}

static int setup_no_alloc(void **state)
{
	return setup(state, KVM_PRIVATE_FLAG_NO_AUTO_ALLOC);
}

int consumer_setup_huge(void **state)
{
	return setup_file(state, huge_create(HUGE_FILE_PAGES * PAGE,
					     KVM_PRIVATE_FLAG_MMAP));
}

int consumer_teardown(void **state)
{
	struct consumer *c = *state;

	consumer_close_device(c);
	consumer_close_file(c);
	free(c);
	return 0;
}

const struct fixture consumer_plain = {
	.setup = consumer_setup, .teardown = consumer_teardown,
};

const struct fixture consumer_no_alloc = {
	.setup = setup_no_alloc, .teardown = consumer_teardown,
};

const struct fixture consumer_huge = {
	.setup = consumer_setup_huge, .teardown = consumer_teardown,
};

static void close_once(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void consumer_close_file(struct consumer *c)
{
	close_once(&c->file);
}

void consumer_close_device(struct consumer *c)
{
	close_once(&c->device);
}

int try_bind(struct consumer *c, const struct kpt_bind *bind)
{
	return ioctl(c->device, KPT_BIND, bind);
}

void bind(struct consumer *c, __u32 slot, enum kpt_ops ops, __u64 start,
	  __u64 end)
{
	const struct kpt_bind bind = {
		.slot = slot, .ops = ops, .fd = c->file,
		.start = start, .end = end,
	};

	expect_ok(try_bind(c, &bind), "binding slot %u", slot);
}

void bind_guest(struct consumer *c, __u32 slot, __u64 guest_id,
		__u64 start, __u64 end)
{
	const struct kpt_bind bind = {
		.slot = slot, .ops = KPT_OPS_PREPARE, .fd = c->file,
		.start = start, .end = end, .guest_id = guest_id,
	};

	expect_ok(try_bind(c, &bind), "binding slot %u", slot);
}

void unbind(struct consumer *c, __u32 slot)
{
	expect_ok(ioctl(c->device, KPT_UNBIND, slot), "unbinding slot %u", slot);
}

int try_get_pfn(struct consumer *c, __u32 slot, __u64 index)
{
	struct kpt_page page = { .slot = slot, .index = index };

	return ioctl(c->device, KPT_GET_PFN, &page);
}

__u64 get_pfn(struct consumer *c, __u32 slot, __u64 index)
{
	struct kpt_page page = { .slot = slot, .index = index };

	expect_ok(ioctl(c->device, KPT_GET_PFN, &page), "looking page %llu up",
		  index);
	/* Base pages may happen to lie side by side, but not as a huge page does. */
	expect_between(page.max_order, 0, 8, "log2 of pages side by side");
	assert_true(page.pfn);
	return page.pfn;
}

__u64 lookup(struct consumer *c, __u64 index, bool shared,
	     unsigned int *order)
{
	struct kpt_page page = { .index = index, .shared = shared };

	expect_ok(ioctl(c->device, KPT_GET_PFN, &page), "looking page %llu up",
		  index);
	*order = page.max_order;
	return page.pfn;
}

int read_word(struct consumer *c, __u32 slot, __u64 index,
	      __u64 *word)
{
	struct kpt_page page = { .slot = slot, .index = index };
	int ret = ioctl(c->device, KPT_READ, &page);

	*word = page.word;
	return ret;
}

int write_word(struct consumer *c, __u32 slot, __u64 index,
	       __u64 word)
{
	struct kpt_page page = { .slot = slot, .index = index, .word = word };

	return ioctl(c->device, KPT_WRITE, &page);
}

void control(struct consumer *c, int prepare_error, int block_slot, bool probe)
{
	const struct kpt_control control = {
		.prepare_error = -prepare_error,
		.block_slot = block_slot,
		.probe = probe,
	};

	expect_ok(ioctl(c->device, KPT_CONTROL, &control), "KPT_CONTROL");
}

void punch(struct consumer *c, __u64 start, __u64 end)
{
	expect_ok(file_punch(c->file, start * PAGE, (end - start) * PAGE),
		  "punching");
}

void allocate(struct consumer *c, __u64 start, __u64 end)
{
	expect_ok(file_allocate(c->file, start * PAGE, (end - start) * PAGE),
		  "allocating");
}

__u64 allocated(struct consumer *c)
{
	return file_allocated(c->file) / PAGE;
}

unsigned int take_events(struct consumer *c, struct kpt_event *events,
			 unsigned int max)
{
	ssize_t bytes = expect_ok(read(c->device, events, max * sizeof(*events)),
				  "reading events");

	return bytes / sizeof(*events);
}

void expect_no_events(struct consumer *c)
{
	struct kpt_event event;

	if (take_events(c, &event, 1))
		fail_msg("unexpected event of type %u, slot %u, from %llu to %llu",
			 event.type, event.slot,
			 event.start,
			 event.end);
}

unsigned int count_events(struct consumer *c, enum kpt_event_type type)
{
	struct kpt_event events[64];
	unsigned int count = 0, nr;

	while ((nr = take_events(c, events, ARRAY_SIZE(events))))
		for (unsigned int i = 0; i < nr; i++)
			count += events[i].type == type;
	return count;
}

struct kpt_event expect_event(struct consumer *c, enum kpt_event_type type,
			      __u32 slot, __u64 start, __u64 end)
{
	struct kpt_event event;

	assert_int_equal(take_events(c, &event, 1), 1);
	assert_int_equal(event.type, type);
	assert_int_equal(event.slot, slot);
	assert_int_equal(event.start, start);
	assert_int_equal(event.end, end);
	return event;
}

static void *punch_thread(void *arg)
{
	struct puncher *puncher = arg;

	__atomic_store_n(&puncher->tid, syscall(SYS_gettid), __ATOMIC_RELEASE);
	puncher->result = file_punch(puncher->consumer->file,
				     puncher->start * PAGE,
				     (puncher->end - puncher->start) * PAGE);
	__atomic_store_n(&puncher->done, true, __ATOMIC_RELEASE);
	return NULL;
}

void puncher_start(struct puncher *puncher, struct consumer *c, __u64 start,
		   __u64 end)
{
	*puncher = (struct puncher){ .consumer = c, .start = start, .end = end };
	assert_int_equal(pthread_create(&puncher->thread, NULL, punch_thread,
					puncher), 0);
}

void puncher_wait_stuck(struct puncher *puncher)
{
	pid_t tid;

	while (!(tid = __atomic_load_n(&puncher->tid, __ATOMIC_ACQUIRE)))
		sched_yield();
	do {
		if (puncher_is_done(puncher))
			fail_msg("punching a hole did not wait");
		sched_yield();
	} while (thread_state(tid) != 'D');
}

bool puncher_is_done(struct puncher *puncher)
{
	return __atomic_load_n(&puncher->done, __ATOMIC_ACQUIRE);
}

void puncher_join(struct puncher *puncher)
{
	pthread_join(puncher->thread, NULL);
	assert_int_equal(puncher->result, 0);
}
