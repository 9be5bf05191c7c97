// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages with a hardware memory error: no consumer gets one, by itself or as a
 * part of a larger block, and the page allocator doesn't get it back.
 */
#include <unistd.h>

#include "consumer.h"
#include "meminfo.h"
#include "poison.h"

#define BLOCK HUGE_PAGES
#define BAD 77

static void test_lookup(void **state)
{
	struct consumer *c = *state;
	__u64 frame, word;

	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	allocate(c, 0, FILE_PAGES);
	frame = get_pfn(c, 0, 5);
	poison_frame(frame);
	for (__u64 i = 0; i < FILE_PAGES; i++)
		if (i != 5)
			get_pfn(c, 0, i);
	expect_error(EHWPOISON, try_get_pfn(c, 0, 5), "look up");
	expect_error(EHWPOISON, read_word(c, 0, 5, &word), "lock");
	/* A hole there is filled with another page. */
	punch(c, 5, 6);
	assert_int_not_equal(get_pfn(c, 0, 5), frame);
	assert_false(frame_is_free(frame));
}

/* What may be mapped around a page keeps clear of the one with an error. */
static void test_orders(void **state)
{
	struct consumer *c = *state;
	unsigned int order, wanted;
	__u64 first, start;

	bind(c, 0, KPT_OPS_PLAIN, 0, HUGE_FILE_PAGES);
	allocate(c, 0, HUGE_FILE_PAGES);
	first = lookup(c, 0, false, &order);
	assert_int_equal(order, HUGE_ORDER);
	poison_frame(first + BAD);
	for (__u64 i = 0; i < BLOCK; i++) {
		if (i == BAD)
			continue;
		assert_int_equal(lookup(c, i, false, &order), first + i);
		for (wanted = HUGE_ORDER; wanted; wanted--) {
			start = i & -(1ULL << wanted);
			if (BAD < start || BAD >= start + (1ULL << wanted))
				break;
		}
		assert_int_equal(order, wanted);
	}
	expect_error(EHWPOISON, try_get_pfn(c, 0, BAD), "look up");
	lookup(c, BLOCK, false, &order);
	assert_int_equal(order, HUGE_ORDER);
	expect_backing(c->file, HUGE_BLOCKS, 10, "still huge");
}

/* For a platform it is taken to pieces, and that piece is never prepared. */
static void test_prepare(void **state)
{
	struct consumer *c = *state;
	struct kpt_event event;
	unsigned int order;
	__u64 first;

	bind(c, 0, KPT_OPS_PLAIN, 0, BLOCK);
	allocate(c, 0, BLOCK);
	first = lookup(c, 0, false, &order);
	unbind(c, 0);
	poison_frame(first + BAD);
	bind_guest(c, 0, 1, 0, BLOCK);
	expect_error(EHWPOISON, try_get_pfn(c, 0, BAD), "look up");
	expect_no_events(c);
	assert_int_equal(lookup(c, BAD + 1, false, &order), first + BAD + 1);
	assert_int_equal(order, 0);
	event = expect_event(c, KPT_PREPARED, 0, BAD + 1, 0);
	assert_int_equal(event.size, 0);
	expect_no_events(c);
}

/* Fails the test if any huge page that can be had has that frame in it. */
static void expect_lost(struct consumer *c, __u64 frame)
{
	const __u64 blocks = meminfo_line("MemFree") / HUGE_PAGE * 9 / 10;
	int fd = huge_create(blocks * HUGE_PAGE, 0);
	const struct kpt_bind all = { .fd = fd, .end = blocks * BLOCK };
	unsigned int order;

	expect_ok(file_allocate(fd, 0, blocks * HUGE_PAGE), "allocate");
	expect_ok(try_bind(c, &all), "bind");
	for (__u64 i = 0; i < blocks; i++) {
		const __u64 first = lookup(c, i * BLOCK, false, &order);

		if (frame >= first && frame < first + (1ULL << order))
			fail_msg("block %llu has the frame", i);
	}
	unbind(c, 0);
	close(fd);
}

/* A huge page that goes back in one piece would take the bad one along. */
static void test_going_back(void **state)
{
	struct consumer *c = *state;
	unsigned int order;
	__u64 frame;

	bind(c, 0, KPT_OPS_PLAIN, 0, HUGE_FILE_PAGES);
	allocate(c, 0, HUGE_BLOCKS * BLOCK);
	frame = lookup(c, BLOCK, false, &order) + BAD;
	assert_int_equal(order, HUGE_ORDER);
	unbind(c, 0);
	poison_frame(frame);
	punch(c, 0, HUGE_FILE_PAGES);
	assert_false(frame_is_free(frame));
	expect_lost(c, frame);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		consumer_test(test_lookup),
		consumer_test_huge(test_orders),
		consumer_test_huge(test_prepare),
		consumer_test_huge(test_going_back),
	};

	return cmocka_run_group_tests_name("kernel interface: memory errors",
					   tests, consumer_group_setup,
					   consumer_group_teardown);
}
