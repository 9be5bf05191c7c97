// SPDX-License-Identifier: GPL-2.0-only
/*
 * One task is between two steps, and another one changes the very thing that the second
 * step relies on. The module's test build keeps the first task there.
 */
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "call.h"
#include "consumer.h"
#include "convert.h"
#include "poison.h"
#include "poll_until.h"
#include "stay.h"

#define PAGE_INDEX 5
#define PINNED 100

static long pfn_of(struct consumer *c, __u64 index)
{
	struct kpt_page page = { .index = index };

	return ioctl(c->device, KPT_GET_PFN, &page) ? -1 : (long)page.pfn;
}

static long shared_pfn_of(struct consumer *c, __u64 index)
{
	struct kpt_page page = { .index = index, .shared = 1 };

	return ioctl(c->device, KPT_GET_PFN, &page) ? -1 : (long)page.pfn;
}

static long lock(struct consumer *c, __u64 index)
{
	struct kpt_page page = { .index = index };
	long ret = ioctl(c->device, KPT_LOCK_PAGE, &page);

	return ret ?: ioctl(c->device, KPT_UNLOCK_PAGE);
}

static long collapse(struct consumer *c, __u64 offset)
{
	struct kvm_private_collapse collapse = {
		.offset = offset, .size = HUGE_PAGE,
	};

	return file_collapse(c->file, &collapse);
}

static long punch_page(struct consumer *c, __u64 index)
{
	return file_punch(c->file, index * PAGE, PAGE);
}

static long make_private(struct consumer *c, __u64 index)
{
	return file_make_private(c->file, index * PAGE, PAGE, 0);
}

static long make_shared(struct consumer *c, __u64 index)
{
	return file_make_shared(c->file, index * PAGE, PAGE, 0);
}

/*
 * A block whose pages don't lie side by side: one was pinned while another took its
 * place.
 */
static void start_apart(struct consumer *c)
{
	struct kpt_page pinned = { .index = PINNED, .pin = 1 };

	bind(c, 0, KPT_OPS_PLAIN, 0, HUGE_FILE_PAGES);
	allocate(c, 0, HUGE_PAGES);
	expect_ok(ioctl(c->device, KPT_GET_PFN, &pinned), "pinning");
	punch(c, PINNED, PINNED + 1);
	allocate(c, PINNED, PINNED + 1);
	expect_ok(ioctl(c->device, KPT_PUT_PFN, &pinned), "putting");
	expect_backing(c->file, 0, HUGE_PAGES, "apart");
}

static bool stopped;

/* After a failed test tasks may stay somewhere, with the device open. */
static int let_go(void **state)
{
	__atomic_store_n(&stopped, true, __ATOMIC_RELEASE);
	stay_end_all();
	usleep(100000);
	return consumer_teardown(state);
}

static const struct fixture in_window = {
	.setup = consumer_setup_huge, .teardown = let_go, .wanted = stay_is_there,
};

/* The pages have been copied: lookups wait until they find the copy. */
TEST(before_the_swap, &in_window)
{
	struct call collapsing, looking;
	struct consumer *c = *state;

	start_apart(c);
	stay_want("WINDOW_STORE");
	call_start(&collapsing, c, collapse, 0);
	stay_wait("WINDOW_STORE");
	call_start(&looking, c, pfn_of, PAGE_INDEX);
	expect_waiting(&looking, "a lookup");
	stay_end("WINDOW_STORE");
	expect_result(&collapsing, 0, "collapsing");
	expect_result(&looking, pfn_of(c, PAGE_INDEX), "the lookup");
	expect_backing(c->file, 1, 0, "collapsed");
}

/* A lookup has found the old page, and sees neither the claim nor the swap any more. */
TEST(across_the_swap, &in_window)
{
	struct call collapsing, looking;
	struct consumer *c = *state;
	long before;

	start_apart(c);
	before = pfn_of(c, PAGE_INDEX);
	stay_want("WINDOW_STORE");
	call_start(&collapsing, c, collapse, 0);
	stay_wait("WINDOW_STORE");
	stay_want("WINDOW_LOOKUP");
	call_start(&looking, c, pfn_of, PAGE_INDEX);
	stay_wait("WINDOW_LOOKUP");
	stay_end("WINDOW_STORE");
	expect_result(&collapsing, 0, "collapsing");
	stay_end("WINDOW_LOOKUP");
	assert_int_not_equal(pfn_of(c, PAGE_INDEX), before);
	expect_result(&looking, pfn_of(c, PAGE_INDEX), "the lookup");
}

