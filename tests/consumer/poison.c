// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages with a hardware memory error: no consumer gets one, by itself or as a part of
 * a larger block, and the page allocator doesn't get it back.
 */
#include <sys/ioctl.h>
#include <unistd.h>

#include "consumer.h"
#include "meminfo.h"
#include "poison.h"
#include "poll_until.h"
#include "stay.h"

#define BLOCK HUGE_PAGES
#define BAD 77

TEST(lookup, &consumer_plain)
{
	struct consumer *c = *state;
	__u64 pfn, word;

	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	allocate(c, 0, FILE_PAGES);
	pfn = get_pfn(c, 0, 5);
	poison_pfn(pfn);
	for (__u64 i = 0; i < FILE_PAGES; i++)
		if (i != 5)
			get_pfn(c, 0, i);
	expect_error(EHWPOISON, try_get_pfn(c, 0, 5), "look up");
	expect_error(EHWPOISON, read_word(c, 0, 5, &word), "lock");
	/* A hole there is filled with another page. */
	punch(c, 5, 6);
	assert_int_not_equal(get_pfn(c, 0, 5), pfn);
	assert_false(pfn_is_free(pfn));
}

static struct kpt_event wait_for_event(struct consumer *c)
{
	struct poll poll = poll_start();
	struct kpt_event event;

	while (!take_events(c, &event, 1))
		assert_true(poll_again(&poll));
	return event;
}

/* A consumer that may have it mapped drops that page; the page stays prepared. */
TEST(notified, &consumer_plain)
{
	struct consumer *c = *state;
	struct kpt_event event;
	__u64 pfn;

	bind(c, 0, KPT_OPS_PLAIN, 0, 5);
	bind_guest(c, 1, 1, 5, 8);
	bind(c, 2, KPT_OPS_PLAIN, 8, FILE_PAGES);
	allocate(c, 0, FILE_PAGES);
	pfn = get_pfn(c, 1, 6);
	expect_event(c, KPT_PREPARED, 1, 6, 0);
	poison_pfn(pfn);
	event = wait_for_event(c);
	assert_int_equal(event.type, KPT_BEGIN);
	assert_int_equal(event.slot, 1);
	assert_int_equal(event.start, 6);
	assert_int_equal(event.end, 7);
	event = wait_for_event(c);
	assert_int_equal(event.type, KPT_END);
	expect_no_events(c);
	expect_error(EHWPOISON, try_get_pfn(c, 1, 6), "look up");
	punch(c, 6, 7);
	assert_int_equal(count_events(c, KPT_RECLAIMED), 1);
}

static void take_apart(struct consumer *c, __u64 block)
{
	punch(c, block + BAD, block + BAD + 1);
	allocate(c, block + BAD, block + BAD + 1);
}

static int let_go(void **state)
{
	stay_end_all();
	return consumer_teardown(state);
}

static const struct fixture in_window = {
	.setup = consumer_setup_huge, .teardown = let_go, .wanted = stay_is_there,
};

/*
 * The module searches all of the file for the page. When the search goes on after a
 * pause, the base pages before the page have become a huge page.
 */
TEST(found_behind, &in_window)
{
	struct kvm_private_collapse collapse = { .size = HUGE_PAGE };
	struct consumer *c = *state;
	struct kpt_event event;

	bind(c, 0, KPT_OPS_PLAIN, 0, HUGE_FILE_PAGES);
	allocate(c, 0, 2 * BLOCK);
	take_apart(c, 0);
	take_apart(c, BLOCK);
	expect_backing(c->file, 0, 2 * BLOCK, "apart");
	count_events(c, KPT_BEGIN);

	stay_want("PAUSE_FIND_PFN");
	poison_pfn(get_pfn(c, 0, BLOCK));
	stay_wait("PAUSE_FIND_PFN");
	expect_ok(file_collapse(c->file, &collapse), "collapse");
	expect_backing(c->file, 1, BLOCK, "collapsed");
	count_events(c, KPT_BEGIN);
	stay_end("PAUSE_FIND_PFN");
	event = wait_for_event(c);
	assert_int_equal(event.type, KPT_BEGIN);
	assert_int_equal(event.start, BLOCK);
	assert_int_equal(event.end, BLOCK + 1);
}

/*
 * While a consumer takes its time, more errors are reported than the module keeps. In
 * the end it invalidates all of these pages.
 */
