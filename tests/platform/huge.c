// SPDX-License-Identifier: GPL-2.0-only
/*
 * Huge pages under the platform. A huge page that is all the guest's is
 * prepared in one piece, and reclaimed in the pieces that it is split into.
 */
#include <unistd.h>

#include "platform.h"

#define WORD 0x1122334455667788ULL
#define BLOCK HUGE_PAGES

static void expect_calls(struct platform *p, __u64 prepared, __u64 reclaimed,
			 __u64 pages, const char *when)
{
	const struct kpp_counts now = counts(p);

	expect_between(now.prepared, prepared, prepared, "prepared %s", when);
	expect_between(now.reclaimed, reclaimed, reclaimed, "reclaimed %s",
		       when);
	expect_between(now.assigned, pages, pages, "assigned %s", when);
}

/* Whichever page of it is touched first, and however many later */
TEST(prepared_once, &platform_huge)
{
	struct platform *p = *state;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, HUGE_FILE_PAGES);
	guest_write(p, 0, 300, WORD);
	expect_calls(p, 1, 0, BLOCK, "on the first touch");
	for (__u64 i = 0; i < BLOCK; i++)
		guest_write(p, 0, i, WORD + i);
	expect_calls(p, 1, 0, BLOCK, "when all was touched");
	for (__u64 i = 0; i < BLOCK; i++)
		assert_int_equal(guest_read(p, 0, i), WORD + i);
	guest_write(p, 0, 3 * BLOCK, WORD);
	expect_calls(p, 2, 0, BLOCK + 1, "with a page of the tail");
	expect_backing(p->file, 1, 1, "touched");
	/* It is reclaimed in one piece, too. */
	punch(p, 0, HUGE_FILE_PAGES);
	expect_calls(p, 2, 2, 0, "when all was punched");
}

static void fill_block(struct platform *p, __u32 slot, __u64 block)
{
	for (__u64 i = block * BLOCK; i < (block + 1) * BLOCK; i++)
		guest_write(p, slot, i, WORD + i);
}

static void expect_block(struct platform *p, __u32 slot, __u64 first, __u64 end)
{
	for (__u64 i = first; i < end; i++)
		expect_between(guest_read(p, slot, i), WORD + i, WORD + i,
			       "page %llu", i);
}

/* One page is punched; the others stay the guest's, with their content. */
TEST(punch, &platform_huge)
{
	static const __u64 pages[] = { 0, 100, 511 };
	struct platform *p = *state;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, HUGE_FILE_PAGES);
	for (__u64 i = 0; i < ARRAY_SIZE(pages); i++)
		fill_block(p, 0, i);
	expect_calls(p, 3, 0, 3 * BLOCK, "in the beginning");
	for (__u64 i = 0; i < ARRAY_SIZE(pages); i++) {
		__u64 page = i * BLOCK + pages[i];

		punch(p, page, page + 1);
		expect_calls(p, 3, i + 1, 3 * BLOCK - i - 1, "after a punch");
		expect_block(p, 0, i * BLOCK, page);
		expect_block(p, 0, page + 1, (i + 1) * BLOCK);
		expect_calls(p, 3, i + 1, 3 * BLOCK - i - 1, "and after touching");
	}
	/* The page in its place is prepared by itself. */
	guest_write(p, 0, 100 + BLOCK, WORD + BLOCK + 100);
	expect_calls(p, 4, 3, 3 * BLOCK - 2, "when it was filled up");
	expect_block(p, 0, BLOCK, 2 * BLOCK);
	/* Each page that is left is reclaimed once, and by itself. */
	punch(p, 0, HUGE_FILE_PAGES);
	expect_calls(p, 4, 3 + 3 * BLOCK - 2, 0, "when all was punched");
}

/* Across the ends of blocks: whole blocks are reclaimed in one piece. */
TEST(punch_across, &platform_huge)
{
	struct platform *p = *state;

	bind(p, 0, KPP_PRESERVING, 1, 0, HUGE_FILE_PAGES);
	for (__u64 i = 0; i < 3; i++)
		fill_block(p, 0, i);
	punch(p, BLOCK - 3, 2 * BLOCK + 5);
	expect_calls(p, 3, 3 + 1 + 5, 2 * BLOCK - 8, "after a punch");
	expect_block(p, 0, 0, BLOCK - 3);
	expect_block(p, 0, 2 * BLOCK + 5, 3 * BLOCK);
	assert_int_equal(guest_read(p, 0, BLOCK), 0);
	expect_calls(p, 4, 9, 3 * BLOCK - 8, "when a block came anew");
}