/*
 * While a conversion stays there, no lookup finds a page with the attribute that it loses.
 */
static void while_converted(struct consumer *c,
			    long (*convert)(struct consumer *c, __u64 arg),
			    long (*look)(struct consumer *c, __u64 arg), int error,
			    const char *what)
{
	struct call converting, looking;

	stay_want("WINDOW_ATTRIBUTE");
	call_start(&converting, c, convert, PAGE_INDEX);
	stay_wait("WINDOW_ATTRIBUTE");
	call_start(&looking, c, look, PAGE_INDEX);
	expect_waiting(&looking, what);
	stay_end("WINDOW_ATTRIBUTE");
	expect_result(&converting, 0, "the conversion");
	if (error)
		expect_failure(&looking, error, what);
	else
		expect_result(&looking, 0, what);
}

TEST(becoming_private, &in_window)
{
	struct consumer *c = *state;

	bind(c, 0, KPT_OPS_PLAIN, 0, HUGE_FILE_PAGES);
	allocate(c, 0, HUGE_PAGES);
	assert_int_equal(make_shared(c, PAGE_INDEX), 0);
	while_converted(c, make_private, shared_pfn_of, EACCES,
			"a lookup of what becomes private");
	assert_int_equal(make_shared(c, PAGE_INDEX), 0);
	while_converted(c, make_private, lock, 0, "a lock of what becomes private");
}

TEST(becoming_shared, &in_window)
{
	struct consumer *c = *state;

	bind(c, 0, KPT_OPS_PLAIN, 0, HUGE_FILE_PAGES);
	allocate(c, 0, HUGE_PAGES);
	while_converted(c, make_shared, pfn_of, EACCES,
			"a lookup of what becomes shared");
	assert_int_equal(make_private(c, PAGE_INDEX), 0);
	while_converted(c, make_shared, lock, 0, "a lock of what becomes shared");
}

/* How long the module waits for a lock before it reports the page as pinned */
#define LONGEST_LOCK 1.0

/* Locks pages of another unit, again and again. */
static long lock_others(struct consumer *c, __u64 index)
{
	while (!__atomic_load_n(&stopped, __ATOMIC_ACQUIRE))
		if (lock(c, index))
			return -1;
	return 0;
}

/*
 * While one task stays at a place, another one makes a change that has to wait for it.
 * Returns false if the change has waited too long, on a machine that was busy.
 */
static bool change_waits(struct consumer *c, const char *place,
			 long (*change)(struct consumer *c, __u64 arg),
			 const char *what)
{
	struct call changing;

	call_start(&changing, c, change, 0);
	expect_waiting(&changing, what);
	stay_end(place);
	pthread_join(changing.thread, NULL);
	if (changing.result && changing.error == EAGAIN &&
	    changing.seconds > LONGEST_LOCK * 0.9)
		return false;
	if (changing.result)
		fail_msg("%s: %s after %g s", what, strerror(changing.error),
			 changing.seconds);
	return true;
}

/*
 * A task that splits a huge page has its first page locked for a moment. No ioctl
 * returns EAGAIN for that, whichever other pages are locked meanwhile.
 */
TEST(while_split, &in_window)
{
	struct call punching, locking;
	struct consumer *c = *state;
	bool waited;

	bind(c, 0, KPT_OPS_PLAIN, HUGE_PAGES, HUGE_FILE_PAGES);
	stopped = false;
	allocate(c, 0, HUGE_FILE_PAGES);
	call_start(&locking, c, lock_others, 2 * HUGE_PAGES);
	do {
		allocate(c, 0, HUGE_FILE_PAGES);
		assert_int_equal(file_make_shared(c->file, 0, HUGE_PAGE, 0), 0);
		expect_backing(c->file, HUGE_BLOCKS, 10, "huge pages");
		stay_want("WINDOW_SPLIT");
		call_start(&punching, c, punch_page, PINNED);
		stay_wait("WINDOW_SPLIT");
		waited = change_waits(c, "WINDOW_SPLIT", make_private,
				      "a conversion of the first page");
		expect_result(&punching, 0, "punching");
		punch(c, 0, HUGE_PAGES);
	} while (!waited);
	__atomic_store_n(&stopped, true, __ATOMIC_RELEASE);
	expect_result(&locking, 0, "locking others");
}

