// SPDX-License-Identifier: GPL-2.0-only
/*
 * Huge pages that the host has mapped, as a whole or in parts, that are
 * converted in parts, and some of whose pages are pinned.
 */
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "convert.h"
#include "huge.h"
#include "touch.h"
#include "unit.h"

#define BLOCKS 3
#define PAGES (BLOCKS * HUGE_PAGES)
#define FILE_SIZE (BLOCKS * HUGE_PAGE)

static int fd;
static char *map;
static int pipes[2];

static unsigned char mark(unsigned int page)
{
	return page % 251 + 1;
}

static char *at(unsigned int page)
{
	return map + page * PAGE;
}

static void expect_marks(unsigned int first, unsigned int end)
{
	for (unsigned int i = first; i < end; i++)
		expect_reads(at(i) + i % PAGE, mark(i), "page %u", i);
}

/* Only some of many, since each costs a signal */
static void expect_private(unsigned int first, unsigned int end)
{
	unsigned int i;

	for (i = first; i < end; i += 1 + (end - first) / 50)
		expect_sigbus(at(i), "page %u", i);
	expect_sigbus(at(end - 1), "page %u", end - 1);
}

static void hide(unsigned int first, unsigned int count, __u64 flags)
{
	expect_ok(file_make_private(fd, first * PAGE, count * PAGE, flags),
		  "%u pages at %u to private", count, first);
}

static void share(unsigned int first, unsigned int count, __u64 flags)
{
	expect_ok(file_make_shared(fd, first * PAGE, count * PAGE, flags),
		  "%u pages at %u to shared", count, first);
}

struct part {
	unsigned int first;
	unsigned int count;
};

static const struct part parts[] = {
	{ 0, 1 }, { 511, 1 }, { 512, 1 }, { 700, 1 }, { 1023, 1 },
	{ 511, 2 }, { 512, 512 }, { 511, 514 }, { 513, 510 }, { 100, 1300 },
	{ 0, PAGES },
};

static int create(void **state)
{
	(void)state;
	fd = huge_create(FILE_SIZE, KVM_PRIVATE_FLAG_MMAP |
			 KVM_PRIVATE_FLAG_INIT_SHARED);
	map = file_map(fd, FILE_SIZE);
	for (unsigned int i = 0; i < PAGES; i++)
		memset(at(i), mark(i), PAGE);
	expect_backing(fd, BLOCKS, 0, "written");
	return pipe2(pipes, O_CLOEXEC);
}

static int destroy(void **state)
{
	(void)state;
	munmap(map, FILE_SIZE);
	close(pipes[0]);
	close(pipes[1]);
	return close(fd);
}

static const struct fixture file = { .setup = create, .teardown = destroy };

/*
 * There and back: the huge pages needn't change for that, nor does the content.
 */
TEST(convert_parts, &file)
{
	__u64 pfn = pfn_at(at(0));
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		unsigned int first = parts[i].first, count = parts[i].count;

		hide(first, count, CONVERT_PRESERVE);
		assert_int_equal(file_shared(fd), FILE_SIZE - count * PAGE);
		expect_backing(fd, BLOCKS, 0, "row %u, hidden", i);
		expect_private(first, first + count);
		expect_marks(0, first);
		expect_marks(first + count, PAGES);
		share(first, count, CONVERT_PRESERVE);
		expect_marks(0, PAGES);
		assert_int_equal(file_shared(fd), FILE_SIZE);
		expect_backing(fd, BLOCKS, 0, "row %u, shared again", i);
		assert_int_equal(pfn_at(at(0)), pfn);
	}
}

TEST(every_other_page, &file)
{
	unsigned int i;

	for (i = 0; i < PAGES; i += 2)
		hide(i, 1, CONVERT_PRESERVE);
	assert_int_equal(file_shared(fd), FILE_SIZE / 2);
	for (i = 0; i < PAGES; i++)
		if (i % 2)
			expect_marks(i, i + 1);
		else if (i % 16 == 0)
			expect_sigbus(at(i), "page %u", i);
	share(0, PAGES, CONVERT_PRESERVE);
	expect_marks(0, PAGES);
	expect_backing(fd, BLOCKS, 0, "shared again");
}

