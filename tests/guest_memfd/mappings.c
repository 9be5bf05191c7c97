// SPDX-License-Identifier: GPL-2.0-only
/* Which mappings of a file can be made, and which calls work on them */
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "memfd.h"
#include "touch.h"

#define RW	(PROT_READ | PROT_WRITE)

static void *try_map(const struct pair *p, size_t size, int prot, int flags,
		     off_t offset)
{
	return mmap(NULL, size, prot, flags, p->file, offset);
}

static void expect_no_map(int error, void *map, const char *what)
{
	expect_error(error, map == MAP_FAILED ? -1 : 0, "%s", what);
}

static void expect_map(void *map, size_t size, const char *what)
{
	expect_ok(map == MAP_FAILED ? -1 : 0, "%s", what);
	munmap(map, size);
}

TEST(without_the_flag, &pair)
{
	struct pair *p = *state;

	expect_no_map(ENODEV, try_map(p, PAGE, RW, MAP_SHARED, 0), "shared");
	expect_no_map(ENODEV, try_map(p, FILE_SIZE, RW, MAP_SHARED, 0), "all");
	expect_no_map(ENODEV, try_map(p, PAGE, PROT_READ, MAP_SHARED, 0), "to read");
	expect_no_map(ENODEV, try_map(p, PAGE, PROT_NONE, MAP_SHARED, 0), "PROT_NONE");
	expect_no_map(ENODEV, try_map(p, PAGE, RW, MAP_PRIVATE, 0), "private");
	expect_no_map(ENODEV, try_map(p, PAGE, RW, MAP_SHARED, FILE_SIZE), "past the end");
	expect_no_map(ENODEV, try_map(p, PAGE, RW, MAP_SHARED | MAP_POPULATE, 0),
		      "populated");
	expect_no_map(EPERM, try_map(p, PAGE, RW | PROT_EXEC, MAP_SHARED, 0), "to run");
	expect_no_map(EINVAL, try_map(p, PAGE, RW, MAP_SHARED, 1), "unaligned");
	expect_no_map(EINVAL, try_map(p, 0, RW, MAP_SHARED, 0), "empty");
	expect_no_map(EOVERFLOW, try_map(p, PAGE, RW, MAP_SHARED, -PAGE), "wraps");
}

TEST(kinds, &pair_mmap, &pair_shared)
{
	static const struct {
		const char *what;
		int prot, flags, error;
	} rows[] = {
		{ "shared", RW, MAP_SHARED, 0 },
		{ "shared, to read", PROT_READ, MAP_SHARED, 0 },
		{ "shared, to write", PROT_WRITE, MAP_SHARED, 0 },
		{ "shared, PROT_NONE", PROT_NONE, MAP_SHARED, 0 },
		{ "validated", RW, MAP_SHARED_VALIDATE, 0 },
		{ "noreserve", RW, MAP_SHARED | MAP_NORESERVE, 0 },
		{ "populated", RW, MAP_SHARED | MAP_POPULATE, 0 },
		{ "populated, to read", PROT_READ, MAP_SHARED | MAP_POPULATE, 0 },
		{ "locked", RW, MAP_SHARED | MAP_LOCKED, 0 },
		{ "low", RW, MAP_SHARED | MAP_32BIT, 0 },
		{ "grows down", RW, MAP_SHARED | MAP_GROWSDOWN, EINVAL },
		{ "private", RW, MAP_PRIVATE, EINVAL },
		{ "private, to read", PROT_READ, MAP_PRIVATE, EINVAL },
		{ "private, PROT_NONE", PROT_NONE, MAP_PRIVATE, EINVAL },
		{ "private, populated", RW, MAP_PRIVATE | MAP_POPULATE, EINVAL },
		{ "to run", RW | PROT_EXEC, MAP_SHARED, EPERM },
		{ "to run alone", PROT_EXEC, MAP_SHARED, EPERM },
		{ "private, to run", PROT_READ | PROT_EXEC, MAP_PRIVATE, EPERM },
		{ "neither", RW, 0, EINVAL },
		{ "validated, synchronous", RW, MAP_SHARED_VALIDATE | MAP_SYNC, EOPNOTSUPP },
		{ "validated, unknown", RW, MAP_SHARED_VALIDATE | 1 << 24, EOPNOTSUPP },
		{ "huge", RW, MAP_SHARED | MAP_HUGETLB, EINVAL },
	};
	struct pair *p = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		void *map = try_map(p, FILE_SIZE, rows[i].prot, rows[i].flags, 0);

		if (rows[i].error)
			expect_no_map(rows[i].error, map, rows[i].what);
		else
			expect_map(map, FILE_SIZE, rows[i].what);
	}
}

