// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_PRIVATE_COLLAPSE: blocks that came apart, or were allocated piece by
 * piece, get huge pages.
 */
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "child.h"
#include "convert.h"
#include "huge.h"
#include "meminfo.h"
#include "memory.h"
#include "touch.h"
#include "unit.h"

#define BLOCKS 4
#define TAIL 9
#define PAGES (BLOCKS * HUGE_PAGES + TAIL)
#define FILE_SIZE (PAGES * PAGE)

static int fd;
static char *map;

static __u64 *word(unsigned int page)
{
	return (__u64 *)(map + page * PAGE);
}

static __u64 mark(unsigned int page)
{
	return 0xc011000000000000ULL + page;
}

static void expect_marks(unsigned int first, unsigned int end)
{
	for (unsigned int i = first; i < end; i++) {
		expect_between(word(i)[0], mark(i), mark(i), "page %u", i);
		expect_between(word(i)[511], mark(i), mark(i),
			       "last word of page %u", i);
	}
}

static void punch_page(unsigned int page)
{
	expect_ok(file_punch(fd, page * PAGE, PAGE), "punch page %u", page);
}

/* Collapses a range, and checks that the call reports all of it as done. */
static void collapse(unsigned int first, unsigned int count)
{
	struct kvm_private_collapse collapse = {
		.offset = first * PAGE, .size = count * PAGE,
	};

	expect_ok(file_collapse(fd, &collapse), "collapse %u pages at %u", count,
		  first);
	assert_int_equal(collapse.offset, (first + count) * PAGE);
	assert_int_equal(collapse.size, 0);
}

static int create(void **state)
{
	(void)state;
	fd = huge_create(FILE_SIZE, KVM_PRIVATE_FLAG_MMAP |
			 KVM_PRIVATE_FLAG_INIT_SHARED);
	map = file_map(fd, FILE_SIZE);
	for (unsigned int i = 0; i < PAGES; i++) {
		word(i)[0] = mark(i);
		word(i)[511] = mark(i);
	}
	expect_backing(fd, BLOCKS, TAIL, "written");
	return 0;
}

static int destroy(void **state)
{
	(void)state;
	munmap(map, FILE_SIZE);
	return close(fd);
}

static const struct fixture file = { .setup = create, .teardown = destroy };

/*
 * The call can't write how far it got, so it may only fail: no content may be
 * lost.
 */
TEST(struct_in_read_only_memory, &file)
{
	void *start = guarded_map(PAGE);
	struct kvm_private_collapse *collapse = start;

	collapse->size = FILE_SIZE;
	make_read_only(start);
	expect_error(EFAULT, file_collapse(fd, collapse), "read-only");
	guarded_unmap(start, PAGE);
	expect_marks(0, PAGES);
}

TEST(not_on_base_pages)
{
	struct kvm_private_collapse collapse = { .size = FILE_SIZE };
	int own = file_create(FILE_SIZE, 0);

	expect_error(EINVAL, file_collapse(own, &collapse), "base pages");
	expect_ok(file_allocate(own, 0, FILE_SIZE), "allocate");
	expect_error(EINVAL, file_collapse(own, &collapse), "base pages");
	expect_backing(own, 0, PAGES, "as before");
	close(own);
}

/* All blocks are huge pages, so that no page moves. */
TEST(unsplit_already, &file)
{
	__u64 pfn = pfn_at(word(0));

	collapse(0, PAGES);
	assert_int_equal(pfn_at(word(0)), pfn);
	expect_backing(fd, BLOCKS, TAIL, "unsplit already");
	expect_marks(0, PAGES);
}

/* A hole that was filled up: one page of the block is from elsewhere. */
TEST(after_a_hole, &file)
{
	static const unsigned int holes[] = { 0, 1, 255, 510, 511 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(holes); i++) {
		unsigned int page = HUGE_PAGES + holes[i];

		punch_page(page);
		*word(page) = mark(page);
		word(page)[511] = mark(page);
		expect_backing(fd, BLOCKS - 1, 512 + TAIL, "filled up");
		collapse(0, PAGES);
		expect_backing(fd, BLOCKS, TAIL, "collapsed");
		expect_marks(0, PAGES);
		assert_int_equal(pfn_at(word(512)) % HUGE_PAGES, 0);
		assert_int_equal(pfn_at(word(1023)),
				 pfn_at(word(512)) + 511);
	}
}

