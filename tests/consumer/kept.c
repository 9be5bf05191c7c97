// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bindings of a guest that loses what is in a private page when its mapping is removed: no
 * page is unmapped that needn't be.
 */
#include <sys/ioctl.h>
#include <unistd.h>

#include "consumer.h"
#include "convert.h"
#include "poison.h"
#include "poll_until.h"

#define BLOCK	HUGE_PAGES

static void bind_kept(struct consumer *c, __u64 end)
{
	const struct kpt_bind bind = {
		.ops = KPT_OPS_KEEPS, .fd = c->file, .end = end, .guest_id = 1,
		.flags = KPT_BIND_FIRMWARE | KPT_BIND_VOLATILE,
	};

	expect_ok(try_bind(c, &bind), "bind");
}

static void convert(struct consumer *c, bool private, __u64 start, __u64 end)
{
	int ret = private ? file_make_private(c->file, start * PAGE, (end - start) * PAGE, 0) :
			    file_make_shared(c->file, start * PAGE, (end - start) * PAGE, 0);

	expect_ok(ret, "convert");
}

/* A range becomes private that is so in part: the consumer is told by the event @begin. */
static void convert_to_private(struct consumer *c, enum kpt_event_type begin)
{
	convert(c, false, 3, 5);
	expect_event(c, KPT_BEGIN, 0, 3, 5);
	expect_event(c, KPT_END, 0, 3, 5);
	convert(c, true, 1, 9);
	expect_event(c, begin, 0, 1, 9);
	expect_event(c, KPT_END, 0, 1, 9);
	expect_no_events(c);
}

/* A conversion says that private pages of its range stay the guest's. */
TEST(to_private, &consumer_plain)
{
	struct consumer *c = *state;

	bind_kept(c, FILE_PAGES);
	convert_to_private(c, KPT_SHARED_BEGIN);
}

/* Other consumers aren't told. */
TEST(to_private_of_others, &consumer_plain)
{
	struct consumer *c = *state;

	bind_guest(c, 0, 1, 0, FILE_PAGES);
	convert_to_private(c, KPT_BEGIN);
}

TEST(punched, &consumer_plain)
{
	struct consumer *c = *state;

	bind_kept(c, FILE_PAGES);
	punch(c, 2, 4);
	expect_event(c, KPT_BEGIN, 0, 2, 4);
	expect_event(c, KPT_END, 0, 2, 4);
	expect_no_events(c);
}

static int collapse(struct consumer *c)
{
	struct kvm_private_collapse collapse = { .size = HUGE_PAGE };

	return file_collapse(c->file, &collapse);
}

/* All of the block comes apart, and comes back. */
static void take_apart(struct consumer *c)
{
	unsigned int order;

	allocate(c, 0, BLOCK);
	lookup(c, 0, false, &order);
	convert(c, false, 0, 1);
	expect_backing(c->file, 0, BLOCK, "apart");
}

TEST(collapse_private, &consumer_huge)
{
	struct consumer *c = *state;

	bind_kept(c, HUGE_FILE_PAGES);
	take_apart(c);
	count_events(c, KPT_BEGIN);
	expect_error(EBUSY, collapse(c), "collapse a block with private pages");
	expect_no_events(c);
	expect_backing(c->file, 0, BLOCK, "still apart");
}

/* The same where the pages don't lie side by side */
TEST(collapse_moved, &consumer_huge)
{
	struct consumer *c = *state;

	bind_kept(c, HUGE_FILE_PAGES);
	take_apart(c);
	punch(c, 7, 8);
	count_events(c, KPT_BEGIN);
	expect_error(EBUSY, collapse(c), "collapse a block with private pages");
	expect_no_events(c);
}

/* Shared pages keep what is in them. */
TEST(collapse_shared, &consumer_huge)
{
	struct consumer *c = *state;

	bind_kept(c, HUGE_FILE_PAGES);
	take_apart(c);
	convert(c, false, 0, BLOCK);
	count_events(c, KPT_BEGIN);
	expect_ok(collapse(c), "collapse a block of shared pages");
	assert_int_equal(count_events(c, KPT_BEGIN), 1);
	expect_backing(c->file, 1, 0, "one page");
}

/*
 * More errors are reported than the module keeps, while a consumer takes its time. Only
 * pages with an error are unmapped.
 */
TEST(errors, &consumer_plain)
{
	enum { STEP = 2, MANY = 400 };
	struct consumer *c = *state;
	const struct kpt_bind slow = {
		.fd = file_create(MANY * PAGE, 0), .slot = 1, .end = MANY,
	};
	unsigned int left = MANY / STEP;
	bool notified[MANY] = { false };
	struct poll poll = poll_start();
	struct kpt_event event;
	__u64 pfns[MANY];

	expect_ok(file_allocate(slow.fd, 0, MANY * PAGE), "allocate");
	expect_ok(try_bind(c, &slow), "bind");
	for (unsigned int i = 0; i < MANY; i++)
		pfns[i] = get_pfn(c, 1, i);
	control(c, 0, 1, false);
	poison_pfn(pfns[0]);
	expect_ok(ioctl(c->device, KPT_WAIT_BLOCKED), "waiting for the block");
	for (unsigned int i = STEP; i < MANY; i += STEP)
		poison_pfn(pfns[i]);
	control(c, 0, -1, false);
	while (left) {
		if (!take_events(c, &event, 1)) {
			assert_true(poll_again(&poll));
			continue;
		}
		if (event.type != KPT_BEGIN)
			continue;
		assert_int_equal(event.end, event.start + 1);
		assert_int_equal(event.start % STEP, 0);
		left -= !notified[event.start];
		notified[event.start] = true;
	}
	unbind(c, 1);
	close(slow.fd);
}

TEST_MAIN("kernel interface: guests whose pages must stay mapped",
	  .setup = consumer_group_setup, .teardown = consumer_group_teardown)
