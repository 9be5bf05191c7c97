// SPDX-License-Identifier: GPL-2.0-only
/* Conversions both ways under the platform, and the content afterwards */
#include <sys/uio.h>
#include <unistd.h>

#include "platform.h"

#define WORD 0x1122334455667788ULL

static const enum kpp_kind confidential_kinds[] = { KPP_CONFIDENTIAL, KPP_PRESERVING };

/* The host can't read a guest's content, even when it gets the page. */
TEST(to_shared_is_garbage, &platform)
{
	struct platform *p = *state;
	__u64 word;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	guest_write(p, 0, 5, WORD);
	assert_true(host_is_kept_out(p, 5));
	make_shared(p, 5, 6);
	assert_int_equal(assigned(p), 0);
	assert_int_not_equal(host_read(p, 5), WORD);
	assert_int_not_equal(host_read(p, 5), 0);
	expect_error(EACCES, try_guest_read(p, 0, 5, &word), "a shared page");
	guest_write(p, 0, 4, WORD);
}

TEST(to_shared_zero, &platform)
{
	struct platform *p = *state;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	guest_write(p, 0, 5, WORD);
	expect_ok(try_convert(p, false, 0, 10, CONVERT_ZERO), "to shared");
	for (__u64 i = 0; i < 10; i++)
		assert_int_equal(host_read(p, i), 0);
	/* Also pages that are shared already */
	host_write(p, 6, WORD);
	expect_ok(try_convert(p, false, 0, 10, CONVERT_ZERO), "once more");
	assert_int_equal(host_read(p, 6), 0);
}

/*
 * The module can't promise that the host can read the content of an assigned
 * page.
 */
TEST(to_shared_preserve, &platform)
{
	struct platform *p = *state;

	for (size_t i = 0; i < ARRAY_SIZE(confidential_kinds); i++) {
		bind(p, 0, confidential_kinds[i], i + 1, 0, 10);
		guest_write(p, 0, 5, WORD);
		expect_error(EOPNOTSUPP,
			     try_convert(p, false, 5, 6, CONVERT_PRESERVE),
			     "guest of kind %u", confidential_kinds[i]);
		/* Also where the guest has no page yet */
		expect_error(EOPNOTSUPP,
			     try_convert(p, false, 9, 11, CONVERT_PRESERVE),
			     "guest of kind %u", confidential_kinds[i]);
		assert_int_equal(guest_read(p, 0, 5), WORD);
		assert_true(host_is_kept_out(p, 5));
		expect_ok(try_convert(p, false, 10, 11, CONVERT_PRESERVE),
			  "beside the guest");
		make_private(p, 10, 11);

		unbind(p, 0);
		expect_error(EOPNOTSUPP,
			     try_convert(p, false, 0, 10, CONVERT_PRESERVE),
			     "a page that the guest left");
		expect_ok(try_convert(p, false, 0, 5, CONVERT_PRESERVE),
			  "where it left none");
		make_private(p, 0, 5);
		punch(p, 5, 6);
		expect_ok(try_convert(p, false, 0, 10, CONVERT_PRESERVE),
			  "after that was freed");
		make_private(p, 0, 10);
	}
}

TEST(to_private_preserve, &platform_shared)
{
	struct platform *p = *state;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, 10);
	bind(p, 1, KPP_PRESERVING, 2, 10, 20);
	host_write(p, 5, WORD);
	host_write(p, 15, WORD);
	expect_error(EOPNOTSUPP, try_convert(p, true, 5, 6, CONVERT_PRESERVE),
		     "content is lost");
	expect_error(EOPNOTSUPP, try_convert(p, true, 5, 16, CONVERT_PRESERVE),
		     "content of one page is lost");
	assert_int_equal(host_read(p, 5), WORD);
	expect_ok(try_convert(p, true, 15, 16, CONVERT_PRESERVE), "it is kept");
	assert_int_equal(guest_read(p, 1, 15), WORD);
	assert_true(host_is_kept_out(p, 15));
	make_private(p, 5, 6);
	assert_int_not_equal(guest_read(p, 0, 5), WORD);
}

/*
 * Without a guest the conversion loses no guest's content, and a guest that
 * binds later may have it.
 */
TEST(to_private_before_guest, &platform_shared)
{
	struct platform *p = *state;

	for (__u64 i = 0; i < FILE_PAGES; i++)
		host_write(p, i, WORD + i);
	expect_ok(try_convert(p, true, 0, FILE_PAGES, CONVERT_PRESERVE),
		  "without a guest");
	bind(p, 0, KPP_PRESERVING, 1, 0, FILE_PAGES);
	for (__u64 i = 0; i < FILE_PAGES; i++)
		assert_int_equal(guest_read(p, 0, i), WORD + i);
}

TEST(to_private_zero, &platform_shared)
{
	struct platform *p = *state;

	bind(p, 0, KPP_PRESERVING, 1, 0, FILE_PAGES);
	expect_error(EOPNOTSUPP, try_convert(p, true, 0, 10, CONVERT_ZERO),
		     "zeros for a guest");
	assert_false(host_is_kept_out(p, 5));
}

/* The pages are private already, and the guest notices nothing. */
TEST(to_private_again, &platform)
{
	struct platform *p = *state;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	guest_write(p, 0, 5, WORD);
	make_private(p, 0, FILE_PAGES);
	expect_ok(try_convert(p, true, 0, FILE_PAGES, CONVERT_PRESERVE),
		  "what is there stays");
	assert_int_equal(guest_read(p, 0, 5), WORD);
	assert_int_equal(counts(p).prepared, 1);
	assert_int_equal(counts(p).reclaimed, 0);
}