/* Holes become zeros. */
TEST(with_holes, &file)
{
	punch_page(512);
	expect_ok(file_punch(fd, 600 * PAGE, 400 * PAGE), "punch");
	collapse(512, 512);
	expect_backing(fd, BLOCKS, TAIL, "collapsed");
	for (unsigned int i = 512; i < 1024; i++)
		if (i == 512 || (i >= 600 && i < 1000))
			for (unsigned int j = 0; j < 512; j++)
				assert_int_equal(word(i)[j], 0);
		else
			expect_marks(i, i + 1);
	expect_marks(0, 512);
	expect_marks(1024, PAGES);
}

/* Only one page of the block is left, anywhere in it. */
TEST(of_one_page, &file)
{
	static const unsigned int pages[] = { 0, 300, 511 };

	for (unsigned int i = 0; i < ARRAY_SIZE(pages); i++) {
		unsigned int page = i * HUGE_PAGES + pages[i];
		unsigned int block = i * HUGE_PAGES;

		if (pages[i])
			expect_ok(file_punch(fd, block * PAGE, pages[i] * PAGE),
				  "punch before it");
		if (pages[i] < 511)
			expect_ok(file_punch(fd, (page + 1) * PAGE,
					     (511 - pages[i]) * PAGE),
				  "punch behind it");
		assert_int_equal(file_small(fd), (1 + TAIL) * PAGE);
		collapse(block, 512);
		expect_backing(fd, BLOCKS, TAIL, "page %u", page);
		expect_marks(page, page + 1);
		assert_int_equal(*word(block + (pages[i] + 100) % 512), 0);
	}
}

/* A block without pages stays a hole. */
TEST(holes_stay, &file)
{
	expect_ok(file_punch(fd, 0, FILE_SIZE), "punch all");
	collapse(0, PAGES);
	expect_backing(fd, 0, 0, "nothing was there");
	expect_ok(file_allocate(fd, HUGE_PAGE, PAGE), "allocate");
	punch_page(700);
	collapse(0, PAGES);
	expect_backing(fd, 1, 0, "one block was there");
	assert_int_equal(lseek(fd, 0, SEEK_DATA), HUGE_PAGE);
	assert_int_equal(lseek(fd, HUGE_PAGE, SEEK_HOLE), 2 * HUGE_PAGE);
}

/* The call leaves out blocks that are only partly in the range. */
TEST(ranges, &file)
{
	for (unsigned int i = 0; i < BLOCKS; i++)
		punch_page(i * HUGE_PAGES + 17);
	collapse(0, 511);
	collapse(1, 512);
	collapse(511, 2);
	collapse(513, 1022);
	expect_backing(fd, 0, BLOCKS * 511 + TAIL, "no block was in a range");
	collapse(1, 1023);
	expect_backing(fd, 1, 3 * 511 + TAIL, "the second was");
	collapse(0, 1025);
	expect_backing(fd, 2, 2 * 511 + TAIL, "the first one too");
	collapse(1024, PAGES - 1024);
	expect_backing(fd, BLOCKS, TAIL, "to the end");
}

/* Each page keeps its attribute, and private pages keep their content. */
TEST(attributes_stay, &file)
{
	for (unsigned int i = 512; i < 1024; i += 3)
		expect_ok(file_make_private(fd, i * PAGE, PAGE,
					    CONVERT_PRESERVE), "page %u", i);
	punch_page(513);
	punch_page(515);
	assert_int_equal(file_shared(fd), FILE_SIZE - 171 * PAGE);
	collapse(0, PAGES);
	expect_backing(fd, BLOCKS, TAIL, "collapsed");
	assert_int_equal(file_shared(fd), FILE_SIZE - 171 * PAGE);
	for (unsigned int i = 512; i < 1024; i++) {
		if ((i - 512) % 3 == 0)
			expect_sigbus(word(i), "private page %u", i);
		else if (i == 513)
			assert_int_equal(*word(i), 0);
		else
			expect_marks(i, i + 1);
	}
	expect_ok(file_make_shared(fd, 0, FILE_SIZE, CONVERT_PRESERVE), "share");
	assert_int_equal(*word(515), 0);
	expect_marks(514, 515);
	expect_marks(516, PAGES);
	expect_backing(fd, BLOCKS, TAIL, "shared");
}

