// SPDX-License-Identifier: GPL-2.0-only
/*
 * The arguments of KVM_SET_MEMORY_ATTRIBUTES2 that are taken, and those that
 * are refused
 */
#include <string.h>

#include "bad_ranges.h"
#include "converting.h"
#include "memory.h"

/*
 * In both directions, one of which would change an attribute if the arguments were
 * right.
 */
static void expect_refusal(struct scene *s, struct kvm_memory_attributes2 bad, const char *what)
{
	for (int direction = 0; direction < 2; direction++) {
		struct kvm_memory_attributes2 now = bad;

		expect_error(EINVAL, file_convert(s->g.file, &now), "%s", what);
		assert_memory_equal(&now, &bad, sizeof(now));
		bad.attributes ^= KVM_MEMORY_ATTRIBUTE_PRIVATE;
	}
	assert_int_equal(file_shared(s->g.file), FILE_SIZE / 2);
}

TEST(flags, &scene_provided, &scene_own)
{
	const __u64 extension = CONVERT_ZERO | CONVERT_PRESERVE;
	struct scene *s = *state;
	struct kvm_memory_attributes2 bad = request(0, FILE_PAGES, false);

	convert(s, 0, FILE_PAGES / 2, true);
	for (int bit = 0; bit < 64; bit++) {
		bad.flags = 1ULL << bit;
		if (!s->own || !(bad.flags & extension))
			expect_refusal(s, bad, "a flag");
	}
	bad.flags = extension;
	expect_refusal(s, bad, "two flags");
	bad.flags = UINT64_MAX;
	expect_refusal(s, bad, "all flags");
}

/* GET_INFO tells which flags there are for files of KVM_PRIVATE_CREATE. */
TEST(extension_is_announced, &scene_provided, &scene_own)
{
	struct kvm_private_info info = { .size = sizeof(info) };
	struct scene *s = *state;
	int device = device_open();

	expect_ok(ioctl(device, KVM_PRIVATE_GET_INFO, &info), "GET_INFO");
	close(device);
	assert_int_equal(info.attribute_flags, CONVERT_ZERO | CONVERT_PRESERVE);
	host_writes(s, 0, TAG);
	if (!s->own) {
		expect_error(EINVAL, file_make_private(s->g.file, 0, PAGE, CONVERT_PRESERVE),
			     "PRESERVE");
		expect_error(EINVAL, file_make_shared(s->g.file, 0, PAGE, CONVERT_ZERO), "ZERO");
		assert_as_it_should_be(s);
		return;
	}
	expect_ok(file_make_private(s->g.file, 0, PAGE, CONVERT_PRESERVE), "PRESERVE");
	s->private[0] = true;
	assert_as_it_should_be(s);
	expect_ok(file_make_shared(s->g.file, 0, PAGE, CONVERT_ZERO), "ZERO");
	s->private[0] = false;
	s->word[0] = 0;
	assert_as_it_should_be(s);
}

TEST(attributes_and_reserved_fields, &scene_provided, &scene_own)
{
	struct scene *s = *state;
	struct kvm_memory_attributes2 bad;

	convert(s, 0, FILE_PAGES / 2, true);
	for (int bit = 0; bit < 64; bit++) {
		bad = request(0, FILE_PAGES, false);
		bad.attributes = 1ULL << bit;
		if (bad.attributes != KVM_MEMORY_ATTRIBUTE_PRIVATE)
			expect_refusal(s, bad, "an attribute");
		for (unsigned int i = 0; i < ARRAY_SIZE(bad.reserved); i++) {
			bad = request(0, FILE_PAGES, false);
			bad.reserved[i] = 1ULL << bit;
			expect_refusal(s, bad, "a reserved field");
		}
	}
}

TEST(wrong_ranges, &scene_provided, &scene_own)
{
	static const __u64 odd[] = { 1, 8, 511, 2048, PAGE - 1 };
	const struct bad_range *range = bad_ranges;
	struct scene *s = *state;
	struct kvm_memory_attributes2 bad = request(0, FILE_PAGES, false);

	assert_int_equal(FILE_SIZE, BAD_RANGES_FILE_SIZE);
	convert(s, 0, FILE_PAGES / 2, true);
	do {
		bad.offset = range->offset;
		bad.size = range->size;
		expect_refusal(s, bad, "a range that is empty, wraps or is outside");
	} while ((range++)->offset != BAD_RANGES_END);
	for (unsigned int i = 0; i < ARRAY_SIZE(odd); i++) {
		bad = request(8, 8, false);
		bad.offset += odd[i];
		expect_refusal(s, bad, "an offset within a page");
		bad = request(8, 8, false);
		bad.size += odd[i];
		expect_refusal(s, bad, "a size of no whole pages");
		bad.size = odd[i];
		expect_refusal(s, bad, "less than a page");
	}
}

TEST(bad_pointers_fault, &scene_provided, &scene_own)
{
	struct scene *s = *state;
	const struct kvm_memory_attributes2 good = request(0, FILE_PAGES, true);
	struct kvm_memory_attributes2 *tail;
	void *start = guarded_map(PAGE);

	host_writes_all(s);
	for (const struct bad_pointer *bad = bad_pointers; bad->name; bad++)
		expect_error(EFAULT, file_convert(s->g.file, bad->pointer), "%s", bad->name);
	for (unsigned int mapped = 1; mapped < sizeof(good); mapped++) {
		tail = guarded_tail(start, mapped);
		memcpy(tail, &good, mapped);
		expect_error(EFAULT, file_convert(s->g.file, tail), "%u bytes", mapped);
	}
	assert_as_it_should_be(s);

	/*
	 * The call writes to the struct only if it has an error offset to tell.
	 */
	pin(s, 50, 1);
	tail = guarded_tail(start, sizeof(good));
	*tail = good;
	make_read_only(start);
	expect_error(EFAULT, file_convert(s->g.file, tail), "an error that can't be told");
	assert_as_it_should_be(s);
	let_go(s, 50);
	expect_ok(file_convert(s->g.file, tail), "read-only struct");
	memset(s->private, true, sizeof(s->private));
	assert_as_it_should_be(s);
	guarded_unmap(start, PAGE);
}

TEST_MAIN("guest_memfd: conversion, arguments")
