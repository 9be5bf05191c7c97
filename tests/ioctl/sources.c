// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_PRIVATE_POPULATE with a source that is a mapping of a private file too:
 * from which pages it may copy. The test sees that the content arrives when the
 * pages become shared.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "convert.h"
#include "touch.h"
#include "unit.h"

#define FILE_SIZE (16 * PAGE)
#define HALF (FILE_SIZE / 2)
#define MMAP_SHARED (KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED)

/* The first half is shared, and each page holds its number and one more. */
static int fd;
static char *map;

static unsigned char mark(__u64 offset)
{
	return offset / PAGE + 1;
}

static struct kvm_private_populate request(__u64 offset, __u64 size,
					   const void *source)
{
	return (struct kvm_private_populate) {
		.offset = offset, .size = size, .source = (uintptr_t)source,
	};
}

/* Populates and expects @error after @done bytes. */
static void expect_stop(struct kvm_private_populate populate, int error,
			__u64 done, const char *what)
{
	struct kvm_private_populate expected = populate;

	expected.offset += done;
	expected.size -= done;
	if (expected.source)
		expected.source += done;
	expect_error(error, file_populate(fd, &populate), "%s", what);
	assert_memory_equal(&populate, &expected, sizeof(expected));
}

/*
 * Makes all pages shared: page @from + n of the file has to hold the content of
 * page n.
 */
static void expect_copied(__u64 from, __u64 size)
{
	__u64 offset;

	expect_ok(file_make_shared(fd, 0, FILE_SIZE, CONVERT_PRESERVE),
		  "to shared");
	for (offset = 0; offset < size; offset += PAGE) {
		expect_reads(map + from + offset, mark(offset),
			     "page copied to %#llx", from + offset);
		expect_reads(map + from + offset + PAGE - 1, mark(offset),
			     "its last byte");
	}
}

static int create(void **state)
{
	__u64 offset;

	(void)state;
	fd = file_create(FILE_SIZE, KVM_PRIVATE_FLAG_MMAP);
	if (file_make_shared(fd, 0, HALF, 0))
		return -1;
	map = file_map(fd, FILE_SIZE);
	for (offset = 0; offset < HALF; offset += PAGE)
		memset(map + offset, mark(offset), PAGE);
	return 0;
}

static int destroy(void **state)
{
	(void)state;
	munmap(map, FILE_SIZE);
	return close(fd);
}

static const struct fixture file = { .setup = create, .teardown = destroy };

TEST(from_the_same_file, &file)
{
	struct kvm_private_populate populate = request(HALF, HALF, map);

	expect_ok(file_populate(fd, &populate), "populate");
	assert_int_equal(populate.size, 0);
	expect_copied(HALF, HALF);
}

/* No page of the source is in a page table: the populate faults them in. */
TEST(from_a_new_mapping, &file)
{
	char *other = file_map(fd, HALF);
	struct kvm_private_populate populate = request(HALF, HALF, other);

	expect_ok(file_populate(fd, &populate), "populate");
	expect_copied(HALF, HALF);
	munmap(other, HALF);
}

TEST(from_holes_of_the_same_file, &file)
{
	struct kvm_private_populate populate = request(HALF, HALF, map);

	expect_ok(file_allocate(fd, HALF, PAGE), "allocate");
	expect_ok(file_punch(fd, 0, HALF), "punch");
	expect_ok(file_populate(fd, &populate), "populate");
	assert_int_equal(file_allocated(fd), FILE_SIZE);
	expect_ok(file_make_shared(fd, HALF, PAGE, CONVERT_PRESERVE), "share");
	expect_reads(map + HALF, 0, "copy of a hole");
}

TEST(from_another_file, &file)
{
	int other = file_create(FILE_SIZE, MMAP_SHARED);
	char *source = file_map(other, FILE_SIZE);
	struct kvm_private_populate populate = request(HALF, HALF, source);

	memcpy(source, map, HALF);
	expect_ok(file_populate(fd, &populate), "populate");
	expect_copied(HALF, HALF);

	expect_ok(file_make_private(fd, HALF, HALF, 0), "to private");
	expect_ok(file_make_private(other, 2 * PAGE, PAGE, 0), "to private");
	expect_stop(request(HALF, HALF, source), EFAULT, 2 * PAGE,
		    "a private page of another file");
	munmap(source, FILE_SIZE);
	close(other);
}