/* All private from the first to the last */
TEST(private_all_the_time, &file)
{
	int own = huge_create(2 * HUGE_PAGE, KVM_PRIVATE_FLAG_MMAP);
	char *own_map = file_map(own, 2 * HUGE_PAGE);
	struct kvm_private_populate populate = {
		.size = HUGE_PAGE, .source = (uintptr_t)map,
	};

	expect_ok(file_populate(own, &populate), "populate");
	expect_ok(file_punch(own, 5 * PAGE, PAGE), "punch");
	collapse_all(own, 2 * HUGE_PAGE);
	expect_backing(own, 1, 0, "collapsed");
	expect_sigbus(own_map, "a private page");
	expect_ok(file_make_shared(own, 0, HUGE_PAGE, CONVERT_PRESERVE),
		  "share");
	for (unsigned int i = 0; i < 512; i++)
		assert_int_equal(*(__u64 *)(own_map + i * PAGE),
				 i == 5 ? 0 : mark(i));
	munmap(own_map, 2 * HUGE_PAGE);
	close(own);
}

static int pipes[2];

static void pin(unsigned int page)
{
	struct iovec vec = { word(page), PAGE };

	assert_int_equal(vmsplice(pipes[1], &vec, 1, 0), PAGE);
}

static void release(unsigned int page)
{
	__u64 buffer[512];

	assert_int_equal(read(pipes[0], buffer, PAGE), PAGE);
	assert_int_equal(buffer[0], mark(page));
}

/*
 * A page that a pipe has pinned can't move. The call stops there with all blocks
 * before it collapsed, and goes on once the page is released.
 */
TEST(pinned_page, &file)
{
	struct kvm_private_collapse rest = { .size = FILE_SIZE };

	expect_ok(pipe2(pipes, O_CLOEXEC), "pipe");
	for (unsigned int i = 0; i < BLOCKS; i++)
		punch_page(i * HUGE_PAGES + 17);
	pin(2 * HUGE_PAGES + 100);
	expect_error(EAGAIN, file_collapse(fd, &rest), "collapse");
	assert_int_equal(rest.offset, 2 * HUGE_PAGE);
	assert_int_equal(rest.size, FILE_SIZE - 2 * HUGE_PAGE);
	/*
	 * The call may have filled the block's holes before it came to the
	 * page.
	 */
	assert_int_equal(file_huge(fd), 2 * HUGE_PAGE);
	expect_between(file_small(fd) / PAGE, 2 * 511 + TAIL,
		       511 + 512 + TAIL, "base pages");
	expect_error(EAGAIN, file_collapse(fd, &rest), "again");
	assert_int_equal(rest.offset, 2 * HUGE_PAGE);
	/* The pipe and the mapping still have the same page. */
	word(2 * HUGE_PAGES + 100)[100] = 0x1234;
	release(2 * HUGE_PAGES + 100);
	expect_ok(file_collapse(fd, &rest), "with none pinned");
	assert_int_equal(rest.size, 0);
	expect_backing(fd, BLOCKS, TAIL, "collapsed");
	assert_int_equal(word(2 * HUGE_PAGES + 100)[100], 0x1234);
	close(pipes[0]);
	close(pipes[1]);
}

/* A block that is a huge page already may have pinned pages, and so may the tail. */
TEST(pinned_beside, &file)
{
	expect_ok(pipe2(pipes, O_CLOEXEC), "pipe");
	pin(5);
	pin(PAGES - 1);
	punch_page(512);
	collapse(0, PAGES);
	expect_backing(fd, BLOCKS, TAIL, "collapsed");
	release(5);
	release(PAGES - 1);
	close(pipes[0]);
	close(pipes[1]);
}

/* Split, collapsed, and split again, at each place in each order */
TEST(again_and_again, &file)
{
	__u64 before = settled_memfree();
	unsigned int round;

	srandom(7);
	for (round = 0; round < 60; round++) {
		unsigned int page = random() % (BLOCKS * HUGE_PAGES);

		punch_page(page);
		if (random() % 2) {
			word(page)[0] = mark(page);
			word(page)[511] = mark(page);
		}
		collapse(0, PAGES);
		expect_backing(fd, BLOCKS, TAIL, "round %u", round);
		word(page)[0] = mark(page);
		word(page)[511] = mark(page);
		if (round % 10 == 0)
			expect_marks(0, PAGES);
	}
	expect_marks(0, PAGES);
	/* As much memory is free as before: no page is lost. */
	wait_for_memfree(before - MEMINFO_NOISE);
}

TEST_MAIN("collapse")
