// SPDX-License-Identifier: GPL-2.0-only
/*
 * A part of a huge page is punched. The rest keeps its place and its content;
 * the memory of the part is back with the kernel.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "convert.h"
#include "huge.h"
#include "meminfo.h"
#include "touch.h"
#include "unit.h"

#define BLOCKS 4
#define PAGES (BLOCKS * HUGE_PAGES)
#define FILE_SIZE (BLOCKS * HUGE_PAGE)

static int fd;
static char *map;

/* The pfns before the first split */
static __u64 pfns[BLOCKS];

static __u64 *words(unsigned int page)
{
	return (__u64 *)(map + page * PAGE);
}

/* Never zero, and different for each page and round */
static __u64 mark(unsigned int page, unsigned int round)
{
	return 0x5a00000000000000ULL + round * PAGES + page;
}

static void write_all(unsigned int round)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++) {
		words(i)[0] = mark(i, round);
		words(i)[PAGE / 8 - 1] = ~mark(i, round);
	}
}

static void expect_content(unsigned int first, unsigned int count,
			   unsigned int round)
{
	unsigned int i;

	for (i = first; i < first + count; i++) {
		expect_between(words(i)[0], mark(i, round), mark(i, round),
			       "first word of page %u", i);
		expect_between(words(i)[PAGE / 8 - 1], ~mark(i, round),
			       ~mark(i, round), "last word of page %u", i);
	}
}

static void expect_zeros(unsigned int first, unsigned int count)
{
	unsigned int i, j;

	for (i = first; i < first + count; i++)
		for (j = 0; j < PAGE / 8; j++)
			expect_between(words(i)[j], 0, 0, "word %u of page %u",
				       j, i);
}

/* The pages that stayed are where they were. */
static void expect_in_place(unsigned int first, unsigned int count)
{
	unsigned int i;

	for (i = first; i < first + count; i++)
		expect_between(pfn_at(words(i)),
			       pfns[i / HUGE_PAGES] + i % HUGE_PAGES,
			       pfns[i / HUGE_PAGES] + i % HUGE_PAGES,
			       "pfn of page %u", i);
}

static void punch_pages(unsigned int first, unsigned int count)
{
	expect_ok(file_punch(fd, first * PAGE, count * PAGE),
		  "punch %u pages at %u", count, first);
}

static void expect_hole(unsigned int first, unsigned int count)
{
	__u64 start = first * PAGE, end = (first + count) * PAGE;

	assert_int_equal(lseek(fd, start, SEEK_HOLE), start);
	if (end < FILE_SIZE)
		assert_int_equal(lseek(fd, start, SEEK_DATA), end);
	if (first)
		assert_int_equal(lseek(fd, start - PAGE, SEEK_HOLE), start);
}

struct cut {
	unsigned int first;
	unsigned int count;
	/* Huge pages that aren't split, and base pages that are left */
	unsigned int unsplit;
	unsigned int small;
};

static int create(void **state)
{
	unsigned int i;

	(void)state;
	fd = huge_create(FILE_SIZE, KVM_PRIVATE_FLAG_MMAP |
			 KVM_PRIVATE_FLAG_INIT_SHARED);
	map = file_map(fd, FILE_SIZE);
	expect_ok(file_allocate(fd, 0, FILE_SIZE), "allocate");
	expect_backing(fd, BLOCKS, 0, "allocated");
	for (i = 0; i < BLOCKS; i++)
		pfns[i] = pfn_at(words(i * HUGE_PAGES));
	return 0;
}

static int destroy(void **state)
{
	(void)state;
	munmap(map, FILE_SIZE);
	return close(fd);
}

static const struct fixture file = { .setup = create, .teardown = destroy };

/* Cuts at all places that could matter */
TEST(every_cut, &file)
{
	static const struct cut cuts[] = {
		/* one page: at the start, in the middle, at the end */
		{ 512, 1, 3, 511 },
		{ 512 + 200, 1, 3, 511 },
		{ 512 + 511, 1, 3, 511 },
		/* all but one */
		{ 512, 511, 3, 1 },
		{ 513, 511, 3, 1 },
		/* a whole one, and two */
		{ 512, 512, 3, 0 },
		{ 512, 1024, 2, 0 },
		/* the border of two */
		{ 511, 2, 2, 1022 },
		{ 512, 513, 2, 511 },
		{ 511, 513, 2, 511 },
		/* the end of one, a whole one, the start of the next */
		{ 511, 514, 1, 1022 },
		{ 300, 1000, 1, 536 },
		{ 1, PAGES - 2, 0, 2 },
		{ 0, PAGES, 0, 0 },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(cuts); i++) {
		const struct cut *cut = &cuts[i];
		unsigned int end = cut->first + cut->count;

		write_all(i);
		punch_pages(cut->first, cut->count);
		expect_backing(fd, cut->unsplit, cut->small, "row %u", i);
		expect_hole(cut->first, cut->count);
		expect_content(0, cut->first, i);
		expect_content(end, PAGES - end, i);
		expect_in_place(0, cut->first);
		expect_in_place(end, PAGES - end);
		/* Reading allocated pages allocates no others. */
		expect_backing(fd, cut->unsplit, cut->small, "row %u, read", i);

		expect_zeros(cut->first, cut->count);
		expect_content(0, cut->first, i);
		expect_content(end, PAGES - end, i);
		expect_ok(file_punch(fd, 0, FILE_SIZE), "punch");
		expect_ok(file_allocate(fd, 0, FILE_SIZE), "allocate");
		expect_backing(fd, BLOCKS, 0, "made anew");
		expect_zeros(0, PAGES);
		for (unsigned int block = 0; block < BLOCKS; block++)
			pfns[block] = pfn_at(words(block * HUGE_PAGES));
	}
}