TEST(round_trips, &platform)
{
	struct platform *p = *state;

	bind(p, 0, KPP_PRESERVING, 1, 0, FILE_PAGES);
	for (unsigned int round = 1; round <= 20; round++) {
		for (__u64 i = 0; i < FILE_PAGES; i++)
			guest_write(p, 0, i, round);
		make_shared(p, 0, FILE_PAGES);
		assert_int_equal(assigned(p), 0);
		for (__u64 i = 0; i < FILE_PAGES; i++)
			host_write(p, i, WORD + i);
		expect_ok(try_convert(p, true, 0, FILE_PAGES,
				      CONVERT_PRESERVE), "to private");
		for (__u64 i = 0; i < FILE_PAGES; i++)
			assert_int_equal(guest_read(p, 0, i), WORD + i);
		assert_int_equal(counts(p).prepared, 2 * FILE_PAGES * round);
		make_private(p, 0, FILE_PAGES);
		punch(p, 0, FILE_PAGES);
	}
}

/* Every other page is shared already; some are holes. */
TEST(mixed_attributes, &platform)
{
	struct platform *p = *state;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 4, FILE_PAGES - 4);
	for (__u64 i = 4; i < FILE_PAGES - 4; i++)
		guest_write(p, 0, i, WORD + i);
	for (__u64 i = 0; i < FILE_PAGES; i += 2)
		make_shared(p, i, i + 1);
	punch(p, 20, 24);
	assert_int_equal(assigned(p), (FILE_PAGES - 8) / 2 - 2);
	make_shared(p, 0, FILE_PAGES / 2);
	for (__u64 i = 0; i < FILE_PAGES / 2; i++)
		host_write(p, i, i);
	make_private(p, FILE_PAGES / 2, FILE_PAGES);
	for (__u64 i = FILE_PAGES / 2 + 1; i < FILE_PAGES - 4; i += 2)
		assert_int_equal(guest_read(p, 0, i), WORD + i);
	make_private(p, 0, FILE_PAGES);
	for (__u64 i = 4; i < FILE_PAGES - 4; i++)
		guest_write(p, 0, i, WORD + i);
	assert_int_equal(assigned(p), FILE_PAGES - 8);
}

TEST(punch_shared, &platform)
{
	struct platform *p = *state;

	bind(p, 0, KPP_PRESERVING, 1, 0, FILE_PAGES);
	guest_write(p, 0, 5, WORD);
	make_shared(p, 5, 6);
	host_write(p, 5, WORD);
	punch(p, 5, 6);
	assert_int_equal(host_read(p, 5), 0);
	host_write(p, 5, WORD);
	make_private(p, 5, 6);
	punch(p, 5, 6);
	assert_int_equal(guest_read(p, 0, 5), 0);
}

/* A page of the host's that a pipe has pinned */
struct pinned {
	int pipe[2];
};

static void pin_page(struct platform *p, struct pinned *pinned, __u64 index)
{
	const struct iovec page = {
		.iov_base = (char *)p->map + index * PAGE, .iov_len = PAGE,
	};

	expect_ok(pipe(pinned->pipe), "pipe");
	assert_int_equal(vmsplice(pinned->pipe[1], &page, 1, 0), PAGE);
}

static void unpin_page(struct pinned *pinned)
{
	close(pinned->pipe[0]);
	close(pinned->pipe[1]);
}

/* A conversion that fails leaves the guest its pages. */
TEST(pinned, &platform)
{
	struct platform *p = *state;
	struct pinned pinned;
	__u64 word;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	for (__u64 i = 0; i < 10; i++)
		guest_write(p, 0, i, WORD + i);
	make_shared(p, 5, 7);
	host_write(p, 6, WORD);
	pin_page(p, &pinned, 6);
	expect_pinned(p->file, 0, 10 * PAGE, 6 * PAGE);
	assert_int_equal(assigned(p), 8);
	assert_int_equal(guest_read(p, 0, 4), WORD + 4);
	assert_int_equal(guest_read(p, 0, 7), WORD + 7);
	expect_error(EACCES, try_guest_read(p, 0, 5, &word), "still shared");
	assert_int_equal(host_read(p, 6), WORD);
	unpin_page(&pinned);
	make_private(p, 0, 10);
	guest_write(p, 0, 6, WORD);
	assert_int_equal(counts(p).invalidations, 0);
}

/* A pinned page stays with the pipe after it has left the file. */
TEST(punch_pinned, &platform)
{
	struct platform *p = *state;
	struct pinned pinned;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	guest_write(p, 0, 5, WORD);
	make_shared(p, 5, 6);
	host_write(p, 5, WORD);
	pin_page(p, &pinned, 5);
	punch(p, 5, 6);
	make_private(p, 5, 6);
	guest_write(p, 0, 5, WORD);
	assert_int_equal(assigned(p), 1);
	unpin_page(&pinned);
}

/* Across the border of two guests of different kinds */
TEST(two_guests, &platform)
{
	struct platform *p = *state;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, 10);
	bind(p, 1, KPP_TRUSTING, 2, 10, 20);
	for (__u64 i = 0; i < 20; i++)
		guest_write(p, i / 10, i, WORD + i);
	expect_error(EOPNOTSUPP, try_convert(p, false, 9, 11, CONVERT_PRESERVE),
		     "one of the two is assigned");
	expect_ok(try_convert(p, false, 10, 11, CONVERT_PRESERVE),
		  "the other one is not");
	assert_int_equal(host_read(p, 10), WORD + 10);
	make_shared(p, 9, 11);
	assert_int_not_equal(host_read(p, 9), WORD + 9);
	assert_int_equal(host_read(p, 10), WORD + 10);
	assert_int_equal(assigned(p), 18);
}

TEST_MAIN("platform: conversion", .teardown = platform_group_teardown)
