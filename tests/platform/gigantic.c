// SPDX-License-Identifier: GPL-2.0-only
/*
 * Gigantic pages under the platform, whose largest pages are huge ones.
 * Gigantic pages are split into these, and can be collapsed when no page of the
 * block is assigned.
 */
#include <unistd.h>

#include "platform.h"

#define WORD 0x5566778811223344ULL
#define BLOCKS (GIGANTIC_PAGE / HUGE_PAGE)
#define PAGES (GIGANTIC_PAGE / PAGE)

static void expect_assigned(struct platform *p, __u64 calls, __u64 pages,
			    const char *when)
{
	const struct kpp_counts now = counts(p);

	expect_between(now.prepared, calls, calls, "prepared %s", when);
	expect_between(now.assigned, pages, pages, "assigned %s", when);
}

/* A touched page is prepared as part of a huge page, and no other page is. */
TEST(prepared_as_huge, &platform_gigantic)
{
	struct platform *p = *state;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, PAGES);
	guest_write(p, 0, 700, WORD);
	expect_backing(p->file, BLOCKS, 0, "touched");
	expect_assigned(p, 1, HUGE_PAGES, "after a touch");
	guest_write(p, 0, PAGES - 1, WORD + 1);
	expect_assigned(p, 2, 2 * HUGE_PAGES, "after another one");
	punch(p, 701, 702);
	expect_backing(p->file, BLOCKS - 1, HUGE_PAGES - 1, "punched");
	assert_int_equal(guest_read(p, 0, 700), WORD);
	assert_int_equal(guest_read(p, 0, PAGES - 1), WORD + 1);
	punch(p, 0, PAGES);
	expect_assigned(p, 2, 0, "when all was punched");
	expect_backing(p->file, 0, 0, "when all was punched");
}

/* Pages of a guest that trusts the host are collapsed in place. */
TEST(joined_in_place, &platform_gigantic)
{
	struct platform *p = *state;
	__u64 first, last;

	allocate(p, 0, PAGES);
	expect_backing_1g(p->file, 1, 0, 0, "allocated");
	bind(p, 0, KPP_TRUSTING, 1, 0, PAGES);
	first = guest_write(p, 0, 0, WORD);
	last = guest_write(p, 0, PAGES - 1, WORD + 1);
	assert_int_equal(last - first, PAGES - 1);
	expect_backing(p->file, BLOCKS, 0, "touched");
	unbind(p, 0);
	collapse_all(p->file, GIGANTIC_PAGE);
	expect_backing_1g(p->file, 1, 0, 0, "joined");
	expect_assigned(p, 2, 0, "when it was joined");
	bind(p, 0, KPP_TRUSTING, 1, 0, PAGES);
	assert_int_equal(guest_write(p, 0, 1, WORD + 2), first + 1);
	assert_int_equal(guest_read(p, 0, 0), WORD);
	assert_int_equal(guest_read(p, 0, PAGES - 1), WORD + 1);
}

/* An assigned page doesn't move, nor does the rest of its block. */
TEST(assigned, &platform_gigantic)
{
	struct kvm_private_collapse collapse = { .size = GIGANTIC_PAGE };
	struct platform *p = *state;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, PAGES);
	guest_write(p, 0, HUGE_PAGES, WORD);
	expect_error(EBUSY, file_collapse(p->file, &collapse), "assigned");
	assert_int_equal(collapse.offset, 0);
	expect_backing(p->file, BLOCKS, 0, "not collapsed");
	assert_int_equal(guest_read(p, 0, HUGE_PAGES), WORD);
	make_shared(p, HUGE_PAGES, HUGE_PAGES + 1);
	expect_backing(p->file, BLOCKS - 1, HUGE_PAGES, "a page is shared");
	expect_error(EBUSY, file_collapse(p->file, &collapse), "assigned still");
	unbind(p, 0);
	close_file(p);
	expect_assigned(p, 1, 0, "when the file has gone");
}

/*
 * Two guests in one page, at a border that isn't aligned to pages of any size
 */
TEST(two_guests, &platform_gigantic)
{
	struct platform *p = *state;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, 1000);
	bind(p, 1, KPP_PRESERVING, 2, 1000, PAGES);
	guest_write(p, 0, 0, WORD);
	guest_write(p, 0, 999, WORD + 1);
	guest_write(p, 1, 1000, WORD + 2);
	guest_write(p, 1, PAGES - 1, WORD + 3);
	expect_assigned(p, 4, 2 * HUGE_PAGES + 2, "both");
	assert_int_equal(guest_read(p, 0, 0), WORD);
	assert_int_equal(guest_read(p, 0, 999), WORD + 1);
	assert_int_equal(guest_read(p, 1, 1000), WORD + 2);
	assert_int_equal(guest_read(p, 1, PAGES - 1), WORD + 3);
	punch(p, 0, PAGES);
	expect_assigned(p, 4, 0, "when all was punched");
}

TEST_MAIN("platform: gigantic pages", .setup = gigantic_group_setup)
