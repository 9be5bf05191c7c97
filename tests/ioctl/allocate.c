// SPDX-License-Identifier: GPL-2.0-only
/* fallocate() without PUNCH_HOLE, and which modes of fallocate() there are. */
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device.h"
#include "unit.h"

#define FILE_SIZE (64 * PAGE)

static int create(void **state)
{
	static int fd;

	fd = file_create(FILE_SIZE, 0);
	*state = &fd;
	return 0;
}

static int destroy(void **state)
{
	close(*(int *)*state);
	return 0;
}

static const struct fixture file = { .setup = create, .teardown = destroy };

TEST(allocates_the_range, &file)
{
	int fd = *(int *)*state;

	expect_ok(file_allocate(fd, 3 * PAGE, 5 * PAGE), "five pages");
	assert_int_equal(file_allocated(fd), 5 * PAGE);
	expect_ok(fallocate(fd, FALLOC_FL_KEEP_SIZE, 10 * PAGE, PAGE),
		  "one page with KEEP_SIZE");
	assert_int_equal(file_allocated(fd), 6 * PAGE);
	assert_int_equal(lseek(fd, 0, SEEK_DATA), 3 * PAGE);
	assert_int_equal(lseek(fd, 3 * PAGE, SEEK_HOLE), 8 * PAGE);
}

TEST(again_changes_nothing, &file)
{
	int fd = *(int *)*state;
	unsigned int i;

	for (i = 0; i < 3; i++) {
		expect_ok(file_allocate(fd, 0, 8 * PAGE), "allocate");
		assert_int_equal(file_allocated(fd), 8 * PAGE);
	}
	expect_ok(file_allocate(fd, 4 * PAGE, 8 * PAGE), "half of it anew");
	assert_int_equal(file_allocated(fd), 12 * PAGE);
}

TEST(whole_file, &file)
{
	int fd = *(int *)*state;
	struct stat st;

	expect_ok(file_allocate(fd, 0, FILE_SIZE), "the whole file");
	expect_ok(fstat(fd, &st), "fstat");
	assert_int_equal(st.st_blocks, FILE_SIZE / 512);
	assert_int_equal(st.st_size, FILE_SIZE);
}

TEST(above_4_gib, &file)
{
	static const __u64 offsets[] = {
		4 * GIB - PAGE, 4 * GIB, 4 * GIB + PAGE, 1ULL << 40,
		1ULL << 44, (1ULL << 44) - PAGE, LARGEST_FILE - PAGE,
	};
	int fd = file_create(LARGEST_FILE, 0);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		expect_ok(file_allocate(fd, offsets[i], PAGE), "offset %#llx",
			  offsets[i]);
		assert_int_equal(file_allocated(fd), (i + 1) * PAGE);
		assert_int_equal(lseek(fd, offsets[i], SEEK_DATA), offsets[i]);
	}
	assert_int_equal(lseek(fd, 0, SEEK_DATA), 4 * GIB - PAGE);
	assert_int_equal(lseek(fd, 4 * GIB - PAGE, SEEK_HOLE),
			 4 * GIB + 2 * PAGE);
	close(fd);
}

struct bad_range {
	__u64 offset;
	__u64 size;
};

TEST(bad_ranges, &file)
{
	static const struct bad_range ranges[] = {
		/* not aligned */
		{ 1, PAGE }, { 512, PAGE }, { 2048, PAGE }, { 4095, PAGE },
		{ 4097, PAGE }, { 0, 1 }, { 0, 512 }, { 0, 4095 }, { 0, 4097 },
		{ 0, FILE_SIZE - 1 }, { 2048, 2048 }, { 1, 4095 },
		{ FILE_SIZE - 2048, 2048 }, { FILE_SIZE - 1, 1 },
		/* empty */
		{ 0, 0 }, { PAGE, 0 }, { FILE_SIZE, 0 }, { 1, 0 },
		/* past the end */
		{ 0, FILE_SIZE + PAGE }, { FILE_SIZE - PAGE, 2 * PAGE },
		{ FILE_SIZE, PAGE }, { FILE_SIZE + PAGE, PAGE },
		{ 4 * GIB, PAGE }, { LARGEST_FILE, PAGE }, { 0, 4 * GIB + PAGE },
		{ PAGE, LLONG_MAX - 2 * PAGE + 1 }, { 0, LLONG_MAX - PAGE + 1 },
		/* negative for fallocate, which takes signed numbers */
		{ -PAGE, PAGE }, { -PAGE, 2 * PAGE }, { 0, -PAGE },
		{ PAGE, -PAGE }, { 1ULL << 63, PAGE }, { 0, 1ULL << 63 },
	};
	int fd = *(int *)*state;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		const struct bad_range *bad = &ranges[i];

		expect_error(EINVAL, file_allocate(fd, bad->offset, bad->size),
			     "allocate %#llx bytes at %#llx",
			     bad->size,
			     bad->offset);
		expect_error(EINVAL, file_punch(fd, bad->offset, bad->size),
			     "punch %#llx bytes at %#llx",
			     bad->size,
			     bad->offset);
	}
	assert_int_equal(file_allocated(fd), 0);
}

