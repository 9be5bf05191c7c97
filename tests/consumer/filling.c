// SPDX-License-Identifier: GPL-2.0-only
/* kvm_private_populate(): pages that a consumer fills through a callback. */
#include <unistd.h>

#include "consumer.h"

#define WORD	0x4e00000000000000ULL
#define NO_PAGE	(~0ULL)

/*
 * Fills nr pages from index on; page fail fails with error, unless fail is
 * NO_PAGE.
 */
static long populate(struct consumer *c, __u64 index, __u64 nr,
		     __u64 word, __u64 fail, int error)
{
	struct kpt_populate args = {
		.index = index, .nr = nr, .word = word,
		.fail_index = fail, .error = fail == NO_PAGE ? 0 : -error,
	};

	expect_ok(ioctl(c->device, KPT_POPULATE, &args), "KPT_POPULATE");
	return args.result;
}

static void expect_filled(struct consumer *c, __u64 index, __u64 end)
{
	struct kpt_event event;

	for (; index < end; index++) {
		event = expect_event(c, KPT_FILLED, 0, index, 0);
		assert_int_equal(event.size, 0);
		assert_true(event.pfn);
	}
}

static void expect_words(struct consumer *c, __u64 index, __u64 end,
			 __u64 word)
{
	__u64 found;

	for (; index < end; index++) {
		expect_ok(read_word(c, 0, index, &found), "page %llu",
			  index);
		assert_int_equal(found, word + index);
	}
}

TEST(holes, &consumer_plain)
{
	struct consumer *c = *state;

	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	assert_int_equal(populate(c, 5, 4, WORD, NO_PAGE, 0), 4);
	assert_int_equal(allocated(c), 4);
	/* The guest may have had another page mapped there. */
	expect_event(c, KPT_BEGIN, 0, 5, 9);
	expect_event(c, KPT_END, 0, 5, 9);
	expect_filled(c, 5, 9);
	expect_no_events(c);
	expect_words(c, 5, 9, WORD);
}

/* Pages that are in the file already are filled like any others, in place. */
TEST(present, &consumer_plain)
{
	struct consumer *c = *state;
	__u64 pfns[8];

	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	allocate(c, 4, 8);
	get_pfn(c, 0, 8);
	for (unsigned int i = 4; i < 8; i++) {
		pfns[i] = get_pfn(c, 0, i);
		expect_ok(write_word(c, 0, i, ~0ULL), "writing");
	}
	assert_int_equal(populate(c, 2, 8, WORD, NO_PAGE, 0), 8);
	assert_int_equal(allocated(c), 8);
	for (unsigned int i = 4; i < 8; i++)
		assert_int_equal(get_pfn(c, 0, i), pfns[i]);
	expect_words(c, 2, 10, WORD);
	assert_int_equal(populate(c, 2, 8, WORD + 1, NO_PAGE, 0), 8);
	expect_words(c, 2, 10, WORD + 1);
}

TEST(ranges, &consumer_plain)
{
	struct consumer *c = *state;
	static const struct {
		__u64 index, nr;
	} bad[] = {
		{ 10, 0 }, { 9, 1 }, { 9, 5 }, { 20, 1 }, { 19, 2 }, { 10, 11 },
		{ 0, FILE_PAGES }, { -1ULL, 1 }, { -1ULL, 20 }, { 10, -1ULL },
		{ 15, -10ULL }, { 1ULL << 52, 1 }, { 11, -1ULL },
	};

	bind(c, 0, KPT_OPS_PLAIN, 10, 20);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(populate(c, bad[i].index, bad[i].nr, WORD,
					  NO_PAGE, 0), -EINVAL);
	assert_int_equal(allocated(c), 0);
	expect_no_events(c);
	assert_int_equal(populate(c, 10, 10, WORD, NO_PAGE, 0), 10);
}

/*
 * An error in the middle: the result tells how many pages are filled, and these
 * stay.
 */
TEST(error_in_the_middle, &consumer_plain)
{
	struct consumer *c = *state;
	struct kpt_event event;

	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	assert_int_equal(populate(c, 10, 10, WORD, 14, EIO), 4);
	expect_event(c, KPT_BEGIN, 0, 10, 20);
	expect_event(c, KPT_END, 0, 10, 20);
	expect_filled(c, 10, 14);
	event = expect_event(c, KPT_FILLED, 0, 14, 0);
	assert_int_equal(event.result, -EIO);
	expect_no_events(c);
	expect_words(c, 10, 14, WORD);
	assert_in_range(allocated(c), 4, 5);

	/* A call that begins with the failing page returns the error. */
	assert_int_equal(populate(c, 14, 6, WORD, 14, EIO), -EIO);
	assert_int_equal(populate(c, 14, 6, WORD, NO_PAGE, 0), 6);
	expect_words(c, 10, 20, WORD);
}

TEST(errors, &consumer_plain)
{
	struct consumer *c = *state;
	static const int errors[] = { EPERM, EINTR, EIO, ENOMEM, EFAULT, EBUSY };

	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++)
		assert_int_equal(populate(c, 5, 1, WORD, 5, errors[i]),
				 -errors[i]);
	get_pfn(c, 0, 5);
}

