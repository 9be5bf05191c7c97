// SPDX-License-Identifier: GPL-2.0-only
/* fallocate() with PUNCH_HOLE. */
#include <unistd.h>

#include "device.h"
#include "meminfo.h"
#include "poll_until.h"
#include "unit.h"

/*
 * The time that a call on a huge sparse range may take. It depends on how much
 * is allocated and not on the size of the range: walking 2^36 pages one by one
 * would take minutes.
 */
#define SECONDS_FOR_A_SPARSE_RANGE 5

TEST(frees_the_range)
{
	int fd = file_create(64 * PAGE, 0);

	expect_ok(file_allocate(fd, 0, 64 * PAGE), "allocate");
	expect_ok(file_punch(fd, 8 * PAGE, 16 * PAGE), "punch");
	assert_int_equal(file_allocated(fd), 48 * PAGE);
	assert_int_equal(lseek(fd, 0, SEEK_HOLE), 8 * PAGE);
	assert_int_equal(lseek(fd, 8 * PAGE, SEEK_DATA), 24 * PAGE);
	close(fd);
}

TEST(a_hole_stays_a_hole)
{
	int fd = file_create(64 * PAGE, 0);

	expect_ok(file_punch(fd, 0, 64 * PAGE), "punch an empty file");
	expect_ok(file_allocate(fd, 4 * PAGE, PAGE), "allocate");
	expect_ok(file_punch(fd, 0, 4 * PAGE), "punch before the page");
	expect_ok(file_punch(fd, 5 * PAGE, 59 * PAGE), "punch behind the page");
	assert_int_equal(file_allocated(fd), PAGE);
	expect_ok(file_punch(fd, 4 * PAGE, PAGE), "punch the page");
	expect_ok(file_punch(fd, 4 * PAGE, PAGE), "punch it again");
	assert_int_equal(file_allocated(fd), 0);
	close(fd);
}

TEST(memory_is_back_on_return)
{
	const __u64 size = 512 * MIB;
	int fd = file_create(size, 0);
	__u64 before = settled_memfree();
	__u64 full;

	expect_ok(file_allocate(fd, 0, size), "allocate");
	full = settled_memfree();
	expect_between(before - full, size - MEMINFO_NOISE,
		       size + MEMINFO_NOISE + size / 256,
		       "bytes that MemFree has lost");
	expect_ok(file_punch(fd, 0, size / 2), "punch the first half");
	/* Read at once, without settling or waiting. */
	expect_between(meminfo_line("MemFree") - full, size / 2 - MEMINFO_NOISE,
		       size / 2 + MEMINFO_NOISE,
		       "bytes that MemFree has got back");
	expect_ok(file_punch(fd, size / 2, size / 2), "punch the other half");
	wait_for_memfree(before - MEMINFO_NOISE);
	assert_int_equal(file_allocated(fd), 0);
	close(fd);
}

TEST(page_by_page)
{
	const unsigned int pages = 512;
	int fd = file_create(pages * PAGE, 0);
	unsigned int i;

	expect_ok(file_allocate(fd, 0, pages * PAGE), "allocate");
	for (i = 0; i < pages; i += 2)
		expect_ok(file_punch(fd, i * PAGE, PAGE), "punch page %u", i);
	assert_int_equal(file_allocated(fd), pages / 2 * PAGE);
	for (i = 1; i < pages; i += 2) {
		assert_int_equal(lseek(fd, (i - 1) * PAGE, SEEK_DATA), i * PAGE);
		expect_ok(file_punch(fd, i * PAGE, PAGE), "punch page %u", i);
	}
	assert_int_equal(file_allocated(fd), 0);
	close(fd);
}

static void allocate_and_punch(int fd, unsigned int first, unsigned int pages)
{
	__u64 offset = first * PAGE;
	__u64 size = pages * PAGE;

	expect_ok(file_allocate(fd, offset, size), "%u pages at %u", pages, first);
	expect_ok(file_punch(fd, offset, size), "%u pages at %u", pages, first);
	expect_between(file_allocated(fd), 0, 0, "bytes left of %u pages at %u",
		       pages, first);
}

/*
 * All pages go, however they lie in the nodes of an index, 64 to each, and
 * however many are freed at a time.
 */
TEST(every_length)
{
	static const unsigned int starts[] = { 0, 1, 31, 32, 63, 64, 4095 };
	static const unsigned int lengths[] = { 192, 256, 257, 1023, 4096, 5000 };
	int fd = file_create(GIB, 0);
	unsigned int pages;
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(starts); i++) {
		for (pages = 1; pages <= 130; pages++)
			allocate_and_punch(fd, starts[i], pages);
		for (j = 0; j < ARRAY_SIZE(lengths); j++)
			allocate_and_punch(fd, starts[i], lengths[j]);
	}
	close(fd);
}

TEST(a_sparse_file_is_quick)
{
	int fd = file_create(LARGEST_FILE, 0);
	__u64 offset;
	double start;

	for (offset = PAGE; offset < LARGEST_FILE; offset *= 2)
		expect_ok(file_allocate(fd, offset, PAGE), "allocate at %#llx",
			  offset);
	start = seconds_now();
	expect_ok(file_punch(fd, 2 * PAGE, LARGEST_FILE - 2 * PAGE), "punch");
	assert_true(seconds_now() - start < SECONDS_FOR_A_SPARSE_RANGE);
	assert_int_equal(file_allocated(fd), PAGE);

	expect_ok(file_allocate(fd, LARGEST_FILE - PAGE, PAGE), "allocate");
	start = seconds_now();
	close(fd);
	assert_true(seconds_now() - start < SECONDS_FOR_A_SPARSE_RANGE);
}

TEST_MAIN("punch")
