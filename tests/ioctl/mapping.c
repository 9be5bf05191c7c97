// SPDX-License-Identifier: GPL-2.0-only
/*
 * All that mmap(2) and its relatives let a program ask for. No change of a
 * mapping opens a way to private pages or keeps a page pinned.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "child.h"
#include "convert.h"
#include "touch.h"
#include "unit.h"

#define FILE_SIZE (16 * PAGE)
#define HALF (FILE_SIZE / 2)

/* The content of the shared half's pages */
#define MARK 0x5c

static int fd;
static char *map;

static int try_map(int protection, int flags, int file, __u64 offset)
{
	void *at = mmap(NULL, PAGE, protection, flags, file, offset);

	return at == MAP_FAILED ? -1 : munmap(at, PAGE);
}

/* The first half is shared and has its content, the second is private. */
static void assert_as_before(const char *after)
{
	__u64 offset;

	for (offset = 0; offset < HALF; offset += PAGE)
		expect_reads(map + offset, MARK, "shared page after %s", after);
	for (; offset < FILE_SIZE; offset += PAGE)
		expect_sigbus(map + offset, "private page after %s", after);
	assert_int_equal(file_shared(fd), HALF);
}

/* A mapping pins no page, whatever the program did to it. */
static void assert_converts(const char *after)
{
	expect_ok(file_make_private(fd, 0, HALF, CONVERT_PRESERVE),
		  "to private after %s", after);
	expect_sigbus(map, "page that is private now, after %s", after);
	expect_ok(file_make_shared(fd, 0, HALF, CONVERT_PRESERVE), "back");
}

static int create(void **state)
{
	(void)state;
	fd = file_create(FILE_SIZE, KVM_PRIVATE_FLAG_MMAP);
	if (file_allocate(fd, 0, FILE_SIZE) || file_make_shared(fd, 0, HALF, 0))
		return -1;
	map = file_map(fd, FILE_SIZE);
	memset(map, MARK, HALF);
	return 0;
}

static int destroy(void **state)
{
	(void)state;
	munmap(map, FILE_SIZE);
	return close(fd);
}

static const struct fixture file = { .setup = create, .teardown = destroy };

TEST(needs_the_flag, &file)
{
	int shared = file_create(FILE_SIZE, KVM_PRIVATE_FLAG_INIT_SHARED);

	expect_error(ENODEV, try_map(PROT_READ, MAP_SHARED, shared, 0),
		     "mmap of a shared file without the flag");
	expect_error(ENODEV, try_map(PROT_READ, MAP_PRIVATE, shared, 0),
		     "private mmap of it");
	close(shared);
}

TEST(never_a_copy, &file)
{
	static const int protections[] = {
		PROT_NONE, PROT_READ, PROT_WRITE, PROT_READ | PROT_WRITE,
	};
	static const int flags[] = {
		0, MAP_POPULATE, MAP_LOCKED, MAP_NORESERVE, MAP_32BIT,
		MAP_NONBLOCK, MAP_STACK, MAP_DENYWRITE,
	};
	unsigned int p, f;

	for (p = 0; p < ARRAY_SIZE(protections); p++) {
		for (f = 0; f < ARRAY_SIZE(flags); f++) {
			int how = MAP_PRIVATE | flags[f];

			expect_error(EINVAL, try_map(protections[p], how, fd, 0),
				     "mmap with protection %#x, flags %#x",
				     protections[p], how);
		}
	}
	expect_error(EINVAL, try_map(PROT_READ, MAP_SHARED | MAP_GROWSDOWN,
				     fd, 0), "a mapping that grows");
	assert_as_before("mappings that were refused");
}

TEST(never_executable, &file)
{
	static const int protections[] = {
		PROT_EXEC, PROT_EXEC | PROT_READ,
		PROT_EXEC | PROT_READ | PROT_WRITE,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(protections); i++) {
		expect_error(EPERM, try_map(protections[i], MAP_SHARED, fd, 0),
			     "mmap with protection %#x", protections[i]);
		expect_error(EPERM, try_map(protections[i], MAP_PRIVATE, fd, 0),
			     "private mmap with protection %#x", protections[i]);
		expect_error(EACCES, mprotect(map, PAGE, protections[i]),
			     "mprotect to %#x", protections[i]);
		expect_error(EACCES, pkey_mprotect(map, PAGE, protections[i], -1),
			     "pkey_mprotect to %#x", protections[i]);
	}
	assert_as_before("protections that were refused");
}

/* Does /proc/self/maps call the mapping at @at executable? */
static bool is_executable(const void *at)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512], rights[8] = "";
	unsigned long start;

	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps)) {
		if (sscanf(line, "%lx-%*x %7s", &start, rights) == 2 &&
		    start == (unsigned long)at)
			break;
		*rights = '\0';
	}
	fclose(maps);
	assert_int_equal(strlen(rights), 4);
	return rights[2] == 'x';
}

