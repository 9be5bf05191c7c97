// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages with a hardware memory error: no caller gets them any more, and the rest
 * of the file works on.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "convert.h"
#include "huge.h"
#include "poison.h"
#include "poll_until.h"
#include "touch.h"
#include "unit.h"

#define FILE_SIZE (16 * PAGE)
#define BAD 5

#define SHARED (KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED)

/*
 * Fills a file, then injects an error into its page BAD; returns that page's
 * pfn.
 */
static __u64 fill_and_poison(char *map, __u64 size)
{
	__u64 pfn;

	memset(map, 'x', size);
	pfn = pfn_at(map + BAD * PAGE);
	poison_pfn(pfn);
	return pfn;
}

/* The kernel reports errors asynchronously. */
static void wait_until_taken(char *page)
{
	struct poll poll = poll_start();
	unsigned char value;

	while (!touch_read(page, &value)) {
		assert_int_equal(value, 'x');
		assert_true(poll_again(&poll));
	}
	expect_sigbus(page, "the page with an error");
}

/* A process that has the page mapped loses that page and no other. */
TEST(mapped)
{
	int fd = file_create(FILE_SIZE, SHARED), other = file_create(PAGE, SHARED);
	char *map = file_map(fd, FILE_SIZE), *second = file_map(fd, FILE_SIZE);
	char *elsewhere = file_map(other, PAGE);

	memset(elsewhere, 'x', PAGE);
	memset(second, 'x', FILE_SIZE);
	fill_and_poison(map, FILE_SIZE);
	wait_until_taken(map + BAD * PAGE);
	expect_sigbus(second + BAD * PAGE, "in the other mapping");
	for (unsigned int i = 0; i < FILE_SIZE / PAGE; i++) {
		if (i == BAD)
			continue;
		assert_int_not_equal(mapped_pfn(map + i * PAGE), 0);
		assert_int_not_equal(mapped_pfn(second + i * PAGE), 0);
		expect_reads(map + i * PAGE, 'x', "page %u", i);
	}
	assert_int_not_equal(mapped_pfn(elsewhere), 0);
	munmap(elsewhere, PAGE);
	munmap(second, FILE_SIZE);
	munmap(map, FILE_SIZE);
	close(other);
	close(fd);
}

TEST(mapped_in_a_huge_page)
{
	int fd = huge_create(2 * HUGE_PAGE, SHARED);
	char *map = file_map(fd, 2 * HUGE_PAGE);

	expect_ok(file_allocate(fd, 0, 2 * HUGE_PAGE), "allocate");
	memset(map, 'x', 2 * HUGE_PAGE);
	poison_pfn(pfn_at(map + HUGE_PAGE + BAD * PAGE));
	wait_until_taken(map + HUGE_PAGE + BAD * PAGE);
	for (unsigned int i = 0; i < 2 * HUGE_PAGES; i++)
		if (i != HUGE_PAGES + BAD)
			expect_reads(map + i * PAGE, 'x', "page %u", i);
	expect_backing(fd, 2, 0, "still huge");
	munmap(map, 2 * HUGE_PAGE);
	close(fd);
}

/* The file with the page is one of many, some of which are closed meanwhile. */
TEST(many_files)
{
	enum { FILES = 64, ROUNDS = 8 };
	int fds[FILES];
	char *map;

	for (unsigned int i = 0; i < FILES; i++) {
		fds[i] = file_create(FILE_SIZE, SHARED);
		expect_ok(file_allocate(fds[i], 0, FILE_SIZE), "allocate");
	}
	for (unsigned int i = 0; i < ROUNDS; i++) {
		map = file_map(fds[i], FILE_SIZE);
		fill_and_poison(map, FILE_SIZE);
		munmap(map, FILE_SIZE);
		close(fds[i]);
	}
	map = file_map(fds[FILES - 1], FILE_SIZE);
	fill_and_poison(map, FILE_SIZE);
	for (unsigned int i = ROUNDS; i < FILES - 1; i++)
		close(fds[i]);
	wait_until_taken(map + BAD * PAGE);
	munmap(map, FILE_SIZE);
	close(fds[FILES - 1]);
}

