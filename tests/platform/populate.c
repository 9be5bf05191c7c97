// SPDX-License-Identifier: GPL-2.0-only
/*
 * Content that becomes the guest's together with its page, whatever that
 * page was before
 */
#include <stdlib.h>
#include <sys/mman.h>

#include "platform.h"

#define WORD 0x1122334455667788ULL

/* Memory in which page i begins with WORD + i */
static __u64 *make_source(unsigned int pages)
{
	__u64 *source = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	expect_ok(source == MAP_FAILED ? -1 : 0, "mmap");
	for (unsigned int i = 0; i < pages; i++)
		source[i * (PAGE / 8)] = WORD + i;
	return source;
}

static void expect_populated(struct platform *p, __u64 start, __u64 nr)
{
	for (__u64 i = 0; i < nr; i++)
		assert_int_equal(guest_read(p, 0, start + i), WORD + i);
}

TEST(missing_present_prepared, &platform)
{
	struct platform *p = *state;
	__u64 *source = make_source(12);
	struct kpp_populate populate = {
		.index = 4, .nr = 12, .source = (uintptr_t)source,
	};

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	allocate(p, 8, 12);
	for (__u64 i = 12; i < 16; i++)
		guest_write(p, 0, i, i);
	expect_ok(try_populate(p, &populate), "populating");
	assert_int_equal(populate.nr, 0);
	assert_int_equal(populate.index, 16);
	assert_int_equal(assigned(p), 12);
	assert_int_equal(counts(p).reclaimed, 4);
	expect_populated(p, 4, 12);
	/* The callback has assigned all of these. */
	assert_int_equal(counts(p).prepared, 4);

	/* Once more over the same pages */
	populate = (struct kpp_populate){
		.index = 4, .nr = 12, .source = (uintptr_t)source,
	};
	expect_ok(try_populate(p, &populate), "populating again");
	expect_populated(p, 4, 12);
	munmap(source, 12 * PAGE);
}

/* The launch in place: loaded while shared, converted, measured */
TEST(in_place, &platform_shared)
{
	struct platform *p = *state;
	struct kpp_populate populate = { .nr = FILE_PAGES };

	for (__u64 i = 0; i < FILE_PAGES; i++)
		host_write(p, i, WORD + i);
	expect_ok(try_convert(p, true, 0, FILE_PAGES, CONVERT_PRESERVE),
		  "to private");
	assert_int_equal(try_bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES,
				  KPP_BIND_FIRMWARE), 0);
	expect_ok(try_populate(p, &populate), "in place");
	assert_int_equal(assigned(p), FILE_PAGES);
	expect_populated(p, 0, FILE_PAGES);
}

TEST(in_place_of_holes, &platform)
{
	struct platform *p = *state;
	struct kpp_populate populate = { .index = 4, .nr = 4 };

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	expect_ok(try_populate(p, &populate), "in place");
	for (__u64 i = 4; i < 8; i++)
		assert_int_equal(guest_read(p, 0, i), 0);
	assert_int_equal(assigned(p), 4);
}

/* The source is this file's shared half, which has to be faulted in. */
TEST(from_own_mapping, &platform_shared)
{
	struct platform *p = *state;
	__u64 half = FILE_PAGES / 2;
	struct kpp_populate populate = {
		.nr = half, .source = (uintptr_t)p->map + half * PAGE,
	};

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, half);
	for (__u64 i = 0; i < half; i++)
		host_write(p, half + i, WORD + i);
	expect_ok(madvise((char *)p->map + half * PAGE, half * PAGE,
			  MADV_DONTNEED), "madvise");
	make_private(p, 0, half);
	expect_ok(try_populate(p, &populate), "from the same file");
	assert_true(populate.faults > 0);
	expect_populated(p, 0, half);
}

TEST(from_private_half, &platform)
{
	struct platform *p = *state;
	struct kpp_populate populate = {
		.nr = 4, .source = (uintptr_t)p->map + 10 * PAGE,
	};

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, 8);
	bind(p, 1, KPP_CONFIDENTIAL, 2, 8, 16);
	for (__u64 i = 8; i < 16; i++)
		guest_write(p, 1, i, i);
	expect_error(EFAULT, try_populate(p, &populate), "another's memory");
	assert_int_equal(populate.nr, 4);
	assert_int_equal(assigned(p), 8);
}

TEST(shared_in_the_middle, &platform)
{
	struct platform *p = *state;
	__u64 *source = make_source(8);
	struct kpp_populate populate = {
		.nr = 8, .source = (uintptr_t)source,
	};

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	make_shared(p, 5, 6);
	host_write(p, 5, 5);
	expect_error(EINVAL, try_populate(p, &populate), "a shared page");
	assert_int_equal(populate.index, 5);
	assert_int_equal(assigned(p), 5);
	assert_int_equal(host_read(p, 5), 5);
	make_private(p, 5, 6);
	expect_ok(try_populate(p, &populate), "the rest");
	expect_populated(p, 0, 8);
	munmap(source, 8 * PAGE);
}

TEST(outside, &platform)
{
	struct platform *p = *state;
	static const struct {
		__u64 index;
		__u64 nr;
	} wrong[] = { { 7, 1 }, { 7, 2 }, { 16, 1 }, { 15, 2 }, { 10, 0 },
		      { 10, ~0ULL }, { ~0ULL, 1 }, { ~0ULL, 2 } };

	bind(p, 0, KPP_CONFIDENTIAL, 1, 8, 16);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++) {
		struct kpp_populate populate = {
			.index = wrong[i].index, .nr = wrong[i].nr,
		};

		expect_error(EINVAL, try_populate(p, &populate),
			     "row %zu", i);
	}
	assert_int_equal(assigned(p), 0);
}

/* The file's own ioctl refuses pages that are assigned. */
TEST(ioctl, &platform)
{
	struct platform *p = *state;
	__u64 *source = make_source(4);
	struct kvm_private_populate populate = {
		.size = 4 * PAGE, .source = (uintptr_t)source,
	};

	bind(p, 0, KPP_PRESERVING, 1, 0, FILE_PAGES);
	guest_write(p, 0, 2, WORD);
	expect_error(EBUSY, file_populate(p->file, &populate), "a guest's page");
	assert_int_equal(populate.size, 2 * PAGE);
	assert_int_equal(guest_read(p, 0, 2), WORD);
	/*
	 * A page that the ioctl filled keeps its content when it is assigned
	 * later.
	 */
	assert_int_equal(guest_read(p, 0, 1), WORD + 1);
	unbind(p, 0);
	expect_error(EBUSY, file_populate(p->file, &populate), "a guest's page");
	assert_int_equal(assigned(p), 2);
	munmap(source, 4 * PAGE);
}

/*
 * Pages that the guest has mapped are unmapped and reclaimed before they are
 * filled.
 */
TEST(mapped, &platform)
{
	struct platform *p = *state;
	struct kpp_populate populate = { .nr = FILE_PAGES };

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	for (__u64 i = 0; i < FILE_PAGES; i++)
		guest_write(p, 0, i, WORD);
	expect_ok(try_populate(p, &populate), "over what is mapped");
	assert_int_equal(counts(p).reclaimed, FILE_PAGES);
	for (__u64 i = 0; i < FILE_PAGES; i++)
		assert_int_not_equal(guest_read(p, 0, i), WORD);
}

TEST_MAIN("platform: populate", .teardown = platform_group_teardown)