/* The callback does the work of prepare, so that the page needs no prepare. */
TEST(filled_is_prepared, &consumer_plain)
{
	struct consumer *c = *state;

	bind_guest(c, 0, 1, 0, FILE_PAGES);
	assert_int_equal(populate(c, 5, 4, WORD, NO_PAGE, 0), 4);
	assert_int_equal(count_events(c, KPT_PREPARED), 0);
	for (unsigned int i = 5; i < 9; i++)
		get_pfn(c, 0, i);
	expect_no_events(c);
	punch(c, 0, FILE_PAGES);
	assert_int_equal(count_events(c, KPT_RECLAIMED), 4);
}

/* A page that couldn't be filled isn't the guest's. */
TEST(unfilled_is_not_prepared, &consumer_plain)
{
	struct consumer *c = *state;

	bind_guest(c, 0, 1, 0, FILE_PAGES);
	assert_int_equal(populate(c, 5, 4, WORD, 7, EIO), 2);
	punch(c, 7, FILE_PAGES);
	assert_int_equal(count_events(c, KPT_RECLAIMED), 0);
	assert_int_equal(populate(c, 7, 1, WORD, 7, EIO), -EIO);
	count_events(c, KPT_FILLED);
	get_pfn(c, 0, 7);
	assert_int_equal(count_events(c, KPT_PREPARED), 1);
	punch(c, 0, 7);
	assert_int_equal(count_events(c, KPT_RECLAIMED), 2);
}

/* Pages that are the guest's already are reclaimed before they are filled. */
TEST(prepared_is_reclaimed_first, &consumer_plain)
{
	struct consumer *c = *state;
	struct kpt_event event;
	__u64 pfn;

	bind_guest(c, 0, 1, 0, FILE_PAGES);
	pfn = get_pfn(c, 0, 5);
	expect_event(c, KPT_PREPARED, 0, 5, 0);
	assert_int_equal(populate(c, 5, 1, WORD, NO_PAGE, 0), 1);
	expect_event(c, KPT_BEGIN, 0, 5, 6);
	expect_event(c, KPT_END, 0, 5, 6);
	/* The page is unmapped while it is reclaimed. */
	expect_event(c, KPT_BEGIN, 0, 5, 6);
	event = expect_event(c, KPT_RECLAIMED, 0, 0, 0);
	assert_int_equal(event.pfn, pfn);
	expect_event(c, KPT_END, 0, 5, 6);
	event = expect_event(c, KPT_FILLED, 0, 5, 0);
	assert_int_equal(event.pfn, pfn);
	get_pfn(c, 0, 5);
	expect_no_events(c);
}

/*
 * kvm_private_populate() works for a firmware's guest, whose memory POPULATE
 * from user space may not fill.
 */
TEST(with_firmware, &consumer_plain)
{
	struct consumer *c = *state;
	const struct kpt_bind firmware = {
		.fd = c->file, .ops = KPT_OPS_PREPARE, .end = FILE_PAGES,
		.flags = KPT_BIND_FIRMWARE, .guest_id = 3,
	};

	expect_ok(try_bind(c, &firmware), "binding");
	assert_int_equal(populate(c, 0, FILE_PAGES, WORD, NO_PAGE, 0),
			 FILE_PAGES);
	assert_int_equal(allocated(c), FILE_PAGES);
	assert_int_equal(count_events(c, KPT_FILLED), FILE_PAGES);
}

/* Filling is an explicit allocation. */
TEST(no_auto_alloc, &consumer_no_alloc)
{
	struct consumer *c = *state;

	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	assert_int_equal(populate(c, 5, 4, WORD, NO_PAGE, 0), 4);
	expect_words(c, 5, 9, WORD);
	expect_error(ENOENT, try_get_pfn(c, 0, 9), "a hole");
}

/* A fill and a punch both change the range, so one waits for the other. */
TEST(punch_waits, &consumer_plain)
{
	struct consumer *c = *state;
	struct puncher first, second;

	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	assert_int_equal(populate(c, 0, FILE_PAGES, WORD, NO_PAGE, 0),
			 FILE_PAGES);
	count_events(c, KPT_FILLED);
	control(c, 0, 0, false);
	puncher_start(&first, c, 0, 1);
	expect_ok(ioctl(c->device, KPT_WAIT_BLOCKED), "waiting for the block");
	puncher_start(&second, c, 1, FILE_PAGES);
	puncher_wait_stuck(&second);
	assert_int_equal(allocated(c), FILE_PAGES);
	control(c, 0, -1, false);
	puncher_join(&first);
	puncher_join(&second);
	assert_int_equal(allocated(c), 0);
	assert_int_equal(populate(c, 0, 1, WORD, NO_PAGE, 0), 1);
	expect_words(c, 0, 1, WORD);
}

TEST_MAIN("kernel interface: filling",
	  .setup = consumer_group_setup, .teardown = consumer_group_teardown)
