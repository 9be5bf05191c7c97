// SPDX-License-Identifier: GPL-2.0-only
/*
 * The invalidations that bindings get when pages go, and the calls that are
 * possible meanwhile.
 */
#include <unistd.h>

#include "consumer.h"

static void expect_pair(struct consumer *c, __u32 slot, __u64 start,
			__u64 end)
{
	expect_event(c, KPT_BEGIN, slot, start, end);
	expect_event(c, KPT_END, slot, start, end);
}

TEST(exact, &consumer_no_alloc)
{
	struct consumer *c = *state;

	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	allocate(c, 0, FILE_PAGES);
	expect_no_events(c);
	punch(c, 5, 9);
	expect_pair(c, 0, 5, 9);
	expect_no_events(c);
}

/*
 * A consumer may have looked the page up an instant before, so a hole is
 * invalidated as well.
 */
TEST(hole, &consumer_no_alloc)
{
	struct consumer *c = *state;

	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	punch(c, 5, 9);
	expect_pair(c, 0, 5, 9);
	expect_no_events(c);
}

TEST(clipped, &consumer_no_alloc)
{
	struct consumer *c = *state;

	bind(c, 0, KPT_OPS_PLAIN, 10, 20);
	allocate(c, 0, FILE_PAGES);
	punch(c, 0, FILE_PAGES);
	expect_pair(c, 0, 10, 20);
	punch(c, 15, 30);
	expect_pair(c, 0, 15, 20);
	punch(c, 5, 11);
	expect_pair(c, 0, 10, 11);
	punch(c, 19, 20);
	expect_pair(c, 0, 19, 20);
	expect_no_events(c);
}

TEST(only_overlapping, &consumer_no_alloc)
{
	struct consumer *c = *state;
	struct kpt_event events[4];

	bind(c, 0, KPT_OPS_PLAIN, 0, 10);
	bind(c, 1, KPT_OPS_PLAIN, 10, 20);
	bind(c, 2, KPT_OPS_PLAIN, 20, 30);
	punch(c, 10, 20);
	expect_pair(c, 1, 10, 20);
	punch(c, 30, 40);
	punch(c, 63, 64);
	expect_no_events(c);

	/* Two overlap: both begin before either ends. */
	punch(c, 15, 25);
	assert_int_equal(take_events(c, events, ARRAY_SIZE(events)), 4);
	for (unsigned int i = 0; i < 4; i++) {
		assert_int_equal(events[i].type, i < 2 ? KPT_BEGIN : KPT_END);
		assert_in_range(events[i].slot, 1, 2);
		assert_int_equal(events[i].start,
				 events[i].slot == 1 ? 15 : 20);
		assert_int_equal(events[i].end, events[i].slot == 1 ? 20 : 25);
	}
	assert_int_not_equal(events[0].slot, events[1].slot);
	assert_int_not_equal(events[2].slot, events[3].slot);

	unbind(c, 1);
	punch(c, 0, FILE_PAGES);
	assert_int_equal(count_events(c, KPT_BEGIN), 2);
}

/* Allocating, looking up or unbinding removes no page. */
TEST(silent, &consumer_no_alloc)
{
	struct consumer *c = *state;

	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	allocate(c, 0, 10);
	get_pfn(c, 0, 3);
	lseek(c->file, 0, SEEK_HOLE);
	expect_error(EINVAL, file_punch(c->file, 1, PAGE), "misaligned");
	expect_error(EINVAL, file_punch(c->file, 0, (FILE_PAGES + 1) * PAGE),
		     "past the end");
	unbind(c, 0);
	expect_no_events(c);
	punch(c, 0, 10);
	expect_no_events(c);
}

/* Begin, then remove, then end. */
TEST(order, &consumer_no_alloc)
{
	struct consumer *c = *state;
	struct kpt_event event;
	__u64 pfn;

	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	allocate(c, 0, FILE_PAGES);
	pfn = get_pfn(c, 0, 5);
	control(c, 0, -1, true);
	punch(c, 5, 9);
	event = expect_event(c, KPT_BEGIN, 0, 5, 9);
	assert_int_equal(event.result, 0);
	assert_int_equal(event.pfn, pfn);
	event = expect_event(c, KPT_END, 0, 5, 9);
	assert_int_equal(event.result, -ENOENT);
}

/* Many pages at once are still one invalidation. */
TEST(one_pair_for_many_pages, &consumer_plain)
{
	struct consumer *c = *state;
	const __u64 pages = 10000;
	struct kpt_bind bind = {
		.fd = file_create(pages * PAGE, 0), .end = pages,
	};

	expect_ok(file_allocate(bind.fd, 0, pages * PAGE), "allocating");
	expect_ok(try_bind(c, &bind), "binding");
	expect_ok(file_punch(bind.fd, 0, pages * PAGE), "punching");
	expect_pair(c, 0, 0, pages);
	expect_no_events(c);
	assert_int_equal(file_allocated(bind.fd), 0);
	close(bind.fd);
}