/* The guest has only a part of the block, which is prepared page by page. */
TEST(part_of_a_block, &platform_huge)
{
	struct platform *p = *state;

	allocate(p, 0, HUGE_FILE_PAGES);
	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, BLOCK + 100);
	guest_write(p, 0, 5, WORD);
	expect_calls(p, 1, 0, BLOCK, "an unsplit one");
	guest_write(p, 0, BLOCK + 5, WORD);
	expect_calls(p, 2, 0, BLOCK + 1, "a part of one");
	guest_write(p, 0, BLOCK + 6, WORD);
	expect_calls(p, 3, 0, BLOCK + 2, "another page of it");
	assert_int_equal(file_allocated(p->file), HUGE_FILE_PAGES * PAGE);
	/* The other part is another guest's. */
	bind(p, 1, KPP_CONFIDENTIAL, 2, BLOCK + 100, 3 * BLOCK);
	guest_write(p, 1, BLOCK + 100, WORD + 1);
	expect_calls(p, 4, 0, BLOCK + 3, "the other part");
	guest_write(p, 1, 2 * BLOCK, WORD + 1);
	expect_calls(p, 5, 0, 2 * BLOCK + 3, "the next one");
	assert_int_equal(guest_read(p, 0, BLOCK + 5), WORD);
	assert_int_equal(guest_read(p, 1, BLOCK + 100), WORD + 1);
	punch(p, 0, HUGE_FILE_PAGES);
	expect_calls(p, 5, 5, 0, "when all was punched");
}

/* Two bindings of the same guest, neither of which covers the whole block */
TEST(two_bindings, &platform_huge)
{
	struct platform *p = *state;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, 100);
	bind(p, 1, KPP_CONFIDENTIAL, 1, 100, BLOCK);
	for (__u64 i = 98; i < 102; i++)
		guest_write(p, i / 100, i, WORD + i);
	expect_calls(p, 4, 0, 4, "on both sides");
	for (__u64 i = 98; i < 102; i++)
		assert_int_equal(guest_read(p, i / 100, i), WORD + i);
	punch(p, 99, 101);
	expect_calls(p, 4, 2, 2, "after a punch");
}

/* A page becomes shared, and the rest of its block stays the guest's. */
TEST(convert, &platform_huge)
{
	struct platform *p = *state;

	bind(p, 0, KPP_PRESERVING, 1, 0, HUGE_FILE_PAGES);
	fill_block(p, 0, 0);
	fill_block(p, 0, 1);
	make_shared(p, 300, 301);
	expect_calls(p, 2, 1, 2 * BLOCK - 1, "after sharing");
	host_write(p, 300, 77);
	assert_true(host_is_kept_out(p, 299));
	assert_true(host_is_kept_out(p, 301));
	expect_block(p, 0, 0, 300);
	expect_block(p, 0, 301, 2 * BLOCK);
	expect_calls(p, 2, 1, 2 * BLOCK - 1, "after touching");
	expect_ok(try_convert(p, true, 300, 301, CONVERT_PRESERVE), "to private");
	assert_int_equal(guest_read(p, 0, 300), 77);
	expect_calls(p, 3, 1, 2 * BLOCK, "when it is private again");
	/* All of the second block at once */
	make_shared(p, BLOCK, 2 * BLOCK);
	expect_calls(p, 3, 2, BLOCK, "after sharing a block");
	for (__u64 i = BLOCK; i < 2 * BLOCK; i++)
		host_write(p, i, WORD + i);
	expect_ok(try_convert(p, true, BLOCK, 2 * BLOCK, CONVERT_PRESERVE),
		  "to private");
	expect_block(p, 0, BLOCK, 2 * BLOCK);
	expect_calls(p, 4, 2, 2 * BLOCK, "when it is private again");
}

