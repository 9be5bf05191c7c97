// SPDX-License-Identifier: GPL-2.0-only
/* fallocate() of every kind */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "meminfo.h"
#include "memfd.h"

#define KEEP	FALLOC_FL_KEEP_SIZE

TEST(modes, &pair, &pair_shared)
{
	struct pair *p = *state;

	for (int bit = 0; bit < 32; bit++) {
		unsigned int mode = 1U << bit;
		char what[32];

		snprintf(what, sizeof(what), "bit %d", bit);
		if (mode == KEEP) {
			expect_ok(fallocate(p->file, mode, 0, PAGE), "%s", what);
			continue;
		}
		expect_error(EOPNOTSUPP, fallocate(p->file, mode, 0, PAGE), "%s", what);
		if (mode == FALLOC_FL_PUNCH_HOLE) {
			expect_ok(fallocate(p->file, HOLE, 0, PAGE), "HOLE");
			continue;
		}
		expect_error(EOPNOTSUPP, fallocate(p->file, mode | HOLE, 0, PAGE),
			     "%s and a hole", what);
	}
	expect_error(EOPNOTSUPP, fallocate(p->file, 0, 0, PAGE), "no mode");
	expect_error(EOPNOTSUPP, fallocate(p->file, 0, FILE_SIZE, PAGE),
		     "no mode, past the end");
	expect_error(EOPNOTSUPP, fallocate(p->file, ~0, 0, PAGE), "all bits");
}

/* The kernel's common code judges these modes, each for itself. */
TEST(modes_with_keep_size, &pair)
{
	static const struct {
		const char *what;
		int mode;
	} rows[] = {
		{ "zero range", FALLOC_FL_ZERO_RANGE }, { "unshare", FALLOC_FL_UNSHARE_RANGE },
		{ "collapse", FALLOC_FL_COLLAPSE_RANGE }, { "insert", FALLOC_FL_INSERT_RANGE },
		{ "no hide stale", FALLOC_FL_NO_HIDE_STALE },
		{ "write zeroes", 0x80 },
	};
	struct pair *p = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		expect_error(EOPNOTSUPP, fallocate(p->file, rows[i].mode | KEEP, 0, PAGE),
			     "%s", rows[i].what);
		expect_error(EOPNOTSUPP, fallocate(p->file, rows[i].mode | HOLE, 0, PAGE),
			     "%s and hole", rows[i].what);
	}
}

TEST(ranges, &pair, &pair_shared)
{
	static const struct {
		off_t offset, size;
		int allocating, punching;
	} rows[] = {
		{ 0, 0, EINVAL, EINVAL },
		{ PAGE, 0, EINVAL, EINVAL },
		{ FILE_SIZE, 0, EINVAL, EINVAL },
		{ 0, -1, EINVAL, EINVAL },
		{ 0, -PAGE, EINVAL, EINVAL },
		{ -1, PAGE, EINVAL, EINVAL },
		{ -PAGE, PAGE, EINVAL, EINVAL },
		{ -PAGE, 2 * PAGE, EINVAL, EINVAL },
		{ INT64_MIN, PAGE, EINVAL, EINVAL },
		{ 0, 1, EINVAL, EINVAL },
		{ 0, PAGE - 1, EINVAL, EINVAL },
		{ 0, PAGE + 1, EINVAL, EINVAL },
		{ 1, 1, EINVAL, EINVAL },
		{ 1, PAGE - 1, EINVAL, EINVAL },
		{ 1, PAGE, EINVAL, EINVAL },
		{ 512, 512, EINVAL, EINVAL },
		{ PAGE, 1, EINVAL, EINVAL },
		{ PAGE, PAGE - 1, EINVAL, EINVAL },
		{ PAGE - 1, PAGE + 1, EINVAL, EINVAL },
		{ FILE_SIZE, 1, EINVAL, EINVAL },
		{ FILE_SIZE + 1, PAGE, EINVAL, EINVAL },
		{ FILE_SIZE, PAGE, EINVAL, 0 },
		{ FILE_SIZE + PAGE, PAGE, EINVAL, 0 },
		{ FILE_SIZE - PAGE, 2 * PAGE, EINVAL, 0 },
		{ 0, FILE_SIZE + PAGE, EINVAL, 0 },
		{ 0, 1LL << 62, EINVAL, 0 },
		{ 1LL << 62, PAGE, EINVAL, 0 },
		{ 0, 0x7ffffffffffff000, EINVAL, 0 },
		{ 0x7fffffffffffe000, PAGE, EINVAL, 0 },
		{ 0x7ffffffffffff000, PAGE, EFBIG, EFBIG },
		{ PAGE, 0x7ffffffffffff000, EFBIG, EFBIG },
		{ INT64_MAX, INT64_MAX, EFBIG, EFBIG },
		{ FILE_SIZE - PAGE, PAGE, 0, 0 },
		{ 0, FILE_SIZE, 0, 0 },
		{ 0, FILE_SIZE, 0, 0 },
	};
	struct pair *p = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		off_t offset = rows[i].offset, size = rows[i].size;

		/* The refused calls come first: none of them may have taken effect. */
		expect_result(rows[i].allocating, fallocate(p->file, KEEP, offset, size),
			      "allocating %#lx from %#lx", size, offset);
		expect_result(rows[i].punching, fallocate(p->file, HOLE, offset, size),
			      "punching %#lx from %#lx", size, offset);
	}
}