/* A conversion zeroes the pages that it names and none beside them. */
TEST(zero_parts, &file)
{
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		unsigned int first = parts[i].first;
		unsigned int end = first + parts[i].count;

		hide(0, PAGES, CONVERT_PRESERVE);
		share(first, end - first, CONVERT_ZERO);
		share(0, PAGES, CONVERT_PRESERVE);
		for (j = first; j < end; j++) {
			assert_int_equal(*(__u64 *)at(j), 0);
			expect_reads(at(j) + j % PAGE, 0, "page %u", j);
			memset(at(j), mark(j), PAGE);
		}
		expect_marks(0, PAGES);
	}
}

/* A private part of a split block, and holes in it */
TEST(convert_with_holes, &file)
{
	hide(600, 100, CONVERT_PRESERVE);
	expect_ok(file_punch(fd, 650 * PAGE, 100 * PAGE), "punch");
	expect_backing(fd, BLOCKS - 1, 412, "punched");
	expect_sigbus(at(650), "a private hole");
	expect_reads(at(749), 0, "a shared hole");
	expect_backing(fd, BLOCKS - 1, 413, "touched");
	share(600, 100, CONVERT_PRESERVE);
	expect_marks(512, 650);
	expect_reads(at(650), 0, "the hole");
	expect_marks(750, 1024);
}

static void pin(unsigned int first, unsigned int count)
{
	struct iovec vec = { at(first), count * PAGE };

	expect_between(vmsplice(pipes[1], &vec, 1, 0), count * PAGE,
		       count * PAGE, "vmsplice of %u pages at %u", count, first);
}

static void release_one(unsigned int page)
{
	unsigned char buffer[PAGE];

	assert_int_equal(read(pipes[0], buffer, PAGE), PAGE);
	assert_int_equal(buffer[0], mark(page));
	assert_int_equal(buffer[PAGE - 1], mark(page));
}

/* A pinned page pins no other page of its block. */
TEST(pinned_page_blocks_itself, &file)
{
	static const unsigned int pages[] = {
		0, 1, 511, 512, 513, 800, 1023, 1024, PAGES - 1,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		unsigned int page = pages[i];

		pin(page, 1);
		expect_pinned(fd, 0, FILE_SIZE, page * PAGE);
		expect_pinned(fd, page * PAGE, PAGE, page * PAGE);
		assert_int_equal(file_shared(fd), FILE_SIZE);
		if (page) {
			hide(page - 1, 1, CONVERT_PRESERVE);
			hide(0, page, CONVERT_PRESERVE);
		}
		if (page < PAGES - 1)
			hide(page + 1, PAGES - 1 - page, CONVERT_PRESERVE);
		assert_int_equal(file_shared(fd), PAGE);
		expect_pinned(fd, 0, FILE_SIZE, page * PAGE);
		expect_reads(at(page), mark(page), "the page that is pinned");
		share(0, PAGES, CONVERT_PRESERVE);
		release_one(page);
		hide(0, PAGES, CONVERT_PRESERVE);
		share(0, PAGES, CONVERT_PRESERVE);
		expect_marks(0, PAGES);
	}
	expect_backing(fd, BLOCKS, 0, "nothing was split");
}

TEST(several_pinned, &file)
{
	pin(510, 5);
	for (unsigned int page = 510; page < 515; page++) {
		expect_pinned(fd, 0, FILE_SIZE, page * PAGE);
		expect_pinned(fd, page * PAGE, PAGE, page * PAGE);
		release_one(page);
	}
	hide(0, PAGES, CONVERT_PRESERVE);
}

/*
 * A page that is punched while a pipe pins it stays the pipe's, with its
 * content.
 */
