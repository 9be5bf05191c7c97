// SPDX-License-Identifier: GPL-2.0-only
/*
 * The platform refuses: in a fault, for another guest's page, in the middle of
 * populating. The page is then the host's, and the next attempt succeeds.
 */
#include "platform.h"

#define WORD 0x1122334455667788ULL

TEST(fault, &platform)
{
	struct platform *p = *state;
	static const int errors[] = { EIO, ENOMEM, EFAULT, EBUSY, EINVAL };
	__u64 word;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		fail_prepare(p, errors[i], 0);
		expect_error(errors[i], try_guest_read(p, 0, 5, &word),
			     "prepare fails");
		assert_int_equal(assigned(p), 0);
	}
	punch(p, 5, 6);
	assert_int_equal(counts(p).reclaimed, 0);
	expect_error(EINVAL, try_guest_read(p, 0, 5, &word), "prepare fails");
	fail_prepare(p, 0, 0);
	guest_write(p, 0, 5, WORD);
	assert_int_equal(counts(p).prepared, 1);
}

/* prepare fails for the nth page, for every n. */
TEST(nth, &platform)
{
	struct platform *p = *state;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	for (unsigned int n = 0; n < FILE_PAGES; n++) {
		fail_prepare(p, EIO, n);
		for (__u64 i = 0; i < n; i++)
			guest_write(p, 0, i, WORD + i);
		for (__u64 i = n; i < FILE_PAGES; i++)
			expect_error(EIO, try_guest_write(p, 0, i, WORD),
				     "page %llu of %u", i, n);
		assert_int_equal(assigned(p), n);
		if (n % 2)
			punch(p, 0, FILE_PAGES);
		else
			make_shared(p, 0, FILE_PAGES);
		assert_int_equal(assigned(p), 0);
		make_private(p, 0, FILE_PAGES);
	}
}

/* The page of a guest that has gone can't be prepared for the next one. */
TEST(next_guest, &platform)
{
	struct platform *p = *state;
	__u64 word;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	guest_write(p, 0, 5, WORD);
	unbind(p, 0);
	bind(p, 0, KPP_CONFIDENTIAL, 2, 0, FILE_PAGES);
	fail_prepare(p, EIO, 0);
	expect_error(EIO, try_guest_read(p, 0, 5, &word), "prepare fails");
	assert_int_equal(assigned(p), 0);
	unbind(p, 0);
	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	fail_prepare(p, 0, 0);
	/* The first guest has lost its content all the same. */
	assert_int_not_equal(guest_read(p, 0, 5), WORD);
}

TEST(after_conversion, &platform)
{
	struct platform *p = *state;
	__u64 word;

	bind(p, 0, KPP_PRESERVING, 1, 0, FILE_PAGES);
	guest_write(p, 0, 5, WORD);
	make_shared(p, 5, 6);
	host_write(p, 5, WORD + 1);
	fail_prepare(p, EIO, 0);
	expect_ok(try_convert(p, true, 5, 6, CONVERT_PRESERVE), "to private");
	expect_error(EIO, try_guest_read(p, 0, 5, &word), "prepare fails");
	/* The host can get the page back, with its own content. */
	unbind(p, 0);
	expect_ok(try_convert(p, false, 5, 6, CONVERT_PRESERVE), "to shared");
	assert_int_equal(host_read(p, 5), WORD + 1);
}

TEST(populate_in_the_middle, &platform)
{
	struct platform *p = *state;
	struct kpp_populate populate = {
		.nr = 16, .error = EIO, .fail_index = 9,
	};

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	for (__u64 i = 0; i < 16; i++)
		guest_write(p, 0, i, WORD + i);
	expect_error(EIO, try_populate(p, &populate), "the callback fails");
	assert_int_equal(populate.index, 9);
	assert_int_equal(populate.nr, 7);
	/*
	 * The failing page is the host's, and the pages behind it are
	 * unchanged.
	 */
	assert_int_equal(assigned(p), 15);
	for (__u64 i = 10; i < 16; i++)
		assert_int_equal(guest_read(p, 0, i), WORD + i);
	assert_int_equal(counts(p).invalidations, 0);

	populate.error = 0;
	expect_ok(try_populate(p, &populate), "the rest");
	assert_int_equal(populate.nr, 0);
	assert_int_equal(assigned(p), 16);
}

TEST(populate_first, &platform)
{
	struct platform *p = *state;
	struct kpp_populate populate = { .nr = 4, .error = EIO };

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	expect_error(EIO, try_populate(p, &populate), "the callback fails");
	assert_int_equal(populate.index, 0);
	assert_int_equal(assigned(p), 0);
	/* The guest gets the page that was allocated for the call on demand. */
	guest_write(p, 0, 0, WORD);
}

TEST(populate_bad_source, &platform)
{
	struct platform *p = *state;
	struct kpp_populate populate = { .nr = 4, .source = PAGE };

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	expect_error(EFAULT, try_populate(p, &populate), "a bad source");
	assert_int_equal(populate.nr, 4);
	assert_int_equal(assigned(p), 0);
}

TEST(adopted, &platform)
{
	struct platform *p = *state;
	__u64 word = WORD;

	bind(p, 0, KPP_TRUSTING, 1, 0, FILE_PAGES);
	guest_write(p, 0, 4, WORD);
	fail_prepare(p, EIO, 0);
	expect_error(EIO, try_guest_read(p, 0, 5, &word), "prepare fails");
	assert_int_equal(guest_read(p, 0, 4), WORD);
	punch(p, 0, FILE_PAGES);
	assert_int_equal(counts(p).reclaimed, 1);
}

TEST_MAIN("platform: errors", .teardown = platform_group_teardown)