/* The same before the task has the lock, or when it has just dropped it */
static void around_the_split(struct consumer *c, const char *place)
{
	struct call punching;
	bool waited;

	do {
		allocate(c, 0, HUGE_PAGES);
		assert_int_equal(file_make_shared(c->file, 0, HUGE_PAGE, 0), 0);
		stay_want(place);
		call_start(&punching, c, punch_page, PINNED);
		stay_wait(place);
		waited = change_waits(c, place, make_private,
				      "a conversion of the first page");
		expect_result(&punching, 0, "punching");
		punch(c, 0, HUGE_PAGES);
	} while (!waited);
}

TEST(around_the_split, &in_window)
{
	around_the_split(*state, "WINDOW_LOCK");
	around_the_split(*state, "WINDOW_UNLOCK");
}

/* A task that emulates for the guest locks a page of a block that is collapsed. */
TEST(while_locked, &in_window)
{
	struct consumer *c = *state;
	struct call locking;
	bool waited;

	start_apart(c);
	assert_int_equal(file_make_shared(c->file, 0, HUGE_PAGE, 0), 0);
	do {
		stay_want("WINDOW_LOCK");
		call_start(&locking, c, lock, PAGE_INDEX);
		stay_wait("WINDOW_LOCK");
		waited = change_waits(c, "WINDOW_LOCK", collapse, "collapsing");
		expect_result(&locking, 0, "locking");
	} while (!waited);
	expect_backing(c->file, 1, 0, "collapsed");
}

/* EAGAIN tells of a lock that lasts, also for another page of the unit. */
TEST(lock_that_lasts, &consumer_huge)
{
	struct consumer *c = *state;
	struct kpt_page page = { .index = PINNED };

	bind(c, 0, KPT_OPS_PLAIN, 0, HUGE_FILE_PAGES);
	allocate(c, 0, HUGE_PAGES);
	assert_int_equal(file_make_shared(c->file, 0, HUGE_PAGE, 0), 0);
	expect_ok(ioctl(c->device, KPT_LOCK_PAGE, &page), "locking");
	expect_pinned(c->file, PINNED * PAGE, PAGE, PINNED * PAGE);
	expect_pinned(c->file, 0, PAGE, 0);
	expect_ok(ioctl(c->device, KPT_UNLOCK_PAGE), "unlocking");
	assert_int_equal(make_private(c, 0), 0);
	assert_int_equal(make_private(c, PINNED), 0);
}

/*
 * Has a page fail that a collapse has allocated for a block, but not stored yet. The test
 * guesses that the allocator gives out the page that the same processor freed last. Returns
 * whether it did, with the page's pfn in *@pfn.
 */
static bool fail_before_the_swap(struct consumer *c, __u64 *pfn)
{
	struct kpt_page page = { .index = 2 * HUGE_PAGES };
	struct call collapsing;

	allocate(c, 2 * HUGE_PAGES, 3 * HUGE_PAGES);
	expect_ok(ioctl(c->device, KPT_GET_PFN, &page), "looking up");
	punch(c, 2 * HUGE_PAGES, 3 * HUGE_PAGES);
	stay_want("WINDOW_STORE");
	call_start(&collapsing, c, collapse, 0);
	stay_wait("WINDOW_STORE");
	poison_pfn(page.pfn + PINNED);
	/* The report has been handled, as far as it can be. */
	usleep(200000);
	count_events(c, KPT_BEGIN);
	stay_end("WINDOW_STORE");
	expect_result(&collapsing, 0, "collapsing");
	*pfn = page.pfn;
	return pfn_of(c, 0) == (long)page.pfn;
}

/* A page gets an error while it is allocated for the file, but not in the store yet. */
TEST(poisoned_before_the_swap, &in_window)
{
	struct kpt_page page = { .index = 0 };
	struct consumer *c = *state;
	struct poll poll;
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	expect_ok(sched_setaffinity(0, sizeof(one), &one), "sched_setaffinity");
	for (poll = poll_start();;) {
		start_apart(c);
		if (fail_before_the_swap(c, &page.pfn))
			break;
		if (!poll_again(&poll))
			fail_msg("the allocator never had the page that was freed last");
		unbind(c, 0);
		punch(c, 0, HUGE_FILE_PAGES);
	}

	for (poll = poll_start(); !count_events(c, KPT_BEGIN);)
		assert_true(poll_again(&poll));
	expect_ok(ioctl(c->device, KPT_GET_PFN, &page), "looking up");
	assert_int_equal(page.max_order, 6);
	assert_int_equal(pfn_of(c, PINNED), -1);
	assert_int_equal(errno, EHWPOISON);
}

TEST_MAIN("kernel interface: windows",
	  .setup = consumer_group_setup, .teardown = consumer_group_teardown)