TEST(punched_while_pinned, &file)
{
	pin(700, 1);
	pin(900, 1);
	/*
	 * A page beside the pinned one, the pinned page itself, then all of the block
	 */
	expect_ok(file_punch(fd, 701 * PAGE, PAGE), "beside it");
	expect_backing(fd, BLOCKS - 1, 511, "split");
	expect_pinned(fd, 0, FILE_SIZE, 700 * PAGE);
	expect_ok(file_punch(fd, 700 * PAGE, PAGE), "itself");
	expect_ok(file_allocate(fd, 700 * PAGE, PAGE), "another one there");
	expect_reads(at(700), 0, "the new page");
	memset(at(700), 0xff, PAGE);
	expect_pinned(fd, 0, FILE_SIZE, 900 * PAGE);
	expect_ok(file_punch(fd, HUGE_PAGE, HUGE_PAGE), "all of the block");
	expect_ok(file_allocate(fd, HUGE_PAGE, HUGE_PAGE), "another block");
	expect_backing(fd, BLOCKS, 0, "another block");
	memset(at(512), 0xfe, HUGE_PAGE);
	hide(0, PAGES, 0);
	release_one(700);
	release_one(900);
}

/* A punch removes a whole block at once while one of its pages is pinned. */
TEST(block_punched_while_pinned, &file)
{
	pin(512, 2);
	pin(1023, 1);
	expect_ok(file_punch(fd, HUGE_PAGE, HUGE_PAGE), "punch");
	expect_backing(fd, BLOCKS - 1, 0, "punched");
	expect_ok(file_allocate(fd, 0, FILE_SIZE), "allocate");
	memset(at(512), 0xfd, HUGE_PAGE);
	release_one(512);
	release_one(513);
	release_one(1023);
	hide(0, PAGES, 0);
}

TEST(closed_while_pinned, &file)
{
	pin(0, 1);
	pin(600, 1);
	munmap(map, FILE_SIZE);
	close(fd);
	release_one(0);
	release_one(600);
	/* The teardown closes them. */
	fd = huge_create(FILE_SIZE, KVM_PRIVATE_FLAG_MMAP);
	map = file_map(fd, FILE_SIZE);
}

/* The child has the mapping too, and loses the pages that its parent converts. */
static void look_twice(void *arg)
{
	struct meeting *meeting = arg;

	expect_marks(0, PAGES);
	meet_parent(meeting);
	meet_parent(meeting);
	expect_marks(0, 600);
	expect_private(600, 700);
	expect_marks(700, 1000);
	expect_reads(at(1000), 0, "a hole in it");
	expect_marks(1001, PAGES);
	*at(5) = 'c';
}

TEST(across_a_fork, &file)
{
	struct meeting meeting;
	pid_t pid;

	meeting_open(&meeting);
	pid = child_start(look_twice, &meeting);
	meet_child(&meeting);
	hide(600, 100, CONVERT_PRESERVE);
	expect_ok(file_punch(fd, 1000 * PAGE, PAGE), "punch");
	meet_child(&meeting);
	child_wait(pid);
	meeting_close(&meeting);
	expect_reads(at(5), 'c', "what the child wrote");
	expect_backing(fd, BLOCKS - 1, HUGE_PAGES, "refilled by the child");
}

/* Mappings of parts, at any distance from a block's start */
TEST(mappings_of_parts, &file)
{
	static const unsigned int offsets[] = { 1, 256, 511, 513, 1000 };
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		unsigned int first = offsets[i];
		unsigned int count = PAGES - first - i;
		unsigned char *part = mmap(NULL, count * PAGE,
					   PROT_READ | PROT_WRITE, MAP_SHARED,
					   fd, first * PAGE);

		assert_ptr_not_equal(part, MAP_FAILED);
		for (j = 0; j < count; j++)
			expect_between(part[j * PAGE], mark(first + j),
				       mark(first + j), "page %u of %u", j, first);
		expect_ok(munmap(part + 17 * PAGE, PAGE), "a hole in it");
		hide(first + 20, 3, CONVERT_PRESERVE);
		assert_int_equal(part[19 * PAGE], mark(first + 19));
		expect_sigbus(part + 20 * PAGE, "a private page");
		assert_int_equal(part[23 * PAGE], mark(first + 23));
		share(first + 20, 3, CONVERT_PRESERVE);
		munmap(part, count * PAGE);
	}
	expect_marks(0, PAGES);
	expect_backing(fd, BLOCKS, 0, "nothing was split");
}

TEST_MAIN("huge_shared")
