// SPDX-License-Identifier: GPL-2.0-only
/* kvm_private_get_pfn(), and pages that the host locks for its emulation. */
#include <sys/mman.h>
#include <unistd.h>

#include "consumer.h"

TEST(outside, &consumer_plain)
{
	struct consumer *c = *state;
	static const __u64 outside[] = {
		0, 9, 20, 21, FILE_PAGES, -1ULL, 1ULL << 52, (1ULL << 52) + 10,
	};
	__u64 word;

	bind(c, 0, KPT_OPS_PLAIN, 10, 20);
	for (size_t i = 0; i < ARRAY_SIZE(outside); i++) {
		expect_error(EINVAL, try_get_pfn(c, 0, outside[i]), "page %#llx",
			     outside[i]);
		expect_error(EINVAL, read_word(c, 0, outside[i], &word),
			     "page %#llx", outside[i]);
	}
	assert_int_equal(allocated(c), 0);
	get_pfn(c, 0, 10);
	get_pfn(c, 0, 19);
	assert_int_equal(allocated(c), 2);
}

TEST(hole_allocates, &consumer_plain)
{
	struct consumer *c = *state;
	__u64 pfn, word;

	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	pfn = get_pfn(c, 0, 5);
	assert_int_equal(allocated(c), 1);
	for (int i = 0; i < 10; i++)
		assert_int_equal(get_pfn(c, 0, 5), pfn);
	assert_int_equal(allocated(c), 1);
	expect_ok(read_word(c, 0, 5, &word), "reading");
	assert_int_equal(word, 0);
	expect_no_events(c);
}

TEST(present, &consumer_plain)
{
	struct consumer *c = *state;
	__u64 pfns[FILE_PAGES];

	allocate(c, 0, FILE_PAGES);
	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	for (unsigned int i = 0; i < FILE_PAGES; i++) {
		pfns[i] = get_pfn(c, 0, i);
		for (unsigned int j = 0; j < i; j++)
			assert_int_not_equal(pfns[i], pfns[j]);
	}
	assert_int_equal(allocated(c), FILE_PAGES);
}

TEST(without_order, &consumer_plain)
{
	struct consumer *c = *state;
	struct kpt_page page = { .index = 3, .no_order = 1 };

	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	expect_ok(ioctl(c->device, KPT_GET_PFN, &page), "asking for no order");
	assert_int_equal(get_pfn(c, 0, 3), page.pfn);
}

TEST(no_auto_alloc, &consumer_no_alloc)
{
	struct consumer *c = *state;
	__u64 pfn;

	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	expect_error(ENOENT, try_get_pfn(c, 0, 5), "a hole");
	assert_int_equal(allocated(c), 0);
	allocate(c, 5, 6);
	pfn = get_pfn(c, 0, 5);
	assert_int_equal(get_pfn(c, 0, 5), pfn);
	expect_error(ENOENT, try_get_pfn(c, 0, 4), "a hole");
	expect_error(ENOENT, try_get_pfn(c, 0, 6), "a hole");
	punch(c, 5, 6);
	expect_error(ENOENT, try_get_pfn(c, 0, 5), "a new hole");
	assert_int_equal(allocated(c), 0);
}

/* A page that is looked up isn't allocated again before it is put. */
TEST(pinned_over_punch, &consumer_plain)
{
	struct consumer *c = *state;
	struct kpt_page pinned = { .index = 5, .pin = 1 };

	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	expect_ok(ioctl(c->device, KPT_GET_PFN, &pinned), "pinning");
	punch(c, 0, FILE_PAGES);
	assert_int_equal(allocated(c), 0);
	for (unsigned int i = 0; i < FILE_PAGES; i++)
		assert_int_not_equal(get_pfn(c, 0, i), pinned.pfn);
	expect_ok(ioctl(c->device, KPT_PUT_PFN, &pinned), "putting");
	assert_int_equal(allocated(c), FILE_PAGES);
}

/* A page is zeroed between two owners: nothing of the old content shows. */
TEST(zeroed, &consumer_plain)
{
	struct consumer *c = *state;
	__u64 word;

	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	for (int round = 0; round < 20; round++) {
		for (unsigned int i = 0; i < FILE_PAGES; i++) {
			get_pfn(c, 0, i);
			expect_ok(read_word(c, 0, i, &word), "reading");
			assert_int_equal(word, 0);
			expect_ok(write_word(c, 0, i, ~0ULL), "writing");
		}
		punch(c, 0, FILE_PAGES);
	}
}

