// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that a guest's platform keeps are counted, found by no lookup, and never allocated
 * again, whatever becomes of their file.
 */
#include <sys/ioctl.h>

#include "consumer.h"
#include "convert.h"
#include "fdinfo.h"
#include "poison.h"
#include "text_file.h"

#define BLOCK	HUGE_PAGES
/* The module reports so many pages at a time. */
#define NOTED	64
#define TOTAL	"/sys/class/misc/kvm_private/leaked"

static void leak(struct consumer *c, __u64 pfn, __u64 nr)
{
	const struct kpt_leak leak = { .pfn = pfn, .nr = nr };
	__u64 before = text_file_number(TOTAL), of_file = fdinfo_number(c->file, "leaked");

	expect_ok(ioctl(c->device, KPT_LEAK, &leak), "leak");
	assert_int_equal(fdinfo_number(c->file, "leaked"), of_file + nr * PAGE);
	assert_int_equal(text_file_number(TOTAL), before + nr * PAGE);
	/* So its memory can't go offline, nor is the mark ever taken away. */
	for (__u64 i = 0; i < nr; i++)
		assert_true(pfn_is_reserved(pfn + i));
}

static void expect_never_free(__u64 pfn, __u64 nr)
{
	for (__u64 i = 0; i < nr; i++)
		assert_false(pfn_is_free(pfn + i));
}

TEST(punched, &consumer_plain)
{
	struct consumer *c = *state;
	__u64 pfn;

	bind_guest(c, 0, 1, 0, FILE_PAGES);
	allocate(c, 0, FILE_PAGES);
	pfn = get_pfn(c, 0, 5);
	leak(c, pfn, 1);
	expect_error(EHWPOISON, try_get_pfn(c, 0, 5), "look up");
	get_pfn(c, 0, 4);
	get_pfn(c, 0, 6);
	punch(c, 5, 6);
	assert_int_not_equal(get_pfn(c, 0, 5), pfn);
	expect_never_free(pfn, 1);
	assert_int_equal(fdinfo_number(c->file, "leaked"), PAGE);
}

TEST(converted, &consumer_plain)
{
	struct consumer *c = *state;
	__u64 pfn;

	bind_guest(c, 0, 1, 0, FILE_PAGES);
	pfn = get_pfn(c, 0, 5);
	leak(c, pfn, 1);
	expect_ok(file_make_shared(c->file, 5 * PAGE, PAGE, CONVERT_ZERO), "share");
	/* The platform has a reference: the page can be punched out, and no more. */
	expect_error(EAGAIN, file_make_private(c->file, 5 * PAGE, PAGE, 0), "take back");
	punch(c, 5, 6);
	expect_ok(file_make_private(c->file, 5 * PAGE, PAGE, 0), "take back a hole");
	expect_never_free(pfn, 1);
}

TEST(closed, &consumer_plain)
{
	struct consumer *c = *state;
	__u64 pfn;

	bind_guest(c, 0, 1, 0, FILE_PAGES);
	allocate(c, 0, FILE_PAGES);
	pfn = get_pfn(c, 0, 5);
	leak(c, pfn, 1);
	unbind(c, 0);
	consumer_close_file(c);
	expect_never_free(pfn, 1);
}

/* All of a huge page, which goes back in one piece otherwise */
TEST(huge, &consumer_huge)
{
	struct kvm_private_collapse collapse = { .size = HUGE_PAGE };
	struct consumer *c = *state;
	unsigned int order;
	__u64 pfn;

	bind_guest(c, 0, 1, 0, HUGE_FILE_PAGES);
	allocate(c, 0, HUGE_FILE_PAGES);
	pfn = lookup(c, 0, false, &order);
	assert_int_equal(order, HUGE_ORDER);
	leak(c, pfn, BLOCK);
	for (__u64 i = 0; i < BLOCK; i++)
		expect_error(EHWPOISON, try_get_pfn(c, 0, i), "look up");
	lookup(c, BLOCK, false, &order);
	assert_int_equal(order, HUGE_ORDER);
	unbind(c, 0);
	file_collapse(c->file, &collapse);
	punch(c, 0, HUGE_FILE_PAGES);
	expect_never_free(pfn, BLOCK);
}

/* Base pages that were one page: only some of their entries have a note of the mark. */
TEST(apart, &consumer_huge)
{
	struct kvm_private_collapse collapse = { .size = HUGE_PAGE };
	struct consumer *c = *state;
	unsigned int order;
	__u64 pfn;

	bind(c, 0, KPT_OPS_PLAIN, 0, HUGE_FILE_PAGES);
	allocate(c, 0, BLOCK);
	pfn = lookup(c, 0, false, &order);
	punch(c, 0, 1);
	allocate(c, 0, 1);
	expect_backing(c->file, 0, BLOCK, "apart");
	leak(c, pfn + 1, BLOCK - 1);
	punch(c, 1, 2);
	allocate(c, 1, 2);
	for (__u64 i = NOTED; i < BLOCK; i += NOTED) {
		punch(c, i, i + 1);
		allocate(c, i, i + 1);
	}
	expect_error(EHWPOISON, file_collapse(c->file, &collapse), "collapse");
	unbind(c, 0);
	punch(c, 0, BLOCK);
	expect_never_free(pfn + 1, BLOCK - 1);
}

/* A part of a huge page: mappings keep clear of it, and the rest goes back. */
TEST(part, &consumer_huge)
{
	struct consumer *c = *state;
	unsigned int order;
	__u64 pfn;

	bind(c, 0, KPT_OPS_PLAIN, 0, HUGE_FILE_PAGES);
	allocate(c, 0, BLOCK);
	pfn = lookup(c, 0, false, &order);
	leak(c, pfn + 70, 3);
	for (__u64 i = 70; i < 73; i++)
		expect_error(EHWPOISON, try_get_pfn(c, 0, i), "look up");
	assert_int_equal(lookup(c, 64, false, &order), pfn + 64);
	assert_int_equal(order, 2);
	assert_int_equal(lookup(c, 80, false, &order), pfn + 80);
	assert_int_equal(order, 4);
	unbind(c, 0);
	punch(c, 0, BLOCK);
	expect_never_free(pfn + 70, 3);
	assert_int_equal(allocated(c), 0);
}

TEST_MAIN("kernel interface: pages that a platform keeps",
	  .setup = consumer_group_setup, .teardown = consumer_group_teardown)
