// SPDX-License-Identifier: GPL-2.0-only
/* lseek(), fstat() and fdinfo, against a model of the calls so far. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device.h"
#include "fdinfo.h"
#include "unit.h"

#define PAGES 96
#define ROUNDS 400

/* Which pages of a window that starts at @base are allocated. */
struct model {
	int fd;
	__u64 base;
	__u64 file_size;
	bool there[PAGES];
};

static __u64 model_seek(const struct model *model, unsigned int page,
			bool data)
{
	while (page < PAGES && model->there[page] != data)
		page++;
	return model->base + page * PAGE;
}

static void check_seek(const struct model *model, unsigned int page)
{
	/* Every byte of a page is data or hole as the page is. */
	static const unsigned int within[] = { 0, 1, 2048, 4095 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(within); i++) {
		__u64 from = model->base + page * PAGE + within[i];
		__u64 data = model_seek(model, page, true);
		__u64 hole = model_seek(model, page, false);

		if (data < from)
			data = from;
		if (hole < from)
			hole = from;
		if (data == model->base + PAGES * PAGE)
			expect_error(ENXIO, lseek(model->fd, from, SEEK_DATA),
				     "SEEK_DATA from page %u with none left",
				     page);
		else
			expect_between(lseek(model->fd, from, SEEK_DATA),
				       data, data, "SEEK_DATA from page %u",
				       page);
		expect_between(lseek(model->fd, from, SEEK_HOLE), hole, hole,
			       "SEEK_HOLE from page %u", page);
	}
}

static void check(const struct model *model)
{
	__u64 allocated = 0;
	struct stat st;
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		allocated += model->there[i] ? PAGE : 0;
	expect_ok(fstat(model->fd, &st), "fstat");
	assert_int_equal(st.st_size, model->file_size);
	assert_int_equal(st.st_blocks, allocated / 512);
	assert_int_equal(fdinfo_number(model->fd, "allocated-4k"), allocated);
	assert_int_equal(fdinfo_numa_total(model->fd), allocated);
	for (i = 0; i < PAGES; i++)
		check_seek(model, i);
}

static void random_rounds(__u64 base, __u64 file_size, unsigned int seed)
{
	struct model model = { .base = base, .file_size = file_size };
	unsigned int round;

	srandom(seed);
	model.fd = file_create(file_size, 0);
	for (round = 0; round < ROUNDS; round++) {
		unsigned int first = random() % PAGES;
		unsigned int count = 1 + random() % (PAGES - first);
		bool allocate = random() % 2;
		unsigned int i;

		expect_ok(fallocate(model.fd, allocate ? 0 : HOLE,
				    base + first * PAGE, count * PAGE),
			  "round %u of seed %u: %s %u pages at %u", round, seed,
			  allocate ? "allocate" : "punch", count, first);
		for (i = first; i < first + count; i++)
			model.there[i] = allocate;
		check(&model);
	}
	close(model.fd);
}

TEST(at_the_start)
{
	random_rounds(0, PAGES * PAGE, 1);
}

TEST(across_4_gib)
{
	__u64 base = 4 * GIB - PAGES / 2 * PAGE;

	random_rounds(base, base + PAGES * PAGE, 2);
}

TEST(at_the_largest_end)
{
	random_rounds(LARGEST_FILE - PAGES * PAGE, LARGEST_FILE, 3);
}

TEST(seek_at_the_edges)
{
	const __u64 size = 8 * PAGE;
	int fd = file_create(size, 0);
	/*
	 * The VFS may refuse an offset below zero before it calls the module.
	 * lseek(2) names the error of a seek past the end for both.
	 */
	static const int refused[] = { ENXIO, EINVAL, 0 };

	expect_error(ENXIO, lseek(fd, 0, SEEK_DATA), "no data at all");
	assert_int_equal(lseek(fd, 0, SEEK_HOLE), 0);
	expect_ok(file_allocate(fd, 0, size), "allocate");
	/* The end of the file counts as a hole. */
	assert_int_equal(lseek(fd, 0, SEEK_HOLE), size);
	assert_int_equal(lseek(fd, size - 1, SEEK_HOLE), size);
	assert_int_equal(lseek(fd, size - 1, SEEK_DATA), size - 1);
	expect_error(ENXIO, lseek(fd, size, SEEK_DATA), "SEEK_DATA at the end");
	expect_error(ENXIO, lseek(fd, size, SEEK_HOLE), "SEEK_HOLE at the end");
	expect_error(ENXIO, lseek(fd, LLONG_MAX, SEEK_DATA), "far behind it");
	expect_error(ENXIO, lseek(fd, LLONG_MAX, SEEK_HOLE), "far behind it");
	expect_error_of(refused, lseek(fd, -1, SEEK_DATA), "SEEK_DATA at -1");
	expect_error_of(refused, lseek(fd, -1, SEEK_HOLE), "SEEK_HOLE at -1");
	expect_error_of(refused, lseek(fd, LLONG_MIN, SEEK_DATA), "LLONG_MIN");
	close(fd);
}