TEST(host_access, &consumer_plain)
{
	struct consumer *c = *state;
	__u64 word;

	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	/* ENODATA: NULL, which stands for zeros */
	expect_error(ENODATA, read_word(c, 0, 5, &word), "a hole");
	expect_error(ENODATA, write_word(c, 0, 5, 1), "a hole");
	assert_int_equal(allocated(c), 0);
	get_pfn(c, 0, 5);
	expect_ok(write_word(c, 0, 5, 0x1234), "writing");
	expect_ok(read_word(c, 0, 5, &word), "reading");
	assert_int_equal(word, 0x1234);
	/* The host wrote to the page itself, not to a copy. */
	unbind(c, 0);
	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	expect_ok(read_word(c, 0, 5, &word), "reading");
	assert_int_equal(word, 0x1234);
}

TEST(host_access_no_auto_alloc, &consumer_no_alloc)
{
	struct consumer *c = *state;
	__u64 word;

	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	expect_error(ENOENT, read_word(c, 0, 5, &word), "a hole");
	assert_int_equal(allocated(c), 0);
	allocate(c, 5, 6);
	expect_ok(read_word(c, 0, 5, &word), "reading");
	assert_int_equal(word, 0);
}

TEST(host_sees_populated, &consumer_plain)
{
	struct consumer *c = *state;
	__u64 source[PAGE / 8] = { 0xabcdef };
	struct kvm_private_populate populate = {
		.offset = 5 * PAGE, .size = PAGE,
		.source = (uintptr_t)source,
	};
	__u64 word;

	expect_ok(file_populate(c->file, &populate), "KVM_PRIVATE_POPULATE");
	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	expect_ok(read_word(c, 0, 5, &word), "reading");
	assert_int_equal(word, 0xabcdef);
}

/* A guest that doesn't trust the host has pages that the host must not touch. */
TEST(host_is_kept_out, &consumer_plain)
{
	struct consumer *c = *state;
	__u64 word;

	bind_guest(c, 0, 1, 0, FILE_PAGES);
	expect_error(EPERM, read_word(c, 0, 5, &word), "a hole");
	get_pfn(c, 0, 5);
	expect_error(EPERM, read_word(c, 0, 5, &word), "a prepared page");
	expect_error(EPERM, write_word(c, 0, 5, 1), "a prepared page");
}

/* A locked page stays where it is until it is unlocked. */
TEST(punch_waits_for_lock, &consumer_plain)
{
	struct consumer *c = *state;
	struct kpt_page page = { .index = 5 };
	struct puncher puncher;
	__u64 word;

	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	get_pfn(c, 0, 5);
	expect_ok(ioctl(c->device, KPT_LOCK_PAGE, &page), "locking");
	puncher_start(&puncher, c, 0, FILE_PAGES);
	puncher_wait_stuck(&puncher);
	expect_ok(ioctl(c->device, KPT_UNLOCK_PAGE), "unlocking");
	puncher_join(&puncher);
	assert_int_equal(allocated(c), 0);
	expect_error(ENODATA, read_word(c, 0, 5, &word), "a new hole");
}

/* The lock doesn't hold up other pages. */
TEST(punch_beside_lock, &consumer_plain)
{
	struct consumer *c = *state;
	struct kpt_page page = { .index = 5 };

	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	/* Pages that are allocated together wait together. */
	allocate(c, 5, 6);
	allocate(c, 0, FILE_PAGES);
	expect_ok(ioctl(c->device, KPT_LOCK_PAGE, &page), "locking");
	punch(c, 0, 5);
	punch(c, 6, FILE_PAGES);
	assert_int_equal(allocated(c), 1);
	get_pfn(c, 0, 5);
	expect_ok(ioctl(c->device, KPT_UNLOCK_PAGE), "unlocking");
}

TEST(beyond_32_bits, &consumer_plain)
{
	struct consumer *c = *state;
	const __u64 far = (1ULL << 36) - 1;
	struct kpt_bind bind = {
		.fd = file_create(LARGEST_FILE, 0), .start = far - 1,
		.end = far + 1,
	};

	expect_ok(try_bind(c, &bind), "the last two pages");
	get_pfn(c, 0, far);
	expect_error(EINVAL, try_get_pfn(c, 0, far + 1), "past the end");
	expect_error(EINVAL, try_get_pfn(c, 0, (__u32)far), "32 bits of it");
	assert_int_equal(lseek(bind.fd, 0, SEEK_DATA), far * PAGE);
	expect_ok(file_punch(bind.fd, far * PAGE, PAGE), "punching");
	expect_event(c, KPT_BEGIN, 0, far, far + 1);
	expect_event(c, KPT_END, 0, far, far + 1);
	assert_int_equal(file_allocated(bind.fd), 0);
	close(bind.fd);
}

TEST_MAIN("kernel interface: lookup",
	  .setup = consumer_group_setup, .teardown = consumer_group_teardown)
