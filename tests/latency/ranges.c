// SPDX-License-Identifier: GPL-2.0-only
/* Files whose attribute changes with each page */
#include <unistd.h>

#include "convert.h"
#include "stretch.h"
#include "unit.h"

/* Ranges that have the other attribute than the file's first one */
#define RANGES 100000
#define SIZE (2 * RANGES * PAGE)

#define STARTS_SHARED	KVM_PRIVATE_FLAG_INIT_SHARED
#define STARTS_PRIVATE	0

/* The attribute of the ranges, which the rest of the file hasn't */
static const char *other(__u64 flags)
{
	return flags & STARTS_SHARED ? "private" : "shared";
}

static const char *with(bool pages)
{
	return pages ? "with pages" : "without pages";
}

static int make_ranges(__u64 flags, bool pages)
{
	int fd = file_create(SIZE, flags | KVM_PRIVATE_FLAG_MMAP);

	if (pages)
		expect_ok(file_allocate(fd, 0, SIZE), "allocate");
	for (__u64 i = 0; i < RANGES; i++) {
		if (flags & STARTS_SHARED)
			expect_ok(file_make_private(fd, 2 * i * PAGE, PAGE, 0),
				  "range %llu to private", i);
		else
			expect_ok(file_make_shared(fd, 2 * i * PAGE, PAGE, 0),
				  "range %llu to shared", i);
	}
	return fd;
}

static void to_private(__u64 flags, bool pages)
{
	int fd = make_ranges(flags, pages);

	expect_ok(stretch(file_make_private(fd, 0, SIZE, 0),
			  "%u %s ranges %s: to private", RANGES, other(flags),
			  with(pages)), "to private");
	assert_int_equal(file_shared(fd), 0);
	close(fd);
}

static void to_shared(__u64 flags, bool pages)
{
	int fd = make_ranges(flags, pages);

	expect_ok(stretch(file_make_shared(fd, 0, SIZE, CONVERT_ZERO),
			  "%u %s ranges %s: to shared and zero", RANGES,
			  other(flags), with(pages)), "to shared");
	assert_int_equal(file_shared(fd), SIZE);
	expect_ok(stretch(file_make_shared(fd, 0, SIZE, CONVERT_ZERO),
			  "one range %s: to shared and zero, as it is", with(pages)),
		  "to shared");
	close(fd);
}

TEST(starts_shared, &stretch)
{
	to_private(STARTS_SHARED, false);
	to_shared(STARTS_SHARED, false);
}

TEST(starts_shared_with_pages, &stretch)
{
	to_private(STARTS_SHARED, true);
	to_shared(STARTS_SHARED, true);
}

TEST(starts_private, &stretch)
{
	to_private(STARTS_PRIVATE, false);
	to_shared(STARTS_PRIVATE, false);
}

TEST(starts_private_with_pages, &stretch)
{
	to_private(STARTS_PRIVATE, true);
	to_shared(STARTS_PRIVATE, true);
}

/* Calls that don't change attributes, before those that end them */
TEST(other_calls, &stretch)
{
	int fd = make_ranges(STARTS_PRIVATE, true);

	expect_ok(stretch(lseek(fd, 0, SEEK_HOLE), "%u ranges: SEEK_HOLE", RANGES),
		  "SEEK_HOLE");
	assert_int_equal(stretch(file_shared(fd), "%u ranges: fdinfo", RANGES), SIZE / 2);
	expect_ok(stretch(file_punch(fd, 0, SIZE), "%u ranges: punch", RANGES),
		  "punch");
	expect_ok(stretch(close(fd), "%u ranges: the end of the file", RANGES),
		  "close");
}

TEST_MAIN("latency: ranges",
	  .setup = stretch_group_setup, .teardown = stretch_group_teardown)
