// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files backed by pages of 2 MiB: creating them, and the units in which they
 * are allocated.
 */
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "convert.h"
#include "huge.h"
#include "touch.h"
#include "unit.h"

#define BLOCKS 6
#define TAIL 5
#define FILE_SIZE (BLOCKS * HUGE_PAGE + TAIL * PAGE)

static int device;

static __u64 page_sizes(void)
{
	struct kvm_private_info info = { .size = sizeof(info) };

	expect_ok(ioctl(device, KVM_PRIVATE_GET_INFO, &info), "GET_INFO");
	return info.page_sizes;
}

TEST(page_shifts)
{
	static const __u32 bad[] = {
		1, 9, 11, 13, 20, 22, 29, 31, 32, 39, 63, 64, 64 + 12, 64 + 21,
		21 | 1 << 8, 21 | 1U << 31, INT_MAX, UINT_MAX,
	};
	unsigned int i;

	assert_true(page_sizes() & HUGE_PAGE);
	assert_true(page_sizes() & PAGE);
	assert_int_equal(page_sizes() & ~(PAGE | HUGE_PAGE | GIB), 0);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		expect_error(EINVAL, try_create_shift(device, GIB, 0, bad[i]),
			     "page_shift %#x", bad[i]);
	for (i = 0; i < 64; i++) {
		if (i && !(page_sizes() & 1ULL << i))
			expect_error(EINVAL, try_create_shift(device, GIB, 0, i),
				     "page_shift %u, which isn't shown", i);
		else
			close(expect_ok(try_create_shift(device, GIB, 0, i),
					"page_shift %u", i));
	}
}

TEST(strict_flag)
{
	static const __u32 shifts[] = { 0, 12, 21, 30 };
	struct kvm_private_info info = { .size = sizeof(info) };
	unsigned int i;

	expect_ok(ioctl(device, KVM_PRIVATE_GET_INFO, &info), "GET_INFO");
	assert_true(info.create_flags & KVM_PRIVATE_FLAG_HUGE_STRICT);
	for (i = 0; i < ARRAY_SIZE(shifts); i++)
		close(expect_ok(try_create_shift(device, GIB,
						 KVM_PRIVATE_FLAG_HUGE_STRICT,
						 shifts[i]),
				"strict, page_shift %u", shifts[i]));
}

/* Sizes need not be multiples of the backing page. */
TEST(sizes)
{
	static const __u64 good[] = {
		PAGE, HUGE_PAGE - PAGE, HUGE_PAGE, HUGE_PAGE + PAGE,
		GIB + MIB, LARGEST_FILE - PAGE, LARGEST_FILE,
	};
	struct stat st;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(good); i++) {
		int fd = huge_create_on(device, good[i], 0);

		expect_ok(fstat(fd, &st), "fstat");
		assert_int_equal(st.st_size, good[i]);
		expect_backing(fd, 0, 0, "new file");
		/* The last page, at the file's end */
		expect_ok(file_allocate(fd, good[i] - PAGE, PAGE), "allocate");
		if (good[i] % HUGE_PAGE)
			expect_backing(fd, 0, 1, "a tail of %#llx", good[i]);
		else
			expect_backing(fd, 1, 0, "no tail at %#llx", good[i]);
		expect_ok(file_punch(fd, 0, good[i]), "punch");
		expect_backing(fd, 0, 0, "punched");
		close(fd);
	}
	expect_error(EINVAL, huge_try_create(device, 0, 0), "no size");
	expect_error(EINVAL, huge_try_create(device, HUGE_PAGE + 512, 0),
		     "a size that isn't of pages");
}

/*
 * An allocated page brings all of its block with it, wherever in the block it
 * lies.
 */
