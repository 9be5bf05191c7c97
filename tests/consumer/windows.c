// SPDX-License-Identifier: GPL-2.0-only
/*
 * One task is between two steps, and another one changes just what the second step
 * relies on. The module's test build keeps the first task there.
 */
#include <sys/ioctl.h>
#include <unistd.h>

#include "call.h"
#include "consumer.h"
#include "convert.h"
#include "stay.h"

#define PAGE_INDEX 5
#define HELD 100

static long frame_of(struct consumer *c, __u64 index)
{
	struct kpt_page page = { .index = index };

	return ioctl(c->device, KPT_GET_PFN, &page) ? -1 : (long)page.pfn;
}

static long shared_frame_of(struct consumer *c, __u64 index)
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

/* A block whose pages don't lie side by side: one was held when another took its place. */
static void start_apart(struct consumer *c)
{
	struct kpt_page held = { .index = HELD, .hold = 1 };

	stay_or_skip();
	bind(c, 0, KPT_OPS_PLAIN, 0, HUGE_FILE_PAGES);
	allocate(c, 0, HUGE_PAGES);
	expect_ok(ioctl(c->device, KPT_GET_PFN, &held), "holding");
	punch(c, HELD, HELD + 1);
	allocate(c, HELD, HELD + 1);
	expect_ok(ioctl(c->device, KPT_PUT_PFN, &held), "putting");
	expect_backing(c->file, 0, HUGE_PAGES, "apart");
}

/* The pages have been copied: lookups wait until the copy is what they find. */
static void test_before_the_swap(void **state)
{
	struct call collapsing, looking;
	struct consumer *c = *state;

	start_apart(c);
	stay_want("WINDOW_STORE");
	call_start(&collapsing, c, collapse, 0);
	stay_wait("WINDOW_STORE");
	call_start(&looking, c, frame_of, PAGE_INDEX);
	expect_waiting(&looking, "a lookup");
	stay_end("WINDOW_STORE");
	expect_result(&collapsing, 0, "collapsing");
	expect_result(&looking, frame_of(c, PAGE_INDEX), "the lookup");
	expect_backing(c->file, 1, 0, "collapsed");
}

/* A lookup has found the old page, and sees neither the claim nor the swap any more. */
static void test_across_the_swap(void **state)
{
	struct call collapsing, looking;
	struct consumer *c = *state;
	long before;

	start_apart(c);
	before = frame_of(c, PAGE_INDEX);
	stay_want("WINDOW_STORE");
	call_start(&collapsing, c, collapse, 0);
	stay_wait("WINDOW_STORE");
	stay_want("WINDOW_LOOKUP");
	call_start(&looking, c, frame_of, PAGE_INDEX);
	stay_wait("WINDOW_LOOKUP");
	stay_end("WINDOW_STORE");
	expect_result(&collapsing, 0, "collapsing");
	stay_end("WINDOW_LOOKUP");
	assert_int_not_equal(frame_of(c, PAGE_INDEX), before);
	expect_result(&looking, frame_of(c, PAGE_INDEX), "the lookup");
}

/* Where a conversion stays, no page is found in the state that it loses. */
static void while_converted(struct consumer *c,
			    long (*convert)(struct consumer *c, __u64 arg),
			    long (*look)(struct consumer *c, __u64 arg), int error,
			    const char *what)
{
	struct call converting, looking;

	stay_want("WINDOW_STATE");
	call_start(&converting, c, convert, PAGE_INDEX);
	stay_wait("WINDOW_STATE");
	call_start(&looking, c, look, PAGE_INDEX);
	expect_waiting(&looking, what);
	stay_end("WINDOW_STATE");
	expect_result(&converting, 0, "the conversion");
	if (error)
		expect_failure(&looking, error, what);
	else
		expect_result(&looking, 0, what);
}

static void test_becoming_private(void **state)
{
	struct consumer *c = *state;

	stay_or_skip();
	bind(c, 0, KPT_OPS_PLAIN, 0, HUGE_FILE_PAGES);
	allocate(c, 0, HUGE_PAGES);
	assert_int_equal(make_shared(c, PAGE_INDEX), 0);
	while_converted(c, make_private, shared_frame_of, EACCES,
			"a lookup of what becomes private");
	assert_int_equal(make_shared(c, PAGE_INDEX), 0);
	while_converted(c, make_private, lock, 0, "a lock of what becomes private");
}

static void test_becoming_shared(void **state)
{
	struct consumer *c = *state;

	stay_or_skip();
	bind(c, 0, KPT_OPS_PLAIN, 0, HUGE_FILE_PAGES);
	allocate(c, 0, HUGE_PAGES);
	while_converted(c, make_shared, frame_of, EACCES,
			"a lookup of what becomes shared");
	assert_int_equal(make_private(c, PAGE_INDEX), 0);
	while_converted(c, make_shared, lock, 0, "a lock of what becomes shared");
}

/*
 * A task that takes a huge page to pieces has its first page for a moment: no caller of
 * an ioctl is told that somebody holds it.
 */
static void while_locked(struct consumer *c, const char *place)
{
	struct call punching, converting;

	allocate(c, 0, HUGE_PAGES);
	assert_int_equal(file_make_shared(c->file, 0, HUGE_PAGE, 0), 0);
	expect_backing(c->file, 1, 0, "a huge page");
	stay_want(place);
	call_start(&punching, c, punch_page, HELD);
	stay_wait(place);
	call_start(&converting, c, make_private, 0);
	expect_waiting(&converting, "a conversion of the first page");
	stay_end(place);
	expect_result(&converting, 0, "the conversion");
	expect_result(&punching, 0, "punching");
	punch(c, 0, HUGE_PAGES);
}

static void test_while_split(void **state)
{
	struct consumer *c = *state;

	stay_or_skip();
	while_locked(c, "WINDOW_LOCK");
	while_locked(c, "WINDOW_UNLOCK");
}

/* What lasts is told, even if a task that locks for a moment waits for it. */
static void test_lock_that_lasts(void **state)
{
	struct consumer *c = *state;
	struct kpt_page page = { .index = 0 };
	struct call punching;

	bind(c, 0, KPT_OPS_PLAIN, 0, HUGE_FILE_PAGES);
	allocate(c, 0, HUGE_PAGES);
	assert_int_equal(file_make_shared(c->file, 0, HUGE_PAGE, 0), 0);
	expect_ok(ioctl(c->device, KPT_LOCK_PAGE, &page), "locking");
	expect_held(c->file, 0, PAGE, 0);
	call_start(&punching, c, punch_page, HELD);
	expect_waiting(&punching, "punching");
	expect_held(c->file, 0, PAGE, 0);
	expect_ok(ioctl(c->device, KPT_UNLOCK_PAGE), "unlocking");
	expect_result(&punching, 0, "punching");
	assert_int_equal(make_private(c, 0), 0);
}

/* After a test that failed tasks may stay somewhere, with the device open. */
static int let_go(void **state)
{
	stay_end_all();
	usleep(100000);
	return consumer_teardown(state);
}

#define window_test(name) \
	cmocka_unit_test_setup_teardown(name, consumer_setup_huge, let_go)

int main(void)
{
	const struct CMUnitTest tests[] = {
		window_test(test_before_the_swap),
		window_test(test_across_the_swap),
		window_test(test_becoming_private),
		window_test(test_becoming_shared),
		window_test(test_while_split),
		window_test(test_lock_that_lasts),
	};

	return cmocka_run_group_tests_name("kernel interface: windows", tests,
					   consumer_group_setup,
					   consumer_group_teardown);
}
