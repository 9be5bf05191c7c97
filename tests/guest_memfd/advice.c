// SPDX-License-Identifier: GPL-2.0-only
/* madvise() of every kind, mlock(), msync() and other calls on a mapping */
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>

#include "memfd.h"
#include "touch.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

/* Advice without a visible effect, and advice that is refused */
TEST(that_changes_nothing, &pair_shared)
{
	static const struct {
		const char *what;
		int advice, error;
	} rows[] = {
		{ "NORMAL", MADV_NORMAL, 0 },
		{ "RANDOM", MADV_RANDOM, 0 },
		{ "SEQUENTIAL", MADV_SEQUENTIAL, 0 },
		{ "WILLNEED", MADV_WILLNEED, 0 },
		{ "DONTNEED", MADV_DONTNEED, 0 },
		{ "DONTNEED_LOCKED", 24, 0 },
		{ "COLD", MADV_COLD, 0 },
		{ "PAGEOUT", MADV_PAGEOUT, 0 },
		{ "MERGEABLE", MADV_MERGEABLE, 0 },
		{ "UNMERGEABLE", MADV_UNMERGEABLE, 0 },
		{ "HUGEPAGE", MADV_HUGEPAGE, 0 },
		{ "NOHUGEPAGE", MADV_NOHUGEPAGE, 0 },
		{ "DONTDUMP", MADV_DONTDUMP, 0 },
		{ "DONTFORK", MADV_DONTFORK, 0 },
		{ "POPULATE_READ", MADV_POPULATE_READ, 0 },
		{ "POPULATE_WRITE", MADV_POPULATE_WRITE, 0 },
		{ "COLLAPSE", MADV_COLLAPSE, EINVAL },
		{ "FREE", MADV_FREE, EINVAL },
		{ "REMOVE", MADV_REMOVE, 0 },
		{ "WIPEONFORK", MADV_WIPEONFORK, EINVAL },
		{ "KEEPONFORK", MADV_KEEPONFORK, 0 },
		{ "unknown", 98, EINVAL },
		{ "-1", -1, EINVAL },
	};
	struct pair *p = *state;
	char *map = memfd_map(p->file, FILE_SIZE);

	memset(map, 0x21, FILE_SIZE);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		unsigned char want = rows[i].advice == MADV_REMOVE ? 0 : 0x21;

		expect_result(rows[i].error, madvise(map, FILE_SIZE, rows[i].advice),
			      "%s", rows[i].what);
		expect_reads(map, want, "first byte after %s", rows[i].what);
		expect_reads(map + FILE_SIZE - 1, want, "last byte after %s",
			     rows[i].what);
		memset(map, 0x21, FILE_SIZE);
	}
	munmap(map, FILE_SIZE);
}

/* Removing pages from the mapping doesn't remove them from the file. */
TEST(dropping, &pair_shared)
{
	struct pair *p = *state;
	char *map = memfd_map(p->file, FILE_SIZE);
	unsigned char resident[FILE_PAGES];

	for (int round = 1; round < 20; round++) {
		memset(map, round, FILE_SIZE);
		expect_ok(madvise(map, FILE_SIZE, MADV_DONTNEED), "DONTNEED");
		for (__u64 i = 0; i < FILE_PAGES; i++)
			expect_reads(map + i * PAGE, round, "page %llu", i);
	}
	expect_ok(mincore(map, FILE_SIZE, resident), "mincore");
	for (__u64 i = 0; i < FILE_PAGES; i++)
		assert_int_equal(resident[i] & 1, 1);
	munmap(map, FILE_SIZE);
}

TEST(populating, &pair_shared)
{
	struct pair *p = *state;
	char *map = memfd_map(p->file, 2 * FILE_SIZE);

	expect_ok(madvise(map, FILE_SIZE, MADV_POPULATE_READ), "read");
	expect_reads(map + FILE_SIZE - 1, 0, "read");
	expect_ok(madvise(map, FILE_SIZE, MADV_POPULATE_WRITE), "write");
	expect_error(EFAULT, madvise(map, 2 * FILE_SIZE, MADV_POPULATE_READ),
		     "past the end");
	expect_error(EFAULT, madvise(map + FILE_SIZE, PAGE, MADV_POPULATE_WRITE),
		     "behind the end");
	munmap(map, 2 * FILE_SIZE);
}