TEST(any_part_allocates_all)
{
	static const __u64 pages[] = { 0, 1, 255, 256, 510, 511 };
	int fd = huge_create_on(device, FILE_SIZE, 0);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		__u64 block = i * HUGE_PAGE;

		expect_ok(file_allocate(fd, block + pages[i] * PAGE, PAGE),
			  "page %llu", pages[i]);
		expect_backing(fd, i + 1, 0, "page %llu", pages[i]);
		assert_int_equal(lseek(fd, block, SEEK_DATA), block);
		assert_int_equal(lseek(fd, block, SEEK_HOLE), block + HUGE_PAGE);
	}
	expect_error(ENXIO, lseek(fd, BLOCKS * HUGE_PAGE, SEEK_DATA), "tail");
	expect_ok(file_allocate(fd, FILE_SIZE - 2 * PAGE, PAGE), "in the tail");
	expect_backing(fd, BLOCKS, 1, "a page of the tail");
	expect_ok(file_allocate(fd, 0, FILE_SIZE), "all");
	expect_backing(fd, BLOCKS, TAIL, "all of the file");
	close(fd);
}

struct range {
	__u64 first;
	__u64 pages;
	/* The pages that are allocated afterwards */
	__u64 blocks;
	__u64 tail;
};

TEST(ranges_across_blocks)
{
	static const struct range ranges[] = {
		{ 511, 2, 2, 0 },
		{ 0, 512, 1, 0 },
		{ 1, 512, 2, 0 },
		{ 511, 514, 3, 0 },
		{ 512, 1024, 2, 0 },
		{ 0, BLOCKS * 512, BLOCKS, 0 },
		{ 5 * 512 + 511, 2, 1, 1 },
		{ 6 * 512, 3, 0, 3 },
		{ 511, BLOCKS * 512 - 511 + TAIL, BLOCKS, TAIL },
	};
	int fd = huge_create_on(device, FILE_SIZE, 0);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		const struct range *range = &ranges[i];

		expect_ok(file_allocate(fd, range->first * PAGE,
					range->pages * PAGE), "row %u", i);
		expect_backing(fd, range->blocks, range->tail, "row %u", i);
		expect_ok(file_punch(fd, 0, FILE_SIZE), "punch");
		expect_backing(fd, 0, 0, "row %u punched", i);
	}
	close(fd);
}

TEST(populate_fills_blocks)
{
	int fd = huge_create_on(device, FILE_SIZE, 0);
	char source[2 * PAGE] = "content";
	struct kvm_private_populate populate = {
		.offset = HUGE_PAGE - PAGE, .size = sizeof(source),
		.source = (uintptr_t)source,
	};

	expect_ok(file_populate(fd, &populate), "across two blocks");
	expect_backing(fd, 2, 0, "populated");
	populate = (struct kvm_private_populate){
		.offset = BLOCKS * HUGE_PAGE - PAGE, .size = sizeof(source),
	};
	expect_ok(file_populate(fd, &populate), "in place, into the tail");
	expect_backing(fd, 3, 1, "populated");
	close(fd);
}

TEST(touch_fills_a_block)
{
	int fd = huge_create_on(device, FILE_SIZE, KVM_PRIVATE_FLAG_MMAP |
				KVM_PRIVATE_FLAG_INIT_SHARED);
	char *map = file_map(fd, FILE_SIZE);
	unsigned char byte;

	expect_reads(map + HUGE_PAGE + 77 * PAGE, 0, "a hole");
	expect_backing(fd, 1, 0, "read");
	assert_int_equal(touch_write(map + 3 * HUGE_PAGE - 1, 1), 0);
	expect_backing(fd, 2, 0, "written");
	assert_int_equal(touch_read(map + FILE_SIZE - 1, &byte), 0);
	expect_backing(fd, 2, 1, "the tail");
	munmap(map, FILE_SIZE);
	close(fd);
}

/* The pages of a huge page lie side by side, and the first one is aligned. */
TEST(pages_are_contiguous)
{
	int fd = huge_create_on(device, HUGE_PAGE, KVM_PRIVATE_FLAG_MMAP |
				KVM_PRIVATE_FLAG_INIT_SHARED);
	char *map = file_map(fd, HUGE_PAGE);
	__u64 first = pfn_at(map);
	unsigned int i;

	assert_int_equal(first % HUGE_PAGES, 0);
	for (i = 0; i < HUGE_PAGES; i++)
		assert_int_equal(pfn_at(map + i * PAGE), first + i);
	munmap(map, HUGE_PAGE);
	close(fd);
}

