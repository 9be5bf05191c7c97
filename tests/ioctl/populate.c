// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_PRIVATE_POPULATE. The content can't be read here: KVM's tests see in a
 * guest that it arrives. arguments.c tries wrong arguments.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device.h"
#include "memory.h"
#include "unit.h"

#define FILE_SIZE (64 * PAGE)

static char *source;
static int fd;

static struct kvm_private_populate request(__u64 offset, __u64 size)
{
	return (struct kvm_private_populate) {
		.offset = offset, .size = size, .source = (uintptr_t)source,
	};
}

/*
 * The three fields that move have moved by @bytes, and no other field has
 * changed.
 */
static void assert_moved(const struct kvm_private_populate *now,
			 const struct kvm_private_populate *before,
			 __u64 bytes)
{
	struct kvm_private_populate expected = *before;

	expected.offset += bytes;
	expected.size -= bytes;
	expected.source += bytes;
	assert_memory_equal(now, &expected, sizeof(expected));
}

static int create(void **state)
{
	(void)state;
	source = mmap(NULL, FILE_SIZE + PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (source == MAP_FAILED)
		return -1;
	memset(source, 0x5a, FILE_SIZE + PAGE);
	fd = file_create(FILE_SIZE, 0);
	return 0;
}

static int destroy(void **state)
{
	(void)state;
	close(fd);
	return munmap(source, FILE_SIZE + PAGE);
}

static const struct fixture file = { .setup = create, .teardown = destroy };

TEST(fills_the_range, &file)
{
	struct kvm_private_populate before = request(3 * PAGE, 5 * PAGE);
	struct kvm_private_populate now = before;

	expect_ok(file_populate(fd, &now), "populate");
	assert_moved(&now, &before, 5 * PAGE);
	assert_int_equal(file_allocated(fd), 5 * PAGE);
	assert_int_equal(lseek(fd, 0, SEEK_DATA), 3 * PAGE);
	assert_int_equal(lseek(fd, 3 * PAGE, SEEK_HOLE), 8 * PAGE);
}

TEST(fills_what_is_there, &file)
{
	struct kvm_private_populate before = request(0, FILE_SIZE);
	unsigned int i;

	expect_ok(file_allocate(fd, 8 * PAGE, 8 * PAGE), "allocate");
	for (i = 0; i < 3; i++) {
		struct kvm_private_populate now = before;

		expect_ok(file_populate(fd, &now), "populate, time %u", i);
		assert_moved(&now, &before, FILE_SIZE);
		assert_int_equal(file_allocated(fd), FILE_SIZE);
	}
}

/* Without a source the call allocates, and moves only offset and size. */
TEST(fills_in_place, &file)
{
	struct kvm_private_populate now = { .offset = PAGE, .size = 7 * PAGE };
	const struct kvm_private_populate done = { .offset = 8 * PAGE };

	expect_ok(file_allocate(fd, 2 * PAGE, PAGE), "allocate");
	expect_ok(file_populate(fd, &now), "populate in place");
	assert_memory_equal(&now, &done, sizeof(done));
	assert_int_equal(file_allocated(fd), 7 * PAGE);
	assert_int_equal(lseek(fd, 0, SEEK_DATA), PAGE);
}

TEST(fills_without_auto_allocation, &file)
{
	struct kvm_private_populate populate = request(0, MIB / 4);
	int other = file_create(MIB, KVM_PRIVATE_FLAG_NO_AUTO_ALLOC);

	expect_ok(file_populate(other, &populate), "populate");
	assert_int_equal(file_allocated(other), MIB / 4);
	close(other);
}

TEST(above_4_gib, &file)
{
	static const __u64 offsets[] = {
		4 * GIB - PAGE, 4 * GIB, 1ULL << 44, LARGEST_FILE - 2 * PAGE,
	};
	int other = file_create(LARGEST_FILE, 0);
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(offsets); i++) {
		struct kvm_private_populate before = request(offsets[i], 2 * PAGE);
		struct kvm_private_populate now = before;

		expect_ok(file_populate(other, &now), "populate at %#llx",
			  offsets[i]);
		assert_moved(&now, &before, 2 * PAGE);
		assert_int_equal(lseek(other, offsets[i], SEEK_DATA), offsets[i]);
	}
	close(other);
}