TEST(populating_private_pages, &pair_mmap)
{
	struct pair *p = *state;
	char *map = memfd_map(p->file, FILE_SIZE);

	expect_error(EFAULT, madvise(map, FILE_SIZE, MADV_POPULATE_READ), "read");
	expect_error(EFAULT, madvise(map, PAGE, MADV_POPULATE_WRITE), "write");
	expect_ok(madvise(map, FILE_SIZE, MADV_DONTNEED), "DONTNEED");
	expect_ok(madvise(map, FILE_SIZE, MADV_WILLNEED), "WILLNEED");
	expect_ok(madvise(map, FILE_SIZE, MADV_REMOVE), "REMOVE");
	expect_error(ENOMEM, mlock(map, FILE_SIZE), "mlock");
	munmap(map, FILE_SIZE);
}

/*
 * The selftests call this collapsing. It fails even where a huge page would
 * fit.
 */
TEST(never_huge, &pair_shared)
{
	struct pair *p = *state;
	int file = memfd_create_for(p->vm, 2 * MIB, SHARED);
	char *place = mmap(NULL, 4 * MIB, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *map = (char *)(((uintptr_t)place + 2 * MIB - 1) & -(2 * MIB));

	map = mmap(map, 2 * MIB, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, 0);
	assert_ptr_not_equal(map, MAP_FAILED);
	for (__u64 at = 0; at < 2 * MIB; at += PAGE)
		expect_reads(map + at, 0, "page at %#llx", at);
	expect_ok(madvise(map, 2 * MIB, MADV_HUGEPAGE), "HUGEPAGE");
	expect_error(EINVAL, madvise(map, 2 * MIB, MADV_COLLAPSE), "COLLAPSE");
	expect_ok(madvise(map, 2 * MIB, MADV_DONTNEED), "DONTNEED");
	expect_reads(map, 0, "first page");
	munmap(place, 4 * MIB);
	close(file);
}

TEST(locking, &pair_shared)
{
	struct pair *p = *state;
	char *map = memfd_map(p->file, FILE_SIZE);

	memset(map, 0x33, FILE_SIZE);
	expect_ok(mlock(map, FILE_SIZE), "mlock");
	expect_ok(mlock2(map, FILE_SIZE, MLOCK_ONFAULT), "mlock2");
	expect_ok(fallocate(p->file, HOLE, 0, FILE_SIZE), "punch");
	expect_reads(map, 0, "punched while locked");
	expect_ok(munlock(map, FILE_SIZE), "munlock");
	expect_ok(mlockall(MCL_CURRENT), "mlockall");
	expect_reads(map + PAGE, 0, "another page");
	expect_ok(munlockall(), "munlockall");
	munmap(map, FILE_SIZE);
}

TEST(syncing, &pair_shared)
{
	struct pair *p = *state;
	char *map = memfd_map(p->file, FILE_SIZE);

	map[0] = 1;
	expect_ok(msync(map, FILE_SIZE, MS_ASYNC), "MS_ASYNC");
	expect_ok(msync(map, FILE_SIZE, MS_INVALIDATE), "MS_INVALIDATE");
	expect_error(EINVAL, msync(map, FILE_SIZE, MS_SYNC | MS_ASYNC), "both");
	expect_reads(map, 1, "still there");
	munmap(map, FILE_SIZE);
}

TEST(user_faults, &pair_shared)
{
	static const __u64 modes[] = {
		UFFDIO_REGISTER_MODE_MISSING, UFFDIO_REGISTER_MODE_WP,
		UFFDIO_REGISTER_MODE_MINOR,
	};
	struct pair *p = *state;
	char *map = memfd_map(p->file, FILE_SIZE);
	struct uffdio_api api = { .api = UFFD_API };
	int uffd = expect_ok(syscall(SYS_userfaultfd, O_CLOEXEC), "userfaultfd");

	expect_ok(ioctl(uffd, UFFDIO_API, &api), "UFFDIO_API");
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		struct uffdio_register range = {
			.range = { (uintptr_t)map, FILE_SIZE }, .mode = modes[i],
		};

		expect_error(EINVAL, ioctl(uffd, UFFDIO_REGISTER, &range), "mode %#llx",
			     modes[i]);
	}
	close(uffd);
	munmap(map, FILE_SIZE);
}

TEST_MAIN("guest_memfd: advice")