TEST(notified_of_many, &consumer_plain)
{
	enum { MANY = 200 };
	struct consumer *c = *state;
	const struct kpt_bind bind = {
		.fd = file_create(MANY * PAGE, 0), .slot = 1, .end = MANY,
	};
	bool notified[MANY] = { false };
	struct kpt_event event;
	__u64 pfns[MANY];

	expect_ok(file_allocate(bind.fd, 0, MANY * PAGE), "allocate");
	expect_ok(try_bind(c, &bind), "bind");
	for (unsigned int i = 0; i < MANY; i++)
		pfns[i] = get_pfn(c, 1, i);
	control(c, 0, 1, false);
	poison_pfn(pfns[0]);
	expect_ok(ioctl(c->device, KPT_WAIT_BLOCKED), "waiting for the block");
	for (unsigned int i = 1; i < MANY; i++)
		poison_pfn(pfns[i]);
	control(c, 0, -1, false);
	for (unsigned int left = MANY; left;) {
		event = wait_for_event(c);
		if (event.type != KPT_BEGIN)
			continue;
		for (__u64 i = event.start; i < event.end; i++) {
			left -= !notified[i];
			notified[i] = true;
		}
	}
	unbind(c, 1);
	close(bind.fd);
}

/* A mapping keeps clear of the page with an error. */
TEST(orders, &consumer_huge)
{
	struct consumer *c = *state;
	unsigned int order, wanted;
	__u64 first, start;

	bind(c, 0, KPT_OPS_PLAIN, 0, HUGE_FILE_PAGES);
	allocate(c, 0, HUGE_FILE_PAGES);
	first = lookup(c, 0, false, &order);
	assert_int_equal(order, HUGE_ORDER);
	poison_pfn(first + BAD);
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

/* For a platform the block is split around the page, which is never prepared. */
TEST(prepare, &consumer_huge)
{
	struct consumer *c = *state;
	struct kpt_event event;
	unsigned int order;
	__u64 first;

	bind(c, 0, KPT_OPS_PLAIN, 0, BLOCK);
	allocate(c, 0, BLOCK);
	first = lookup(c, 0, false, &order);
	poison_pfn(first + BAD);
	while (wait_for_event(c).type != KPT_END)
		continue;
	unbind(c, 0);
	bind_guest(c, 0, 1, 0, BLOCK);
	expect_error(EHWPOISON, try_get_pfn(c, 0, BAD), "look up");
	expect_no_events(c);
	assert_int_equal(lookup(c, BAD + 1, false, &order), first + BAD + 1);
	assert_int_equal(order, 0);
	event = expect_event(c, KPT_PREPARED, 0, BAD + 1, 0);
	assert_int_equal(event.size, 0);
	expect_no_events(c);
}

/* Fails the test if a huge page that can be allocated has that pfn in it. */
static void expect_lost(struct consumer *c, __u64 pfn)
{
	const __u64 blocks = meminfo_line("MemFree") / HUGE_PAGE * 9 / 10;
	int fd = huge_create(blocks * HUGE_PAGE, 0);
	const struct kpt_bind all = { .fd = fd, .end = blocks * BLOCK };
	unsigned int order;

	expect_ok(file_allocate(fd, 0, blocks * HUGE_PAGE), "allocate");
	expect_ok(try_bind(c, &all), "bind");
	for (__u64 i = 0; i < blocks; i++) {
		const __u64 first = lookup(c, i * BLOCK, false, &order);

		if (pfn >= first && pfn < first + (1ULL << order))
			fail_msg("block %llu has the pfn", i);
	}
	unbind(c, 0);
	close(fd);
}

/* A huge page that is freed in one piece would take the bad page along. */
TEST(going_back, &consumer_huge)
{
	struct consumer *c = *state;
	unsigned int order;
	__u64 pfn;

	bind(c, 0, KPT_OPS_PLAIN, 0, HUGE_FILE_PAGES);
	allocate(c, 0, HUGE_BLOCKS * BLOCK);
	pfn = lookup(c, BLOCK, false, &order) + BAD;
	assert_int_equal(order, HUGE_ORDER);
	unbind(c, 0);
	poison_pfn(pfn);
	punch(c, 0, HUGE_FILE_PAGES);
	assert_false(pfn_is_free(pfn));
	expect_lost(c, pfn);
}

TEST_MAIN("kernel interface: memory errors",
	  .setup = consumer_group_setup, .teardown = consumer_group_teardown)
