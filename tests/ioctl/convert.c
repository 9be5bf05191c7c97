// SPDX-License-Identifier: GPL-2.0-only
/*
 * The arguments of KVM_SET_MEMORY_ATTRIBUTES2, and the state of struct and file
 * after a refusal.
 */
#include <string.h>
#include <unistd.h>

#include "bad_ranges.h"
#include "convert.h"
#include "memory.h"
#include "unit.h"

#define FILE_SIZE BAD_RANGES_FILE_SIZE

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

/*
 * In both directions, one of which would change a state if the arguments were
 * right.
 */
static void expect_refusal(struct kvm_memory_attributes2 bad, const char *what,
			   unsigned long long which)
{
	unsigned int direction;

	for (direction = 0; direction < 2; direction++) {
		struct kvm_memory_attributes2 now = bad;

		expect_error(EINVAL, file_convert(fd, &now), "%s %#llx", what,
			     which);
		assert_memory_equal(&now, &bad, sizeof(now));
		bad.attributes ^= KVM_MEMORY_ATTRIBUTE_PRIVATE;
	}
	assert_unchanged();
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

TEST(every_misalignment, &file)
{
	unsigned int by;

	for (by = 1; by < PAGE; by++) {
		struct kvm_memory_attributes2 bad = request(by, PAGE);
		struct kvm_memory_attributes2 now = bad;

		expect_error(EINVAL, file_convert(fd, &now), "offset %u", by);
		now.offset = 0;
		now.size = by;
		expect_error(EINVAL, file_convert(fd, &now), "size %u", by);
		now.size = PAGE + by;
		now.attributes = KVM_MEMORY_ATTRIBUTE_PRIVATE;
		expect_error(EINVAL, file_convert(fd, &now), "size %u",
			     (unsigned int)now.size);
	}
	assert_unchanged();
	expect_refusal(request(1, PAGE), "offset", 1);
	expect_refusal(request(0, PAGE - 1), "size", PAGE - 1);
}

TEST(empty_or_outside, &file)
{
	const struct bad_range *range = bad_ranges;

	do {
		expect_refusal(request(range->offset, range->size),
			       "range of row", range - bad_ranges);
	} while ((range++)->offset != BAD_RANGES_END);
}

TEST(every_attribute_bit, &file)
{
	struct kvm_memory_attributes2 bad = request(0, FILE_SIZE);
	unsigned int bit;

	for (bit = 0; bit < 64; bit++) {
		bad.attributes = 1ULL << bit;
		if (bad.attributes != KVM_MEMORY_ATTRIBUTE_PRIVATE)
			expect_refusal(bad, "attribute", bad.attributes);
	}
	bad.attributes = UINT64_MAX;
	expect_refusal(bad, "attributes", bad.attributes);
}

TEST(every_flag_bit, &file)
{
	const __u64 good = CONVERT_ZERO | CONVERT_PRESERVE;
	struct kvm_memory_attributes2 bad = request(0, FILE_SIZE);
	unsigned int bit;

	for (bit = 0; bit < 64; bit++) {
		bad.flags = 1ULL << bit;
		if (bad.flags & good)
			continue;
		expect_refusal(bad, "flag", bad.flags);
		bad.flags |= CONVERT_PRESERVE;
		expect_refusal(bad, "flag beside a good one", bad.flags);
	}
	bad.flags = good;
	expect_refusal(bad, "two flags that exclude each other", good);
	bad.flags = UINT64_MAX;
	expect_refusal(bad, "all flags", bad.flags);
}

TEST(every_reserved_bit, &file)
{
	struct kvm_memory_attributes2 bad = request(0, FILE_SIZE);
	unsigned char *bytes = (unsigned char *)&bad;
	unsigned int first = offsetof(struct kvm_memory_attributes2, reserved);
	unsigned int i;

	for (i = first * 8; i < sizeof(bad) * 8; i++) {
		bytes[i / 8] = 1 << i % 8;
		expect_refusal(bad, "reserved bit", i);
		bytes[i / 8] = 0;
	}
}

TEST(bad_pointers_fault, &file)
{
	struct kvm_memory_attributes2 good = request(0, FILE_SIZE);
	void *start = guarded_map(PAGE);
	const struct bad_pointer *bad;
	unsigned int mapped;

	for (bad = bad_pointers; bad->name; bad++)
		expect_error(EFAULT, file_convert(fd, bad->pointer), "%s",
			     bad->name);
	for (mapped = 1; mapped < sizeof(good); mapped++) {
		struct kvm_memory_attributes2 *tail =
			guarded_tail(start, mapped);

		memcpy(tail, &good, mapped);
		expect_error(EFAULT, file_convert(fd, tail),
			     "%u bytes mapped", mapped);
	}
	assert_unchanged();
	guarded_unmap(start, PAGE);
}

/* The call writes to the struct only if it has an error offset to tell. */
TEST(struct_in_read_only_memory, &file)
{
	void *start = guarded_map(PAGE);
	struct kvm_memory_attributes2 *tail =
		guarded_tail(start, sizeof(*tail));

	*tail = request(0, FILE_SIZE);
	make_read_only(start);
	expect_ok(file_convert(fd, tail), "convert");
	assert_int_equal(file_shared(fd), FILE_SIZE);
	guarded_unmap(start, PAGE);

	start = guarded_map(PAGE);
	tail = guarded_tail(start, sizeof(*tail));
	*tail = request(0, FILE_SIZE);
	tail->attributes = KVM_MEMORY_ATTRIBUTE_PRIVATE;
	tail->flags = CONVERT_ZERO;
	make_read_only(start);
	expect_error(EFAULT, file_convert(fd, tail), "an error that can't be told");
	assert_int_equal(file_shared(fd), FILE_SIZE);
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
	static const struct bad_range ranges[] = {
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

TEST(not_on_the_device, &file)
{
	struct kvm_memory_attributes2 good = request(0, PAGE);
	int device = device_open();

	expect_error(ENOTTY, file_convert(device, &good), "on the device");
	close(device);
}

TEST_MAIN("convert")