/* One page after the other, from both ends and from the middle */
TEST(page_by_page, &file)
{
	unsigned int i;

	write_all(0);
	for (i = 0; i < HUGE_PAGES; i++) {
		/* 0, 511, 1, 510, ... */
		unsigned int page = i % 2 ? HUGE_PAGES - 1 - i / 2 : i / 2;

		punch_pages(HUGE_PAGES + page, 1);
		expect_backing(fd, BLOCKS - 1, HUGE_PAGES - 1 - i,
			       "%u pages punched", i + 1);
		/* The page is a hole already. */
		punch_pages(HUGE_PAGES + page, 1);
	}
	expect_content(0, HUGE_PAGES, 0);
	expect_content(2 * HUGE_PAGES, 2 * HUGE_PAGES, 0);
	expect_in_place(0, HUGE_PAGES);
	expect_zeros(HUGE_PAGES, HUGE_PAGES);
	expect_backing(fd, BLOCKS, 0, "touched again");
}

TEST(every_other_page, &file)
{
	unsigned int i;

	write_all(0);
	for (i = 0; i < PAGES; i += 2)
		punch_pages(i, 1);
	expect_backing(fd, 0, PAGES / 2, "every other page");
	for (i = 0; i < PAGES; i += 2) {
		assert_int_equal(lseek(fd, i * PAGE, SEEK_DATA), (i + 1) * PAGE);
		expect_content(i + 1, 1, 0);
		expect_in_place(i + 1, 1);
	}
	expect_ok(file_allocate(fd, 0, FILE_SIZE), "fill up");
	expect_backing(fd, 0, PAGES, "filled up");
	for (i = 0; i < PAGES; i += 2) {
		expect_zeros(i, 1);
		expect_content(i + 1, 1, 0);
	}
}

/* Mappings of the pages that stay may, but needn't, be faulted in anew. */
TEST(other_mappings, &file)
{
	char *other = file_map(fd, FILE_SIZE);
	unsigned int i;

	write_all(3);
	for (i = 0; i < PAGES; i++)
		assert_int_equal(*(__u64 *)(other + i * PAGE), mark(i, 3));
	punch_pages(700, 1);
	for (i = 0; i < PAGES; i++)
		if (i != 700)
			assert_int_equal(*(__u64 *)(other + i * PAGE),
					 mark(i, 3));
	*(__u64 *)(other + 700 * PAGE) = 0x77;
	assert_int_equal(words(700)[0], 0x77);
	assert_int_equal(pfn_at(other + 701 * PAGE), pfns[1] + 701 - 512);
	munmap(other, FILE_SIZE);
	expect_content(701, PAGES - 701, 3);
}

/* The punched memory comes back at once, and in the end all of it does. */
TEST(memory_comes_back)
{
	const __u64 size = 512 * MIB;
	__u64 before = settled_memfree();
	int big = huge_create(size, 0);
	__u64 at, full;

	expect_ok(file_allocate(big, 0, size), "allocate");
	full = settled_memfree();
	expect_between(before - full, size - MEMINFO_NOISE,
		       size + MEMINFO_NOISE, "bytes that MemFree has lost");
	/* A quarter of each */
	for (at = 0; at < size; at += HUGE_PAGE)
		expect_ok(file_punch(big, at + MIB, HUGE_PAGE / 4), "punch");
	assert_int_equal(file_allocated(big), size / 4 * 3);
	expect_between(settled_memfree() - full, size / 4 - MEMINFO_NOISE,
		       size / 4 + MEMINFO_NOISE, "bytes of the quarters");
	expect_ok(file_punch(big, 0, size / 2), "the first half");
	wait_for_memfree(full + size / 8 * 5 - MEMINFO_NOISE);
	close(big);
	wait_for_memfree(before - MEMINFO_NOISE);
}

/* Each round splits, fills up and frees: a page lost in each would show. */
TEST(nothing_leaks)
{
	__u64 before = settled_memfree();
	unsigned int round, i;

	for (round = 0; round < 100; round++) {
		int own = huge_create(64 * HUGE_PAGE, 0);

		for (i = 0; i < 64; i++) {
			__u64 block = i * HUGE_PAGE;

			expect_ok(file_allocate(own, block, PAGE), "allocate");
			expect_ok(file_punch(own, block + (i + round) % 512 *
					     PAGE, PAGE), "punch");
			if (i % 2)
				expect_ok(file_allocate(own, block, HUGE_PAGE),
					  "fill up");
			if (i % 3 == 0)
				expect_ok(file_punch(own, block, HUGE_PAGE),
					  "punch all");
		}
		close(own);
	}
	wait_for_memfree(before - MEMINFO_NOISE);
}

TEST_MAIN("huge_split")