/* The page reads as zeros, whatever was in its memory before. */
TEST(new_pages_are_clean)
{
	int fd = huge_create_on(device, 16 * HUGE_PAGE, KVM_PRIVATE_FLAG_MMAP |
				KVM_PRIVATE_FLAG_INIT_SHARED);
	char *map = file_map(fd, 16 * HUGE_PAGE);
	unsigned int round;
	__u64 at;

	for (round = 0; round < 4; round++) {
		for (at = 0; at < 16 * HUGE_PAGE; at += PAGE) {
			assert_int_equal(*(__u64 *)(map + at), 0);
			assert_int_equal(*(__u64 *)(map + at + PAGE - 8), 0);
		}
		memset(map, 0xd1, 16 * HUGE_PAGE);
		expect_ok(file_punch(fd, 0, 16 * HUGE_PAGE), "punch");
		expect_backing(fd, 0, 0, "round %u", round);
	}
	munmap(map, 16 * HUGE_PAGE);
	close(fd);
}

/* Allocated pages stay, and the missing ones come as base pages. */
TEST(filling_up)
{
	int fd = huge_create_on(device, FILE_SIZE, 0);

	expect_ok(file_allocate(fd, 0, FILE_SIZE), "allocate");
	expect_ok(file_punch(fd, HUGE_PAGE + PAGE, PAGE), "punch");
	expect_backing(fd, BLOCKS - 1, 511 + TAIL, "a hole");
	expect_ok(file_allocate(fd, 0, FILE_SIZE), "allocate");
	expect_backing(fd, BLOCKS - 1, 512 + TAIL, "filled up");
	/*
	 * The block has no page left, so the next page allocated in it is huge
	 * again.
	 */
	expect_ok(file_punch(fd, HUGE_PAGE, HUGE_PAGE), "punch the block");
	expect_ok(file_allocate(fd, HUGE_PAGE + 7 * PAGE, PAGE), "one page");
	expect_backing(fd, BLOCKS, TAIL, "a new block");
	close(fd);
}

/* A file of base pages gets no huge ones. */
TEST(not_without_asking)
{
	static const __u32 shifts[] = { 0, 12 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(shifts); i++) {
		int fd = expect_ok(try_create_shift(device, FILE_SIZE,
						    KVM_PRIVATE_FLAG_HUGE_STRICT,
						    shifts[i]), "create");

		expect_ok(file_allocate(fd, PAGE, PAGE), "one page");
		expect_backing(fd, 0, 1, "one page");
		expect_ok(file_allocate(fd, 0, 2 * HUGE_PAGE), "many");
		expect_backing(fd, 0, 2 * HUGE_PAGES, "many pages");
		close(fd);
	}
}

TEST(without_auto_allocation)
{
	int fd = huge_create_on(device, FILE_SIZE, KVM_PRIVATE_FLAG_MMAP |
				KVM_PRIVATE_FLAG_INIT_SHARED |
				KVM_PRIVATE_FLAG_NO_AUTO_ALLOC);
	char *map = file_map(fd, FILE_SIZE);

	expect_sigbus(map, "a hole");
	expect_backing(fd, 0, 0, "touched");
	expect_ok(file_allocate(fd, PAGE, PAGE), "allocate");
	expect_backing(fd, 1, 0, "allocated");
	expect_reads(map, 0, "beside it, in the same block");
	expect_ok(file_punch(fd, 0, PAGE), "punch");
	expect_sigbus(map, "the hole in a block");
	expect_reads(map + PAGE, 0, "what is left of it");
	expect_backing(fd, 0, HUGE_PAGES - 1, "touched");
	munmap(map, FILE_SIZE);
	close(fd);
}

static int setup(void **state)
{
	(void)state;
	device = device_open();
	return 0;
}

TEST_MAIN("huge", .setup = setup)