/* A mapping may reach past the end, or lie there altogether. */
TEST(ranges, &pair_mmap, &pair_shared)
{
	static const struct {
		size_t size;
		off_t offset;
		int error;
	} rows[] = {
		{ PAGE, 0, 0 },
		{ 1, 0, 0 },
		{ FILE_SIZE, 0, 0 },
		{ FILE_SIZE + 1, 0, 0 },
		{ 4 * FILE_SIZE, 0, 0 },
		{ PAGE, FILE_SIZE - PAGE, 0 },
		{ PAGE, FILE_SIZE, 0 },
		{ PAGE, 2 * FILE_SIZE, 0 },
		{ PAGE, 1L << 48, 0 },
		{ PAGE, 1L << 62, 0 },
		{ PAGE, 0x7fffffffffffe000, 0 },
		{ PAGE, 0x7ffffffffffff000, EOVERFLOW },
		{ 2 * PAGE, 0x7fffffffffffe000, EOVERFLOW },
		{ PAGE, 1L << 63, EOVERFLOW },
		{ PAGE, -PAGE, EOVERFLOW },
		{ 2 * PAGE, -PAGE, EOVERFLOW },
		{ PAGE, 1, EINVAL },
		{ PAGE, PAGE + 512, EINVAL },
		{ 0, 0, EINVAL },
		{ 1UL << 48, 0, ENOMEM },
	};
	struct pair *p = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		void *map = try_map(p, rows[i].size, RW, MAP_SHARED, rows[i].offset);
		char what[64];

		snprintf(what, sizeof(what), "%#zx from %#lx", rows[i].size, rows[i].offset);
		if (rows[i].error)
			expect_no_map(rows[i].error, map, what);
		else
			expect_map(map, rows[i].size, what);
	}
}