/*
 * The personality makes each readable mapping of an old program executable, but
 * not this one.
 */
static void map_with_old_personality(void *arg)
{
	char *own;

	(void)arg;
	expect_ok(personality(READ_IMPLIES_EXEC), "personality");
	own = file_map(fd, FILE_SIZE);
	assert_false(is_executable(own));
	expect_ok(mprotect(own, FILE_SIZE, PROT_READ), "mprotect");
	assert_false(is_executable(own));
}

TEST(not_even_implicitly, &file)
{
	child_run(map_with_old_personality, NULL);
}

static char *reserve(size_t size)
{
	char *place = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			   -1, 0);

	assert_ptr_not_equal(place, MAP_FAILED);
	return place;
}

static char *remap(char *start, size_t old_size, size_t new_size, int flags)
{
	char *place = reserve(new_size);

	start = mremap(start, old_size, new_size,
		       MREMAP_MAYMOVE | MREMAP_FIXED | flags, place);
	expect_ok(start == MAP_FAILED ? -1 : 0, "mremap");
	return start;
}

/* The kernel doesn't merge such mappings, even if one continues the other. */
TEST(grows_nowhere_in_place, &file)
{
	char *place = reserve(3 * FILE_SIZE);

	/* With room behind the mapping, and then without */
	map = mremap(map, FILE_SIZE, FILE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED,
		     place);
	assert_ptr_equal(map, place);
	munmap(place + FILE_SIZE, FILE_SIZE);
	expect_error(ENOMEM, mremap(map, FILE_SIZE, 2 * FILE_SIZE, 0) ==
		     MAP_FAILED ? -1 : 0, "growing into what is free");
	assert_as_before("mremap that was refused");
	expect_error(ENOMEM, mremap(map, FILE_SIZE, 3 * FILE_SIZE, 0) ==
		     MAP_FAILED ? -1 : 0, "growing into what isn't");
	assert_as_before("mremap that was refused");
	munmap(place + 2 * FILE_SIZE, FILE_SIZE);
}

TEST(grows_to_what_the_file_has, &file)
{
	char *part = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			  HALF - PAGE);

	assert_ptr_not_equal(part, MAP_FAILED);
	expect_reads(part, MARK, "last shared page");
	/* To private and shared pages, and behind the end */
	part = remap(part, PAGE, 2 * HALF, 0);
	expect_reads(part, MARK, "shared page");
	expect_sigbus(part + PAGE, "private page in what came with growth");
	expect_sigbus(part + HALF, "last private page in it");
	expect_sigbus(part + HALF + PAGE, "first page behind the end");
	expect_sigbus(part + 2 * HALF - 1, "last byte behind the end");

	/* The new mapping is like any other: conversions unmap pages from it. */
	expect_ok(file_make_shared(fd, HALF, HALF, CONVERT_PRESERVE),
		  "to shared");
	expect_reads(part + PAGE, 0, "page that is shared now");
	expect_sigbus(part + HALF + PAGE, "first page behind the end");
	expect_ok(file_make_private(fd, HALF, HALF, 0), "to private");
	expect_sigbus(part + PAGE, "page that is private again");
	munmap(part, 2 * HALF);

	map = remap(map, FILE_SIZE, 3 * FILE_SIZE, 0);
	assert_as_before("growth");
	assert_converts("growth");
	expect_sigbus(map + FILE_SIZE, "first page behind the end");
	expect_sigbus(map + 3 * FILE_SIZE - 1, "last byte behind the end");
	assert_int_equal(file_allocated(fd), FILE_SIZE);
	munmap(map + FILE_SIZE, 2 * FILE_SIZE);
}

TEST(a_second_one, &file)
{
	char *first = map;

	map = remap(map, 0, FILE_SIZE, 0);
	assert_as_before("a second mapping");
	assert_converts("a second mapping");
	expect_reads(first, MARK, "page in the first one");
	munmap(first, FILE_SIZE);

	/* The mapping that is left behind works like a new one. */
	first = map;
	map = remap(map, FILE_SIZE, FILE_SIZE, MREMAP_DONTUNMAP);
	assert_as_before("a move that left the old one");
	assert_converts("a move that left the old one");
	expect_reads(first, MARK, "page in the old one");
	expect_sigbus(first + HALF, "private page in the old one");
	munmap(first, FILE_SIZE);
}