/* An unknown mode is refused, whatever the range. */
TEST(which_error_wins, &pair)
{
	struct pair *p = *state;

	expect_error(EINVAL, fallocate(p->file, KEEP, 1, 0), "unaligned and empty");
	expect_error(EOPNOTSUPP, fallocate(p->file, 0, 1, 1), "unaligned, no mode");
	expect_error(EOPNOTSUPP, fallocate(p->file, FALLOC_FL_ZERO_RANGE | KEEP, 1, 1),
		     "unaligned, zero range");
	expect_error(EINVAL, fallocate(p->file, 1U << 30, 0, 0), "empty, unknown mode");
	expect_error(EINVAL, fallocate(p->file, 1U << 30, -1, PAGE),
		     "negative, unknown mode");
	expect_error(EINVAL, fallocate(p->file, KEEP, FILE_SIZE, 1),
		     "unaligned and past the end");
	expect_error(EBADF, fallocate(-1, KEEP, 0, 0), "no file");
}

/* The size of the file never changes. */
TEST(size_stays, &pair)
{
	struct pair *p = *state;
	struct stat stat;

	expect_ok(fallocate(p->file, KEEP, 0, FILE_SIZE), "allocate");
	expect_ok(fallocate(p->file, HOLE, FILE_SIZE, FILE_SIZE), "punch");
	expect_ok(fallocate(p->file, HOLE, 0, 2 * FILE_SIZE), "punch");
	expect_ok(fstat(p->file, &stat), "fstat");
	assert_int_equal(stat.st_size, FILE_SIZE);
}

/* Allocating takes memory, and a punch gives it back, also one that is too long. */
TEST(takes_and_gives_memory, &pair)
{
	static const __u64 size = 128 * MIB;
	struct pair *p = *state;
	__u64 before = settled_memfree(), half;
	int file = memfd_create_for(p->vm, size, 0);

	expect_ok(fallocate(file, KEEP, 0, size), "allocate");
	assert_true(meminfo_line("MemFree") < before - size + MEMINFO_NOISE);
	expect_ok(fallocate(file, KEEP, 0, size), "allocate again");
	assert_true(meminfo_line("MemFree") > before - size - 2 * MEMINFO_NOISE);
	expect_ok(fallocate(file, HOLE, size / 2, size), "punch past the end");
	half = before - size / 2;
	wait_for_memfree(half - MEMINFO_NOISE);
	assert_true(meminfo_line("MemFree") < half + MEMINFO_NOISE);
	expect_ok(fallocate(file, HOLE, 0, 1LL << 62), "punch all");
	wait_for_memfree(before - MEMINFO_NOISE);
	close(file);
}

TEST(closing_gives_memory, &pair)
{
	static const __u64 size = 128 * MIB;
	struct pair *p = *state;
	__u64 before = settled_memfree();
	int file = memfd_create_for(p->vm, size, SHARED);

	expect_ok(fallocate(file, KEEP, 0, size), "allocate");
	assert_true(meminfo_line("MemFree") < before - size + MEMINFO_NOISE);
	close(file);
	wait_for_memfree(before - MEMINFO_NOISE);
}

/* One page here and there of a file that is larger than all memory */
TEST(far_pages, &pair)
{
	struct pair *p = *state;
	const __u64 size = 0x7ffffffffffff000;
	int file = memfd_create_for(p->vm, size, 0);

	for (int bit = 12; bit < 63; bit++)
		expect_ok(fallocate(file, KEEP, 1LL << bit, PAGE), "page at 2^%d", bit);
	expect_ok(fallocate(file, KEEP, size - PAGE, PAGE), "last page");
	expect_error(EINVAL, fallocate(file, KEEP, size - PAGE, PAGE + 1), "unaligned");
	expect_ok(fallocate(file, HOLE, size - PAGE, PAGE), "last page");
	expect_ok(fallocate(file, HOLE, 0, size), "all");
	close(file);
}

TEST_MAIN("guest_memfd: allocation")