/* A new mapping shows only the other pages. */
TEST(mapping)
{
	int fd = file_create(FILE_SIZE, SHARED);
	char *map = file_map(fd, FILE_SIZE);

	fill_and_poison(map, FILE_SIZE);
	munmap(map, FILE_SIZE);
	map = file_map(fd, FILE_SIZE);
	expect_sigbus(map + BAD * PAGE, "the page with an error");
	for (unsigned int i = 0; i < FILE_SIZE / PAGE; i++)
		if (i != BAD)
			expect_reads(map + i * PAGE, 'x', "page %u", i);
	munmap(map, FILE_SIZE);
	close(fd);
}

TEST(populate)
{
	int fd = file_create(FILE_SIZE, SHARED);
	char *map = file_map(fd, FILE_SIZE);
	static char source[FILE_SIZE];
	struct kvm_private_populate populate = {
		.size = FILE_SIZE, .source = (uintptr_t)source,
	};

	memset(source, 'y', sizeof(source));
	fill_and_poison(map, FILE_SIZE);
	expect_ok(file_make_private(fd, 0, FILE_SIZE, 0), "convert");
	expect_error(EHWPOISON, file_populate(fd, &populate), "populate");
	assert_int_equal(populate.offset, BAD * PAGE);
	populate.offset += PAGE;
	populate.size -= PAGE;
	populate.source += PAGE;
	expect_ok(file_populate(fd, &populate), "the rest");
	expect_ok(file_make_shared(fd, 0, FILE_SIZE, 0), "convert");
	expect_reads(map, 'y', "before");
	expect_sigbus(map + BAD * PAGE, "the page with an error");
	expect_reads(map + (BAD + 1) * PAGE, 'y', "behind");
	munmap(map, FILE_SIZE);
	close(fd);
}

/* Clearing the range leaves the bad page alone. */
TEST(zero)
{
	int fd = file_create(FILE_SIZE, SHARED);
	char *map = file_map(fd, FILE_SIZE);

	fill_and_poison(map, FILE_SIZE);
	expect_ok(file_make_private(fd, 0, FILE_SIZE, 0), "convert");
	expect_ok(file_make_shared(fd, 0, FILE_SIZE, CONVERT_ZERO), "convert");
	expect_reads(map + (BAD - 1) * PAGE, 0, "before");
	expect_sigbus(map + BAD * PAGE, "the page with an error");
	expect_reads(map + (BAD + 1) * PAGE, 0, "behind");
	munmap(map, FILE_SIZE);
	close(fd);
}

/* A hole there is filled with another page. */
TEST(punch)
{
	int fd = file_create(FILE_SIZE, SHARED);
	char *map = file_map(fd, FILE_SIZE);
	__u64 pfn;

	pfn = fill_and_poison(map, FILE_SIZE);
	expect_ok(file_punch(fd, BAD * PAGE, PAGE), "punch");
	assert_false(pfn_is_free(pfn));
	expect_reads(map + BAD * PAGE, 0, "a new page");
	assert_int_not_equal(pfn_at(map + BAD * PAGE), pfn);
	munmap(map, FILE_SIZE);
	close(fd);
	assert_false(pfn_is_free(pfn));
}

TEST(collapse)
{
	int fd = huge_create(3 * HUGE_PAGE, SHARED);
	char *map = file_map(fd, 3 * HUGE_PAGE);
	struct kvm_private_collapse collapse = { .size = 3 * HUGE_PAGE };

	expect_ok(file_allocate(fd, 0, 3 * HUGE_PAGE), "allocate");
	for (unsigned int i = 0; i < 3; i++)
		expect_ok(file_punch(fd, i * HUGE_PAGE, PAGE), "punch");
	poison_pfn(pfn_at(map + HUGE_PAGE + BAD * PAGE));
	expect_error(EHWPOISON, file_collapse(fd, &collapse), "collapse");
	assert_int_equal(collapse.offset, HUGE_PAGE);
	collapse.offset = 2 * HUGE_PAGE;
	collapse.size = HUGE_PAGE;
	expect_ok(file_collapse(fd, &collapse), "the last block");
	expect_backing(fd, 2, HUGE_PAGES, "all but one");
	/* Without the bad page the call succeeds. */
	expect_ok(file_punch(fd, HUGE_PAGE + BAD * PAGE, PAGE), "punch");
	collapse_all(fd, 3 * HUGE_PAGE);
	expect_backing(fd, 3, 0, "all");
	munmap(map, 3 * HUGE_PAGE);
	close(fd);
}

TEST_MAIN("poison")