TEST(moves_and_shrinks, &file)
{
	map = remap(map, FILE_SIZE, FILE_SIZE, 0);
	assert_as_before("a move");
	assert_converts("a move");
	assert_as_before("a move and two conversions");
	/* Parts of a mapping work like the whole. */
	expect_ok(munmap(map + PAGE, PAGE), "munmap of a page");
	assert_converts("a hole in the mapping");
	map = mremap(map, PAGE, PAGE, MREMAP_MAYMOVE, 0);
	expect_ok(file_make_private(fd, 0, HALF, 0), "to private");
	expect_sigbus(map, "page of a mapping that was cut");
}

/*
 * A mapping can have its pages in another order: the page's attribute counts, not
 * the place.
 */
TEST(other_order_of_pages, &file)
{
	expect_ok(syscall(SYS_remap_file_pages, map, PAGE, 0, HALF / PAGE, 0),
		  "remap_file_pages to a private page");
	expect_sigbus(map, "private page in another place");
	expect_ok(syscall(SYS_remap_file_pages, map, PAGE, 0, 0, 0),
		  "remap_file_pages back");
	assert_as_before("remap_file_pages");
}

TEST(behind_the_end, &file)
{
	char *large = mmap(NULL, 4 * FILE_SIZE, PROT_READ | PROT_WRITE,
			   MAP_SHARED, fd, 0);
	char *behind = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			    GIB);
	char *far = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			 LARGEST_FILE);

	assert_ptr_not_equal(large, MAP_FAILED);
	assert_ptr_not_equal(behind, MAP_FAILED);
	assert_ptr_not_equal(far, MAP_FAILED);
	expect_ok(file_make_shared(fd, 0, FILE_SIZE, 0), "to shared");
	expect_reads(large + FILE_SIZE - 1, 0, "last byte");
	expect_sigbus(large + FILE_SIZE, "first byte behind the end");
	expect_sigbus(large + 4 * FILE_SIZE - 1, "last byte mapped");
	expect_sigbus(behind, "page far behind the end");
	expect_sigbus(far, "page very far behind the end");
	assert_int_equal(file_allocated(fd), FILE_SIZE);
	munmap(large, 4 * FILE_SIZE);
	munmap(behind, PAGE);
	munmap(far, PAGE);
}

TEST(only_through_the_file, &file)
{
	char path[64];
	int handle;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	handle = expect_ok(open(path, O_PATH | O_CLOEXEC), "open with O_PATH");
	expect_error(EBADF, try_map(PROT_READ, MAP_SHARED, handle, 0),
		     "mmap of the path");
	close(handle);

	/* procfs has another path to a mapped file. */
	snprintf(path, sizeof(path), "/proc/self/map_files/%lx-%llx",
		 (unsigned long)map, (uintptr_t)map + FILE_SIZE);
	expect_error_of(((const int[]){ ENXIO, ENODEV, EACCES, EPERM, EINVAL, 0 }),
			open(path, O_RDWR | O_CLOEXEC), "open %s", path);
}

TEST(locking_pins_nothing, &file)
{
	mlock(map, HALF);
	assert_converts("mlock");
	mlock2(map, FILE_SIZE, MLOCK_ONFAULT);
	assert_converts("mlock2");
	mlockall(MCL_CURRENT | MCL_FUTURE);
	assert_converts("mlockall");
	assert_as_before("all ways to lock");
	munlockall();

	munmap(map, FILE_SIZE);
	map = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE,
		   MAP_SHARED | MAP_LOCKED | MAP_POPULATE, fd, 0);
	assert_ptr_not_equal(map, MAP_FAILED);
	assert_converts("MAP_LOCKED");
	assert_as_before("MAP_LOCKED");
}

TEST(advice, &file)
{
	int i;

	/* Advice that kernels have numbers for; higher numbers poison pages. */
	for (i = 0; i < 64; i++) {
		char what[32];

		snprintf(what, sizeof(what), "advice %d", i);
		if (i == MADV_REMOVE || i == MADV_DONTFORK)
			continue;
		madvise(map, FILE_SIZE, i);
		assert_as_before(what);
		assert_converts(what);
	}
	expect_error(EFAULT, madvise(map + HALF, PAGE, MADV_POPULATE_READ),
		     "MADV_POPULATE_READ of a private page");
	expect_error(EFAULT, madvise(map + HALF, PAGE, MADV_POPULATE_WRITE),
		     "MADV_POPULATE_WRITE of a private page");

	expect_ok(madvise(map, PAGE, MADV_REMOVE), "MADV_REMOVE");
	expect_reads(map, 0, "page that was removed");
	expect_reads(map + PAGE, MARK, "the one behind it");
	/*
	 * MADV_REMOVE punches a hole, which the owner of a descriptor may do
	 * anyway.
	 */
	expect_ok(madvise(map + HALF, PAGE, MADV_REMOVE), "of a private page");
	assert_int_equal(lseek(fd, HALF, SEEK_DATA), HALF + PAGE);
}

TEST_MAIN("mapping")
