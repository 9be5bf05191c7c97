// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_SET_MEMORY_ATTRIBUTES2: the struct after the call, and the combinations of arguments
 * that it refuses. arguments.c tries those that are wrong by themselves.
 */
#include <string.h>
#include <unistd.h>

#include "convert.h"
#include "memory.h"
#include "unit.h"

#define FILE_SIZE (64 * PAGE)

/* Shared and private, allocated and not, in the file that must not change. */
#define SHARED_SIZE (24 * PAGE)
#define ALLOCATED_SIZE (8 * PAGE)

#define UNTOUCHED 0x1234567890abcdefULL

static int fd;

static struct kvm_memory_attributes2 request(__u64 offset, __u64 size)
{
	return (struct kvm_memory_attributes2) {
		.offset = offset, .size = size, .error_offset = UNTOUCHED,
	};
}

static void assert_unchanged(void)
{
	assert_int_equal(file_shared(fd), SHARED_SIZE);
	assert_int_equal(file_allocated(fd), ALLOCATED_SIZE);
}

static int create(void **state)
{
	(void)state;
	fd = file_create(FILE_SIZE, 0);
	return file_make_shared(fd, 0, SHARED_SIZE, 0) ||
	       file_allocate(fd, SHARED_SIZE - ALLOCATED_SIZE / 2,
			     ALLOCATED_SIZE);
}

static int destroy(void **state)
{
	(void)state;
	return close(fd);
}

static const struct fixture file = { .setup = create, .teardown = destroy };

TEST(flags_that_exclude_each_other, &file)
{
	struct kvm_memory_attributes2 before = request(0, FILE_SIZE);
	unsigned int direction;

	before.flags = CONVERT_ZERO | CONVERT_PRESERVE;
	for (direction = 0; direction < 2; direction++) {
		struct kvm_memory_attributes2 now = before;

		expect_error(EINVAL, file_convert(fd, &now), "both");
		assert_memory_equal(&now, &before, sizeof(now));
		before.attributes ^= KVM_MEMORY_ATTRIBUTE_PRIVATE;
	}
	assert_unchanged();
}

/* The call writes to the struct only if it has an error offset to tell. */
TEST(struct_in_read_only_memory, &file)
{
	void *start = guarded_map(PAGE);
	struct kvm_memory_attributes2 *attributes = start;

	*attributes = request(0, FILE_SIZE);
	attributes->attributes = KVM_MEMORY_ATTRIBUTE_PRIVATE;
	attributes->flags = CONVERT_ZERO;
	make_read_only(start);
	expect_error(EFAULT, file_convert(fd, attributes), "an error that can't be told");
	assert_unchanged();
	guarded_unmap(start, PAGE);
}

TEST(struct_is_unchanged, &file)
{
	static const __u64 flags[] = { 0, CONVERT_PRESERVE, CONVERT_ZERO };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(flags); i++) {
		struct kvm_memory_attributes2 before = request(0, FILE_SIZE);
		struct kvm_memory_attributes2 now;

		before.flags = flags[i];
		now = before;
		expect_ok(file_convert(fd, &now), "to shared, flags %#llx",
			  flags[i]);
		assert_memory_equal(&now, &before, sizeof(now));
		assert_int_equal(file_shared(fd), FILE_SIZE);
		if (flags[i] == CONVERT_ZERO)
			continue;

		before.attributes = KVM_MEMORY_ATTRIBUTE_PRIVATE;
		now = before;
		expect_ok(file_convert(fd, &now), "to private, flags %#llx",
			  flags[i]);
		assert_memory_equal(&now, &before, sizeof(now));
		assert_int_equal(file_shared(fd), 0);
	}
}

/* Only a guest's platform can promise what the guest finds in a private page. */
TEST(no_zeros_for_private_pages, &file)
{
	static const struct {
		__u64 offset, size;
	} ranges[] = {
		{ 0, FILE_SIZE }, { 3 * PAGE, PAGE },
		{ FILE_SIZE - PAGE, PAGE },
	};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ranges); i++) {
		struct kvm_memory_attributes2 before =
			request(ranges[i].offset, ranges[i].size);
		struct kvm_memory_attributes2 now;

		before.attributes = KVM_MEMORY_ATTRIBUTE_PRIVATE;
		before.flags = CONVERT_ZERO;
		now = before;
		expect_error(EOPNOTSUPP, file_convert(fd, &now), "row %u", i);
		before.error_offset = ranges[i].offset;
		assert_memory_equal(&now, &before, sizeof(now));
		assert_unchanged();
	}
}

TEST_MAIN("convert")