TEST(to_a_fixed_place, &pair_shared)
{
	struct pair *p = *state;
	char *place = mmap(NULL, FILE_SIZE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *map;

	memset(place, 0x31, FILE_SIZE);
	map = mmap(place + PAGE, PAGE, RW, MAP_SHARED | MAP_FIXED, p->file, PAGE);
	assert_ptr_equal(map, place + PAGE);
	expect_reads(place, 0x31, "page before");
	expect_reads(map, 0, "page of the file");
	expect_reads(map + PAGE, 0x31, "page after");
	expect_no_map(EEXIST, mmap(place, PAGE, RW, MAP_SHARED | MAP_FIXED_NOREPLACE,
				   p->file, 0), "over something");
	expect_no_map(EINVAL, mmap(place + 1, PAGE, RW, MAP_SHARED | MAP_FIXED,
				   p->file, 0), "unaligned");
	/* Anonymous memory over a part of the mapping */
	assert_ptr_equal(mmap(map, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
			      -1, 0), map);
	munmap(place, FILE_SIZE);
}

TEST(protection, &pair_shared)
{
	struct pair *p = *state;
	char *map = memfd_map(p->file, FILE_SIZE);
	unsigned char value;

	map[0] = 0x42;
	expect_ok(mprotect(map, PAGE, PROT_READ), "to read");
	assert_int_equal(touch_write(map, 1), SIGSEGV);
	expect_reads(map, 0x42, "read-only");
	expect_ok(mprotect(map, PAGE, PROT_NONE), "none");
	assert_int_equal(touch_read(map, &value), SIGSEGV);
	expect_ok(mprotect(map, PAGE, RW), "to write");
	assert_int_equal(touch_write(map, 0x43), 0);
	expect_error(EACCES, mprotect(map, PAGE, PROT_READ | PROT_EXEC), "to run");
	expect_error(EACCES, mprotect(map, FILE_SIZE, PROT_EXEC), "all to run");
	expect_error(EINVAL, mprotect(map, PAGE, RW | PROT_GROWSDOWN), "grows down");
	expect_reads(map, 0x43, "after all that");
	munmap(map, FILE_SIZE);
}

TEST(moving, &pair_shared)
{
	struct pair *p = *state;
	char *map = memfd_map(p->file, 8 * PAGE), *moved;
	char *place = mmap(NULL, 8 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned char value;

	memset(map, 0x51, 8 * PAGE);
	map[7 * PAGE] = 0x52;
	moved = mremap(map, 8 * PAGE, 8 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, place);
	assert_ptr_equal(moved, place);
	expect_reads(moved, 0x51, "moved");
	expect_reads(moved + 7 * PAGE, 0x52, "its last page");
	assert_int_equal(touch_read(map, &value), SIGSEGV);
	assert_ptr_equal(mremap(moved, 8 * PAGE, 4 * PAGE, 0), moved);
	expect_reads(moved + 3 * PAGE, 0x51, "shrunk");
	assert_int_equal(touch_read(moved + 4 * PAGE, &value), SIGSEGV);
	munmap(moved, 4 * PAGE);
}

/* A mapping can grow over the file, and past its end like any other. */
TEST(growing, &pair_shared)
{
	struct pair *p = *state;
	char *map = memfd_map(p->file, 4 * PAGE), *grown;

	memset(map, 0x61, 4 * PAGE);
	grown = mremap(map, 4 * PAGE, FILE_SIZE + 4 * PAGE, MREMAP_MAYMOVE);
	expect_ok(grown == MAP_FAILED ? -1 : 0, "mremap");
	expect_reads(grown, 0x61, "first page");
	expect_reads(grown + 4 * PAGE, 0, "page that it grew over");
	grown[FILE_SIZE - 1] = 0x62;
	expect_reads(grown + FILE_SIZE - 1, 0x62, "last page");
	expect_sigbus(grown + FILE_SIZE, "page past the end");
	munmap(grown, FILE_SIZE + 4 * PAGE);
}

TEST(growing_without_room, &pair_shared)
{
	struct pair *p = *state;
	char *place = mmap(NULL, FILE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *map = mmap(place, 4 * PAGE, RW, MAP_SHARED | MAP_FIXED, p->file, 0);

	assert_ptr_equal(map, place);
	expect_no_map(ENOMEM, mremap(map, 4 * PAGE, 8 * PAGE, 0), "no room");
	munmap(place, FILE_SIZE);
}

TEST(duplicating, &pair_shared)
{
	struct pair *p = *state;
	char *map = memfd_map(p->file, 4 * PAGE), *second;

	map[0] = 0x71;
	second = mremap(map, 0, 4 * PAGE, MREMAP_MAYMOVE);
	expect_ok(second == MAP_FAILED ? -1 : 0, "mremap");
	expect_reads(second, 0x71, "second mapping");
	second[PAGE] = 0x72;
	expect_reads(map + PAGE, 0x72, "first mapping");
	munmap(second, 4 * PAGE);

	second = mremap(map, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, NULL);
	expect_ok(second == MAP_FAILED ? -1 : 0, "mremap that leaves the old one");
	expect_reads(second, 0x71, "the mapping that it went to");
	expect_reads(map, 0x71, "the mapping that stayed");
	munmap(second, 4 * PAGE);
	munmap(map, 4 * PAGE);
}

TEST(in_parts, &pair_shared)
{
	struct pair *p = *state;
	char *map = memfd_map(p->file, FILE_SIZE);
	unsigned char value;

	for (__u64 i = 0; i < FILE_PAGES; i++)
		map[i * PAGE] = i;
	for (__u64 i = 0; i < FILE_PAGES; i += 2)
		expect_ok(munmap(map + i * PAGE, PAGE), "munmap");
	for (__u64 i = 0; i < FILE_PAGES; i++) {
		if (i % 2)
			expect_reads(map + i * PAGE, i, "page %llu", i);
		else
			assert_int_equal(touch_read(map + i * PAGE, &value), SIGSEGV);
	}
	/* Once the gap is mapped again, the neighbours become one mapping. */
	for (__u64 i = 0; i < FILE_PAGES; i += 2)
		mmap(map + i * PAGE, PAGE, RW, MAP_SHARED | MAP_FIXED, p->file, i * PAGE);
	for (__u64 i = 0; i < FILE_PAGES; i++)
		expect_reads(map + i * PAGE, i, "page %llu", i);
	assert_ptr_equal(mremap(map, FILE_SIZE, FILE_SIZE, 0), map);
	munmap(map, FILE_SIZE);
}

TEST(remap_file_pages_works, &pair_shared)
{
	struct pair *p = *state;
	char *map = memfd_map(p->file, 4 * PAGE);

	for (int i = 0; i < 4; i++)
		map[i * PAGE] = 0x80 + i;
	expect_ok(remap_file_pages(map, PAGE, 0, 3, 0), "remap_file_pages");
	expect_reads(map, 0x83, "the last page, now the first");
	expect_reads(map + PAGE, 0x81, "the second");
	munmap(map, 4 * PAGE);
}

TEST_MAIN("guest_memfd: mappings")