TEST(from_private_pages, &file)
{
	expect_stop(request(HALF, PAGE, map + HALF), EFAULT, 0,
		    "from itself");
	expect_stop(request(HALF, PAGE, map + HALF + PAGE), EFAULT, 0,
		    "from a private page");
	expect_stop(request(HALF, 4 * PAGE, map + HALF - 2 * PAGE), EFAULT,
		    2 * PAGE, "from where private pages begin");
	/* The second half of the source's range is private. */
	expect_stop(request(HALF, PAGE, map + HALF - PAGE / 2), EFAULT, 0,
		    "from across the border");
	expect_copied(HALF, 0);
	assert_int_equal(file_shared(fd), FILE_SIZE);
}

TEST(from_holes_that_may_not_be_filled, &file)
{
	int other = file_create(PAGE, MMAP_SHARED |
				KVM_PRIVATE_FLAG_NO_AUTO_ALLOC);
	char *source = file_map(other, PAGE);
	struct kvm_private_populate populate = request(HALF, PAGE, source);

	expect_stop(populate, EFAULT, 0, "from a hole");
	assert_int_equal(file_allocated(other), 0);
	expect_ok(file_allocate(other, 0, PAGE), "allocate");
	expect_ok(file_populate(fd, &populate), "from a page");
	munmap(source, PAGE);
	close(other);
}

TEST(to_shared_pages, &file)
{
	expect_stop(request(0, PAGE, map + PAGE), EINVAL, 0, "a shared page");
	expect_stop(request(0, PAGE, NULL), EINVAL, 0, "the same in place");
	expect_reads(map, mark(0), "page that was not populated");

	expect_ok(file_make_shared(fd, HALF + 3 * PAGE, PAGE, 0), "to shared");
	expect_stop(request(HALF, HALF, map), EINVAL, 3 * PAGE,
		    "up to a shared page");
	expect_stop(request(HALF, HALF, NULL), EINVAL, 3 * PAGE,
		    "the same in place");
	assert_int_equal(lseek(fd, HALF, SEEK_HOLE), HALF + 3 * PAGE);
	expect_copied(HALF, 3 * PAGE);
}

/* The guest finds the image that a loader wrote through its mapping. */
TEST(in_place, &file)
{
	struct kvm_private_populate populate = request(0, FILE_SIZE, NULL);
	__u64 offset;

	expect_ok(file_make_private(fd, 0, HALF, CONVERT_PRESERVE), "private");
	expect_ok(file_populate(fd, &populate), "populate");
	assert_int_equal(populate.offset, FILE_SIZE);
	assert_int_equal(populate.source, 0);
	assert_int_equal(file_allocated(fd), FILE_SIZE);
	expect_copied(0, HALF);
	for (offset = HALF; offset < FILE_SIZE; offset += PAGE)
		expect_reads(map + offset, 0, "page that was missing");
}

TEST(overwrites_what_is_there, &file)
{
	struct kvm_private_populate populate;
	unsigned int round;
	char source[PAGE + 1];

	for (round = 1; round < 4; round++) {
		memset(source, round, sizeof(source));
		source[0] = 0x7f;
		expect_ok(file_make_private(fd, PAGE, PAGE, 0), "to private");
		populate = request(PAGE, PAGE, source + 1);
		expect_ok(file_populate(fd, &populate), "populate");
		expect_ok(file_make_shared(fd, PAGE, PAGE, CONVERT_PRESERVE),
			  "to shared");
		assert_memory_equal(map + PAGE, source + 1, PAGE);
		expect_reads(map, mark(0), "page before");
		expect_reads(map + 2 * PAGE, mark(2 * PAGE), "page after");
	}
}

TEST_MAIN("sources")