/* Pages are private and shared before the guest binds. */
TEST(mixed_before, &platform_huge)
{
	struct platform *p = *state;

	allocate(p, 0, HUGE_FILE_PAGES);
	make_shared(p, 100, 103);
	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, HUGE_FILE_PAGES);
	guest_write(p, 0, 0, WORD);
	expect_calls(p, 1, 0, 1, "a page of a mixed block");
	guest_write(p, 0, 511, WORD);
	expect_calls(p, 2, 0, 2, "another one");
	host_write(p, 101, 5);
	assert_int_equal(host_read(p, 101), 5);
	guest_write(p, 0, BLOCK, WORD);
	expect_calls(p, 3, 0, 2 + BLOCK, "the next block");
	make_private(p, 0, BLOCK);
	guest_write(p, 0, 101, WORD);
	expect_calls(p, 4, 0, 3 + BLOCK, "when all is private");
}

TEST(second_guest, &platform_huge)
{
	struct platform *p = *state;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, HUGE_FILE_PAGES);
	fill_block(p, 0, 0);
	fill_block(p, 0, 1);
	punch(p, 5, 6);
	expect_calls(p, 2, 1, 2 * BLOCK - 1, "the first guest's");
	unbind(p, 0);
	/* The same guest again finds its pages still prepared. */
	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, HUGE_FILE_PAGES);
	expect_block(p, 0, 6, 2 * BLOCK);
	expect_calls(p, 2, 1, 2 * BLOCK - 1, "the first guest's");
	unbind(p, 0);
	bind(p, 1, KPP_PRESERVING, 2, 0, HUGE_FILE_PAGES);
	assert_int_not_equal(guest_read(p, 1, BLOCK + 9), WORD + BLOCK + 9);
	expect_calls(p, 3, 2, 2 * BLOCK - 1, "an unsplit one has changed hands");
	assert_int_not_equal(guest_read(p, 1, 9), WORD + 9);
	expect_calls(p, 4, 3, 2 * BLOCK - 1, "a page has changed hands");
	unbind(p, 1);
	close_file(p);
	expect_calls(p, 4, 3 + 1 + BLOCK - 1, 0, "the file has gone");
}

/* The next guest has half of the first one's block. */
TEST(second_guest_in_a_half, &platform_huge)
{
	struct platform *p = *state;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, BLOCK);
	fill_block(p, 0, 0);
	expect_calls(p, 1, 0, BLOCK, "the first guest's");
	unbind(p, 0);
	bind(p, 0, KPP_CONFIDENTIAL, 2, BLOCK / 2, BLOCK);
	bind(p, 1, KPP_CONFIDENTIAL, 1, 0, BLOCK / 2);
	guest_write(p, 0, BLOCK - 1, WORD);
	expect_calls(p, 2, 1, BLOCK, "a page has changed hands");
	expect_block(p, 1, 0, BLOCK / 2);
	expect_calls(p, 2, 1, BLOCK, "the rest hasn't");
	guest_write(p, 0, BLOCK / 2, WORD);
	expect_calls(p, 3, 2, BLOCK, "another has");
}

/* An error of the platform charges no page, and the block isn't split. */
TEST(error, &platform_huge)
{
	struct platform *p = *state;
	__u64 word;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, HUGE_FILE_PAGES);
	fail_prepare(p, EIO, 0);
	expect_error(EIO, try_guest_read(p, 0, 5, &word), "prepare fails");
	expect_calls(p, 0, 0, 0, "after an error");
	expect_backing(p->file, 1, 0, "after an error");
	fail_prepare(p, 0, 0);
	guest_write(p, 0, 5, WORD);
	expect_calls(p, 1, 0, BLOCK, "when it works");
	punch(p, 7, 8);
	fail_prepare(p, EIO, 0);
	expect_error(EIO, try_guest_read(p, 0, 7, &word), "prepare fails");
	assert_int_equal(guest_read(p, 0, 5), WORD);
	fail_prepare(p, 0, 0);
	expect_calls(p, 1, 1, BLOCK - 1, "after another error");
}

