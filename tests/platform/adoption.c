// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guests that trust the host. The platform assigns their pages like others but
 * lets the host access them, so that real guests can run under the model.
 */
#include "platform.h"

#define WORD 0x1122334455667788ULL

TEST(assigned, &platform)
{
	struct platform *p = *state;
	__u64 pfn;

	bind(p, 0, KPP_TRUSTING, 1, 0, FILE_PAGES);
	pfn = guest_write(p, 0, 5, WORD);
	assert_int_equal(assigned(p), 1);
	assert_int_equal(raw_read(p, pfn), WORD);
	assert_true(host_is_kept_out(p, 5));
	punch(p, 5, 6);
	assert_int_equal(assigned(p), 0);
	assert_int_equal(counts(p).reclaimed, 1);
}

TEST(host_emulates, &platform)
{
	struct platform *p = *state;
	__u64 word = WORD + 1;

	bind(p, 0, KPP_TRUSTING, 1, 0, FILE_PAGES);
	guest_write(p, 0, 5, WORD);
	expect_ok(try_emulate(p, 0, 5, false, &word), "reading");
	assert_int_equal(word, WORD);
	word = WORD + 1;
	expect_ok(try_emulate(p, 0, 5, true, &word), "writing");
	assert_int_equal(guest_read(p, 0, 5), WORD + 1);
	/* A page that isn't assigned yet, and a hole */
	allocate(p, 6, 7);
	expect_ok(try_emulate(p, 0, 6, true, &word), "writing");
	assert_int_equal(guest_read(p, 0, 6), word);
	expect_error(ENODATA, try_emulate(p, 0, 7, false, &word), "a hole");
	make_shared(p, 5, 6);
	expect_ok(try_emulate(p, 0, 5, false, &word), "what both have");
	assert_int_equal(word, WORD + 1);
}

/* KVM doesn't emulate for a guest that doesn't trust the host. */
TEST(host_does_not_emulate, &platform)
{
	struct platform *p = *state;
	__u64 word = WORD;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	guest_write(p, 0, 5, WORD);
	expect_error(EPERM, try_emulate(p, 0, 5, false, &word), "reading");
	expect_error(EPERM, try_emulate(p, 0, 5, true, &word), "writing");
	assert_int_equal(guest_read(p, 0, 5), WORD);
}

TEST(preserve_both_ways, &platform)
{
	struct platform *p = *state;

	bind(p, 0, KPP_TRUSTING, 1, 0, FILE_PAGES);
	for (__u64 i = 0; i < FILE_PAGES; i++)
		guest_write(p, 0, i, WORD + i);
	expect_ok(try_convert(p, false, 0, FILE_PAGES, CONVERT_PRESERVE),
		  "to shared");
	assert_int_equal(assigned(p), 0);
	for (__u64 i = 0; i < FILE_PAGES; i++) {
		assert_int_equal(host_read(p, i), WORD + i);
		host_write(p, i, WORD - i);
	}
	expect_ok(try_convert(p, true, 0, FILE_PAGES, CONVERT_PRESERVE),
		  "to private");
	for (__u64 i = 0; i < FILE_PAGES; i++)
		assert_int_equal(guest_read(p, 0, i), WORD - i);
}

/* The pages that such a guest leaves behind keep their content. */
TEST(left_behind, &platform)
{
	struct platform *p = *state;

	bind(p, 0, KPP_TRUSTING, 1, 0, FILE_PAGES);
	guest_write(p, 0, 5, WORD);
	unbind(p, 0);
	assert_int_equal(assigned(p), 1);
	expect_ok(try_convert(p, false, 5, 6, CONVERT_PRESERVE), "to shared");
	assert_int_equal(host_read(p, 5), WORD);
}

TEST(populate, &platform)
{
	struct platform *p = *state;
	static __u64 source[4 * PAGE / 8];
	struct kvm_private_populate by_file = {
		.offset = 4 * PAGE, .size = sizeof(source),
		.source = (uintptr_t)source,
	};
	struct kpp_populate by_binding = {
		.index = 4, .nr = 4, .source = (uintptr_t)source,
	};

	bind(p, 0, KPP_TRUSTING, 1, 0, FILE_PAGES);
	guest_write(p, 0, 5, WORD);
	source[PAGE / 8] = WORD + 1;
	expect_ok(file_populate(p->file, &by_file), "over an assigned page");
	assert_int_equal(guest_read(p, 0, 5), WORD + 1);
	source[PAGE / 8] = WORD + 2;
	expect_ok(try_populate(p, &by_binding), "through the binding");
	assert_int_equal(guest_read(p, 0, 5), WORD + 2);
	by_binding = (struct kpp_populate){ .index = 4, .nr = 4 };
	expect_ok(try_populate(p, &by_binding), "in place");
	assert_int_equal(guest_read(p, 0, 5), WORD + 2);
}

/*
 * Guests of all kinds, one after another; the content of each is gone for the
 * next.
 */
TEST(change_of_guests, &platform)
{
	struct platform *p = *state;
	static const enum kpp_kind kinds[] = {
		KPP_TRUSTING, KPP_CONFIDENTIAL, KPP_TRUSTING, KPP_PRESERVING,
		KPP_TRUSTING,
	};
	__u64 word;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		bind(p, 0, kinds[i], i + 1, 0, FILE_PAGES);
		guest_write(p, 0, 5, WORD + i);
		assert_int_equal(guest_read(p, 0, 5), WORD + i);
		unbind(p, 0);
	}
	/* The host emulates for the next guest before that guest runs. */
	bind(p, 0, KPP_CONFIDENTIAL, 7, 0, FILE_PAGES);
	guest_write(p, 0, 5, WORD);
	unbind(p, 0);
	bind(p, 0, KPP_TRUSTING, 8, 0, FILE_PAGES);
	expect_ok(try_emulate(p, 0, 5, false, &word), "reading");
	assert_int_not_equal(word, WORD);
	assert_int_equal(assigned(p), 0);
}

TEST_MAIN("platform: adoption", .teardown = platform_group_teardown)