TEST(any_source_alignment, &file)
{
	static const unsigned int alignments[] = {
		1, 7, 8, 511, 512, 2048, 4088, 4095,
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(alignments); i++) {
		struct kvm_private_populate before = request(0, FILE_SIZE);
		struct kvm_private_populate now;

		before.source += alignments[i];
		now = before;
		expect_ok(file_populate(fd, &now), "source off by %u",
			  alignments[i]);
		assert_moved(&now, &before, FILE_SIZE);
	}
}

/* Populates from @from, of which only the first @good bytes are readable. */
static void check_stops(char *from, __u64 good, const char *what)
{
	struct kvm_private_populate before = {
		.size = 16 * PAGE, .source = (uintptr_t)from,
	};
	struct kvm_private_populate now = before;
	__u64 whole_pages = good & -PAGE;

	expect_error(EFAULT, file_populate(fd, &now), "%s", what);
	assert_moved(&now, &before, whole_pages);
	/*
	 * The page that failed may stay: it is a page of the file like any
	 * other.
	 */
	expect_between(file_allocated(fd), whole_pages, whole_pages + PAGE,
		       "bytes allocated after %s", what);
	expect_ok(file_punch(fd, 0, FILE_SIZE), "punch");
}

TEST(source_that_ends, &file)
{
	const __u64 size = 8 * PAGE;
	char *start = guarded_map(size);
	int memory;
	char *mapped;

	memset(start, 1, size);
	check_stops(start, size, "source that ends after eight pages");
	check_stops(start + 1, size - 1, "the same, not aligned");
	check_stops(start + size - 1, 1, "source of one byte");
	check_stops(start + size - PAGE, PAGE, "source of one page");

	expect_ok(mprotect(start + 2 * PAGE, PAGE, PROT_NONE), "mprotect");
	check_stops(start, 2 * PAGE, "source with a PROT_NONE page");
	guarded_unmap(start, size);

	/* Pages of a mapping that lie behind the end of its file. */
	memory = expect_ok(memfd_create("short", MFD_CLOEXEC), "memfd_create");
	expect_ok(ftruncate(memory, 3 * PAGE), "ftruncate");
	mapped = mmap(NULL, 16 * PAGE, PROT_READ, MAP_SHARED, memory, 0);
	assert_ptr_not_equal(mapped, MAP_FAILED);
	check_stops(mapped, 3 * PAGE, "source with a truncated file");
	munmap(mapped, 16 * PAGE);
	close(memory);
}

TEST(goes_on_after_an_error, &file)
{
	const __u64 size = 16 * PAGE;
	char *start = guarded_map(size);
	struct kvm_private_populate before = {
		.offset = 8 * PAGE, .size = size, .source = (uintptr_t)start,
	};
	struct kvm_private_populate now = before;

	expect_ok(mprotect(start + 5 * PAGE, PAGE, PROT_NONE), "mprotect");
	expect_error(EFAULT, file_populate(fd, &now), "populate");
	assert_moved(&now, &before, 5 * PAGE);
	expect_ok(mprotect(start + 5 * PAGE, PAGE, PROT_READ), "mprotect");
	expect_ok(file_populate(fd, &now), "the same struct again");
	assert_moved(&now, &before, size);
	assert_int_equal(file_allocated(fd), size);
	guarded_unmap(start, size);
}

TEST(source_wraps, &file)
{
	struct kvm_private_populate before = request(0, 2 * PAGE);
	struct kvm_private_populate now;

	before.source = UINT64_MAX - PAGE + 1;
	now = before;
	expect_error(EFAULT, file_populate(fd, &now), "source that wraps");
	assert_moved(&now, &before, 0);
}

TEST_MAIN("populate")