TEST(other_seeks)
{
	const __u64 size = 8 * GIB;
	int fd = file_create(size, 0);
	int whence;

	/* Programs that know nothing of this kind of file find its size so. */
	assert_int_equal(lseek(fd, 0, SEEK_END), size);
	assert_int_equal(lseek(fd, 5 * GIB, SEEK_SET), 5 * GIB);
	assert_int_equal(lseek(fd, -GIB, SEEK_CUR), 4 * GIB);
	expect_error(EINVAL, lseek(fd, -1, SEEK_SET), "SEEK_SET to -1");

	expect_ok(file_allocate(fd, 6 * GIB, PAGE), "allocate");
	assert_int_equal(lseek(fd, 0, SEEK_DATA), 6 * GIB);
	/* A seek for data moves the position, as every other does. */
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 6 * GIB);
	expect_error(ENXIO, lseek(fd, 7 * GIB, SEEK_DATA), "no more data");
	assert_int_equal(lseek(fd, 0, SEEK_CUR), 6 * GIB);

	for (whence = SEEK_HOLE + 1; whence < 64; whence++)
		expect_error(EINVAL, lseek(fd, 0, whence), "whence %d", whence);
	expect_error(EINVAL, lseek(fd, 0, -1), "whence -1");
	close(fd);
}

TEST(stat_tells)
{
	int fd = file_create(3 * GIB, 0);
	int other = file_create(PAGE, 0);
	struct stat st;
	struct stat st2;

	expect_ok(fstat(fd, &st), "fstat");
	expect_ok(fstat(other, &st2), "fstat");
	assert_int_equal(st.st_size, 3 * GIB);
	assert_int_equal(st.st_blksize, PAGE);
	assert_int_equal(st.st_blocks, 0);
	assert_true(S_ISREG(st.st_mode));
	/* Files can be told apart. */
	assert_true(st.st_dev != st2.st_dev || st.st_ino != st2.st_ino);
	close(fd);
	close(other);
}

TEST(stat_by_statx)
{
	int fd = file_create(MIB, 0);
	struct statx stx;

	expect_ok(file_allocate(fd, 0, 7 * PAGE), "allocate");
	expect_ok(statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &stx), "statx");
	assert_int_equal(stx.stx_size, MIB);
	assert_int_equal(stx.stx_blksize, PAGE);
	assert_int_equal(stx.stx_blocks, 7 * PAGE / 512);
	close(fd);
}

TEST(fdinfo_tells)
{
	int fd = file_create(5 * GIB, KVM_PRIVATE_FLAG_NO_AUTO_ALLOC);
	int plain = file_create(PAGE, 0);

	assert_int_equal(fdinfo_number(fd, "size"), 5 * GIB);
	assert_int_equal(fdinfo_number(fd, "create-flags"),
			 KVM_PRIVATE_FLAG_NO_AUTO_ALLOC);
	assert_int_equal(fdinfo_number(plain, "create-flags"), 0);
	assert_int_equal(fdinfo_number(fd, "allocated-4k"), 0);
	assert_int_equal(fdinfo_number(fd, "shared"), 0);
	assert_int_equal(fdinfo_number(fd, "bindings"), 0);
	assert_int_equal(fdinfo_numa_total(fd), 0);
	expect_ok(file_allocate(fd, 4 * GIB, MIB), "allocate");
	assert_int_equal(fdinfo_number(fd, "allocated-4k"), MIB);
	assert_int_equal(fdinfo_number(plain, "allocated-4k"), 0);
	assert_int_equal(fdinfo_numa_total(fd), MIB);
	close(fd);
	close(plain);
}

TEST_MAIN("inspect")