/*
 * While a punch waits for a consumer, lookups don't wait: neither of a present
 * page, also inside the hole to be, nor of a missing one.
 */
static void lookup_meanwhile(struct consumer *c, __u64 present,
			     __u64 missing)
{
	struct puncher puncher;
	__u64 pfn;

	bind(c, 0, KPT_OPS_PLAIN, 0, 32);
	bind(c, 1, KPT_OPS_PLAIN, 32, FILE_PAGES);
	allocate(c, present, present + 1);
	pfn = get_pfn(c, present / 32, present);
	control(c, 0, 0, false);
	puncher_start(&puncher, c, 0, FILE_PAGES);
	expect_ok(ioctl(c->device, KPT_WAIT_BLOCKED), "waiting for the block");

	assert_int_equal(get_pfn(c, present / 32, present), pfn);
	get_pfn(c, missing / 32, missing);
	assert_int_equal(ioctl(c->device, KPT_IS_BLOCKED), 1);
	assert_false(puncher_is_done(&puncher));

	control(c, 0, -1, false);
	puncher_join(&puncher);
	assert_int_equal(allocated(c), 0);
}

TEST(lookup_while_blocked, &consumer_plain)
{
	lookup_meanwhile(*state, 5, 6);
}

TEST(lookup_of_other_while_blocked, &consumer_plain)
{
	lookup_meanwhile(*state, 40, 41);
}

TEST(no_alloc_lookup_while_blocked, &consumer_no_alloc)
{
	struct consumer *c = *state;
	struct puncher puncher;

	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	control(c, 0, 0, false);
	puncher_start(&puncher, c, 0, FILE_PAGES);
	expect_ok(ioctl(c->device, KPT_WAIT_BLOCKED), "waiting for the block");
	expect_error(ENOENT, try_get_pfn(c, 0, 5), "a hole");
	assert_int_equal(ioctl(c->device, KPT_IS_BLOCKED), 1);
	control(c, 0, -1, false);
	puncher_join(&puncher);
}

/* The prepare operation runs in the lookup, and doesn't wait either. */
TEST(prepare_while_blocked, &consumer_plain)
{
	struct consumer *c = *state;
	struct puncher puncher;

	bind_guest(c, 0, 1, 0, FILE_PAGES);
	get_pfn(c, 0, 5);
	control(c, 0, 0, false);
	puncher_start(&puncher, c, 0, FILE_PAGES);
	expect_ok(ioctl(c->device, KPT_WAIT_BLOCKED), "waiting for the block");
	get_pfn(c, 0, 5);
	get_pfn(c, 0, 6);
	assert_int_equal(ioctl(c->device, KPT_IS_BLOCKED), 1);
	control(c, 0, -1, false);
	puncher_join(&puncher);
	assert_int_equal(count_events(c, KPT_RECLAIMED), 2);
	assert_int_equal(allocated(c), 0);
}

struct unbinder {
	struct consumer *consumer;
	int result;
};

static void *unbind_thread(void *arg)
{
	struct unbinder *unbinder = arg;

	unbinder->result = ioctl(unbinder->consumer->device, KPT_UNBIND, 0);
	return NULL;
}

/* Unbinding waits for the end of an invalidation that has begun. */
TEST(unbind_waits, &consumer_plain)
{
	struct consumer *c = *state;
	struct unbinder unbinder = { .consumer = c };
	struct puncher puncher;
	pthread_t thread;

	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	control(c, 0, 0, false);
	puncher_start(&puncher, c, 5, 9);
	expect_ok(ioctl(c->device, KPT_WAIT_BLOCKED), "waiting for the block");
	assert_int_equal(pthread_create(&thread, NULL, unbind_thread, &unbinder),
			 0);
	assert_int_equal(ioctl(c->device, KPT_IS_BLOCKED), 1);
	control(c, 0, -1, false);
	puncher_join(&puncher);
	pthread_join(thread, NULL);
	assert_int_equal(unbinder.result, 0);
	expect_pair(c, 0, 5, 9);
	expect_no_events(c);
}

/* Two punches that overlap invalidate one after the other. */
TEST(two_punchers, &consumer_plain)
{
	struct consumer *c = *state;
	struct puncher first, second;

	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	control(c, 0, 0, false);
	puncher_start(&first, c, 5, 9);
	expect_ok(ioctl(c->device, KPT_WAIT_BLOCKED), "waiting for the block");
	puncher_start(&second, c, 7, 12);
	puncher_wait_stuck(&second);
	expect_event(c, KPT_BEGIN, 0, 5, 9);
	expect_no_events(c);
	control(c, 0, -1, false);
	puncher_join(&first);
	puncher_join(&second);
	expect_event(c, KPT_END, 0, 5, 9);
	expect_pair(c, 0, 7, 12);
	expect_no_events(c);
}

TEST_MAIN("kernel interface: invalidation",
	  .setup = consumer_group_setup, .teardown = consumer_group_teardown)