TEST(every_misalignment, &file)
{
	int fd = *(int *)*state;
	unsigned int by;

	for (by = 1; by < PAGE; by++) {
		expect_error(EINVAL, file_allocate(fd, by, PAGE),
			     "allocate at %u", by);
		expect_error(EINVAL, file_allocate(fd, 0, by),
			     "allocate %u bytes", by);
		expect_error(EINVAL, file_punch(fd, by, PAGE), "punch at %u", by);
		expect_error(EINVAL, file_punch(fd, 0, by), "punch %u bytes", by);
	}
	assert_int_equal(file_allocated(fd), 0);
}

TEST(wrapping_ranges, &file)
{
	/*
	 * The VFS refuses a sum that a loff_t can't hold for every file, with
	 * an error of its own, before it calls the module.
	 */
	static const int refused[] = { EINVAL, EFBIG, 0 };
	static const struct bad_range ranges[] = {
		{ PAGE, LLONG_MAX - PAGE + 1 },
		{ LLONG_MAX - PAGE + 1, PAGE },
		{ LLONG_MAX - PAGE + 1, LLONG_MAX - PAGE + 1 },
		{ FILE_SIZE, LLONG_MAX - PAGE + 1 },
	};
	int fd = *(int *)*state;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		const struct bad_range *bad = &ranges[i];

		expect_error_of(refused,
				file_allocate(fd, bad->offset, bad->size),
				"allocate, row %u", i);
		expect_error_of(refused,
				file_punch(fd, bad->offset, bad->size),
				"punch, row %u", i);
	}
	assert_int_equal(file_allocated(fd), 0);
}

TEST(every_mode, &file)
{
	/*
	 * The kernel refuses some pairs of modes for every file, and its error
	 * for them has changed between versions.
	 */
	static const int refused[] = { EOPNOTSUPP, EINVAL, 0 };
	int fd = *(int *)*state;
	unsigned int mode;
	unsigned int bit;

	expect_ok(file_allocate(fd, 0, 4 * PAGE), "allocate");
	for (mode = 0; mode < 128; mode++) {
		if (mode == 0 || mode == FALLOC_FL_KEEP_SIZE)
			expect_ok(fallocate(fd, mode, 0, PAGE), "mode %u", mode);
		else if (mode == HOLE)
			expect_ok(fallocate(fd, mode, FILE_SIZE - PAGE, PAGE),
				  "mode %u", mode);
		else
			expect_error_of(refused, fallocate(fd, mode, 0, PAGE),
					"mode %#x", mode);
	}
	for (bit = 2; bit < 32; bit++) {
		unsigned int flag = 1U << bit;

		expect_error(EOPNOTSUPP, fallocate(fd, flag, 0, PAGE),
			     "mode %#x", flag);
		expect_error_of(refused, fallocate(fd, flag | HOLE, 0, PAGE),
				"mode %#x", flag | HOLE);
	}
	expect_error(EOPNOTSUPP, fallocate(fd, FALLOC_FL_PUNCH_HOLE, 0, PAGE),
		     "PUNCH_HOLE without KEEP_SIZE");
	assert_int_equal(file_allocated(fd), 4 * PAGE);
}

TEST(without_auto_allocation, &file)
{
	int fd = file_create(MIB, KVM_PRIVATE_FLAG_NO_AUTO_ALLOC);

	expect_ok(file_allocate(fd, 0, MIB), "allocate");
	assert_int_equal(file_allocated(fd), MIB);
	expect_ok(file_punch(fd, 0, MIB), "punch");
	assert_int_equal(file_allocated(fd), 0);
	close(fd);
}

TEST_MAIN("allocate")