/* Only the guest could move an assigned page. */
TEST(collapse, &platform_huge)
{
	struct kvm_private_collapse collapse = { .size = 3 * HUGE_PAGE };
	struct platform *p = *state;

	allocate(p, 0, HUGE_FILE_PAGES);
	punch(p, 5, 6);
	punch(p, BLOCK + 5, BLOCK + 6);
	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, HUGE_FILE_PAGES);
	guest_write(p, 0, BLOCK + 9, WORD);
	expect_error(EBUSY, file_collapse(p->file, &collapse), "collapse");
	assert_int_equal(collapse.offset, HUGE_PAGE);
	assert_int_equal(collapse.size, 2 * HUGE_PAGE);
	/* The call may have filled the hole before it came to the page. */
	assert_int_equal(file_huge(p->file), 2 * HUGE_PAGE);
	expect_between(file_small(p->file) / PAGE, BLOCK - 1 + 10, BLOCK + 10,
		       "base pages");
	assert_int_equal(guest_read(p, 0, BLOCK + 9), WORD);
	/* A collapsed block is prepared in one piece. */
	guest_write(p, 0, 9, WORD);
	expect_calls(p, 2, 0, 1 + BLOCK, "after collapsing");
	/* The guest's pages stay assigned after it has left. */
	unbind(p, 0);
	expect_error(EBUSY, file_collapse(p->file, &collapse), "collapse");
	expect_calls(p, 2, 0, 1 + BLOCK, "after the guest");
	/* A block that is huge already needs no move. */
	collapse = (struct kvm_private_collapse){ .size = HUGE_PAGE };
	expect_ok(file_collapse(p->file, &collapse), "an unsplit one");
	punch(p, BLOCK + 9, BLOCK + 10);
	collapse = (struct kvm_private_collapse){ .size = 3 * HUGE_PAGE };
	expect_ok(file_collapse(p->file, &collapse), "with none assigned");
	expect_backing(p->file, 3, 10, "with none assigned");
}

/*
 * The model assigns the pages of a guest that trusts the host, but they may
 * move.
 */
TEST(trusting, &platform_huge)
{
	struct platform *p = *state;

	bind(p, 0, KPP_TRUSTING, 1, 0, HUGE_FILE_PAGES);
	fill_block(p, 0, 0);
	punch(p, 9, 10);
	expect_block(p, 0, 0, 9);
	expect_block(p, 0, 10, BLOCK);
	make_shared(p, 20, 21);
	assert_int_equal(host_read(p, 20), WORD + 20);
	make_private(p, 20, 21);
	expect_block(p, 0, 10, BLOCK);
	unbind(p, 0);
	punch(p, 0, HUGE_FILE_PAGES);
	assert_int_equal(assigned(p), 0);
}

TEST(file_closed_first, &platform_huge)
{
	struct platform *p = *state;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, HUGE_FILE_PAGES);
	fill_block(p, 0, 0);
	punch(p, 17, 18);
	fill_block(p, 0, 1);
	close_file(p);
	expect_block(p, 0, 18, 2 * BLOCK);
	unbind(p, 0);
	expect_calls(p, 2, BLOCK + 1, 0, "when both have gone");
}

/* Filled by the guest's own populate, in one piece or in many */
TEST(populate, &platform_huge)
{
	struct platform *p = *state;
	static __u64 source[8 * PAGE / 8];
	struct kpp_populate populate = {
		.slot = 0, .index = BLOCK - 4, .nr = 8,
		.source = (uintptr_t)source,
	};

	for (unsigned int i = 0; i < 8; i++)
		source[i * PAGE / 8] = WORD + i;
	bind(p, 0, KPP_PRESERVING, 1, 0, HUGE_FILE_PAGES);
	expect_ok(try_populate(p, &populate), "populate");
	assert_int_equal(populate.nr, 0);
	for (unsigned int i = 0; i < 8; i++)
		assert_int_equal(guest_read(p, 0, BLOCK - 4 + i), WORD + i);
	assert_int_equal(guest_read(p, 0, 0), 0);
	punch(p, BLOCK - 1, BLOCK + 1);
	assert_int_equal(guest_read(p, 0, BLOCK - 2), WORD + 2);
	assert_int_equal(guest_read(p, 0, BLOCK + 1), WORD + 5);
}

TEST_MAIN("platform: huge pages", .teardown = platform_group_teardown)
