// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two vCPUs that fault on different pages of a file don't wait for each other,
 * whatever one of them waits for. Nor do tasks that allocate for them.
 */
#include <unistd.h>

#include "consumer.h"

#define GUEST	1

struct fault {
	struct consumer *consumer;
	__u64 index;
	int error;
	pthread_t thread;
};

static void *look_up(void *arg)
{
	struct fault *fault = arg;

	if (try_get_pfn(fault->consumer, 0, fault->index))
		fault->error = errno;
	return NULL;
}

static void block_prepare(struct consumer *c, __u64 block)
{
	const struct kpt_control control = {
		.block_slot = -1, .block_prepare = block,
	};

	expect_ok(ioctl(c->device, KPT_CONTROL, &control), "KPT_CONTROL");
}

/*
 * Returns when the lookup waits for its page, the first of its unit, to be
 * prepared.
 */
static void start_fault(struct fault *fault, struct consumer *c, __u64 index,
			__u64 prepared)
{
	*fault = (struct fault){ .consumer = c, .index = index };
	block_prepare(c, prepared + 1);
	assert_int_equal(pthread_create(&fault->thread, NULL, look_up, fault), 0);
	expect_ok(ioctl(c->device, KPT_WAIT_BLOCKED), "waiting for the block");
}

/* The lookup has waited all the time. */
static void end_fault(struct fault *fault, struct consumer *c)
{
	assert_int_equal(ioctl(c->device, KPT_IS_BLOCKED), 1);
	block_prepare(c, 0);
	pthread_join(fault->thread, NULL);
	assert_int_equal(fault->error, 0);
}

static void must_get(struct consumer *c, __u64 index)
{
	expect_ok(try_get_pfn(c, 0, index), "page %llu", index);
}

/* A hole, a present page, one that was prepared for the guest before */
TEST(pages, &consumer_plain)
{
	struct consumer *c = *state;
	struct fault fault;

	bind_guest(c, 0, GUEST, 0, FILE_PAGES);
	allocate(c, 4, 10);
	must_get(c, 9);
	start_fault(&fault, c, 5, 5);
	must_get(c, 4);
	must_get(c, 6);
	must_get(c, 9);
	must_get(c, 10);
	must_get(c, FILE_PAGES - 1);
	allocate(c, 10, 40);
	must_get(c, 39);
	punch(c, 30, FILE_PAGES);
	must_get(c, 30);
	end_fault(&fault, c);
	must_get(c, 5);
}

/* Pages that were allocated together, as one unit of the store */
TEST(run, &consumer_plain)
{
	struct consumer *c = *state;
	struct fault fault;

	bind_guest(c, 0, GUEST, 0, FILE_PAGES);
	allocate(c, 0, FILE_PAGES);
	start_fault(&fault, c, 5, 5);
	for (__u64 i = 0; i < FILE_PAGES; i++)
		if (i != 5)
			must_get(c, i);
	end_fault(&fault, c);
}

TEST(huge_pages, &consumer_huge)
{
	struct consumer *c = *state;
	struct fault fault;

	bind_guest(c, 0, GUEST, 0, HUGE_FILE_PAGES);
	allocate(c, HUGE_PAGES, HUGE_PAGES + 1);
	start_fault(&fault, c, 77, 0);
	must_get(c, HUGE_PAGES + 77);
	must_get(c, 2 * HUGE_PAGES + 77);
	must_get(c, HUGE_FILE_PAGES - 1);
	punch(c, HUGE_PAGES + 5, HUGE_PAGES + 6);
	must_get(c, HUGE_PAGES + 5);
	end_fault(&fault, c);
}

/*
 * While a punch waits for a consumer pages can be allocated, also inside the
 * hole to be. The zeroing waits for no other task, and no task for the zeroing.
 */
TEST(fallocate_beside_hole, &consumer_plain)
{
	struct consumer *c = *state;
	struct puncher puncher;

	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	allocate(c, 10, 11);
	control(c, 0, 0, false);
	puncher_start(&puncher, c, 8, 16);
	expect_ok(ioctl(c->device, KPT_WAIT_BLOCKED), "waiting for the block");
	allocate(c, 0, FILE_PAGES);
	assert_int_equal(allocated(c), FILE_PAGES);
	assert_int_equal(ioctl(c->device, KPT_IS_BLOCKED), 1);
	assert_false(puncher_is_done(&puncher));
	control(c, 0, -1, false);
	puncher_join(&puncher);
	assert_int_equal(allocated(c), FILE_PAGES - 8);
}

TEST_MAIN("kernel interface: side by side",
	  .setup = consumer_group_setup, .teardown = consumer_group_teardown)
