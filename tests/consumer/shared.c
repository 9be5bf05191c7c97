// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lookups of shared pages, and of guests without attributes. A lookup finds a page only
 * with the attribute that it asks for.
 */
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "consumer.h"
#include "convert.h"

#define TAG	0x5e00000000000000ULL

static int try_get_shared(struct consumer *c, __u64 index, __u64 *pfn)
{
	struct kpt_page page = { .index = index, .shared = 1 };
	int ret = ioctl(c->device, KPT_GET_PFN, &page);

	if (!ret)
		assert_int_equal(page.max_order, 0);
	*pfn = page.pfn;
	return ret;
}

static __u64 get_shared(struct consumer *c, __u64 index)
{
	__u64 pfn;

	expect_ok(try_get_shared(c, index, &pfn), "shared page %llu", index);
	return pfn;
}

static void expect_shared_error(struct consumer *c, int error, __u64 index,
				const char *what)
{
	__u64 pfn;

	expect_error(error, try_get_shared(c, index, &pfn), "%s", what);
}

/* A file of its own instead of the fixture's, all of it bound */
static void take(struct consumer *c, __u64 flags, __u32 bind_flags, bool prepare)
{
	struct kpt_bind bind = {
		.end = FILE_PAGES, .flags = bind_flags, .guest_id = 1,
		.ops = prepare ? KPT_OPS_PREPARE : KPT_OPS_PLAIN,
	};

	close(c->file);
	c->file = file_create(FILE_PAGES * PAGE, flags);
	bind.fd = c->file;
	expect_ok(try_bind(c, &bind), "binding");
}

static void share(struct consumer *c, __u64 index)
{
	expect_ok(file_make_shared(c->file, index * PAGE, PAGE, 0), "sharing");
}

TEST(wrong_attribute, &consumer_plain)
{
	struct consumer *c = *state;

	take(c, KVM_PRIVATE_FLAG_MMAP, 0, false);
	expect_shared_error(c, EACCES, 5, "a private hole");
	assert_int_equal(allocated(c), 0);
	get_pfn(c, 0, 5);
	expect_shared_error(c, EACCES, 5, "a private page");
	share(c, 5);
	expect_error(EACCES, try_get_pfn(c, 0, 5), "a shared page");
	share(c, 6);
	expect_error(EACCES, try_get_pfn(c, 0, 6), "a shared hole");
	assert_int_equal(allocated(c), 1);
}

TEST(outside, &consumer_plain)
{
	struct consumer *c = *state;
	struct kpt_bind bind = { .start = 10, .end = 20 };

	take(c, KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED, 0, false);
	unbind(c, 0);
	bind.fd = c->file;
	expect_ok(try_bind(c, &bind), "binding a part");
	expect_shared_error(c, EINVAL, 9, "before");
	expect_shared_error(c, EINVAL, 20, "behind");
	get_shared(c, 10);
	get_shared(c, 19);
}

/* The lookup finds the page that the host has mapped. */
TEST(same_page, &consumer_plain)
{
	struct consumer *c = *state;
	__u64 *map, pfn, word;

	take(c, KVM_PRIVATE_FLAG_MMAP, 0, false);
	pfn = get_pfn(c, 0, 5);
	share(c, 5);
	assert_int_equal(get_shared(c, 5), pfn);
	map = mmap(NULL, FILE_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
		   c->file, 0);
	assert_ptr_not_equal(map, MAP_FAILED);
	map[5 * PAGE / 8] = TAG;
	expect_ok(read_word(c, 0, 5, &word), "the host's work on it");
	assert_int_equal(word, TAG);
	expect_ok(write_word(c, 0, 5, TAG + 1), "the host's work on it");
	assert_int_equal(map[5 * PAGE / 8], TAG + 1);
	munmap(map, FILE_PAGES * PAGE);
}

TEST(hole, &consumer_plain)
{
	struct consumer *c = *state;
	__u64 word;

	take(c, KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED, 0, false);
	expect_error(ENODATA, read_word(c, 0, 5, &word), "a hole");
	assert_int_equal(allocated(c), 0);
	get_shared(c, 5);
	assert_int_equal(allocated(c), 1);
	expect_ok(read_word(c, 0, 5, &word), "reading");
	assert_int_equal(word, 0);
	punch(c, 5, 6);
	expect_event(c, KPT_BEGIN, 0, 5, 6);
	expect_event(c, KPT_END, 0, 5, 6);
}

TEST(hole_that_stays, &consumer_plain)
{
	struct consumer *c = *state;
	__u64 word;

	take(c, KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED |
	     KVM_PRIVATE_FLAG_NO_AUTO_ALLOC, 0, false);
	expect_shared_error(c, ENOENT, 5, "a hole");
	expect_error(ENOENT, read_word(c, 0, 5, &word), "a hole");
	assert_int_equal(allocated(c), 0);
	allocate(c, 5, 6);
	get_shared(c, 5);
}

/* Shared pages aren't prepared for any guest, and prepared ones are reclaimed. */
TEST(not_prepared, &consumer_plain)
{
	struct consumer *c = *state;
	__u64 word;

	take(c, KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED, 0, true);
	get_shared(c, 5);
	assert_int_equal(count_events(c, KPT_PREPARED), 0);
	/*
	 * Emulation for a guest that doesn't trust the host, in the memory that it
	 * shares
	 */
	expect_ok(write_word(c, 0, 5, TAG), "a shared page");
	expect_ok(file_make_private(c->file, 5 * PAGE, PAGE, 0), "to private");
	get_pfn(c, 0, 5);
	assert_int_equal(count_events(c, KPT_PREPARED), 1);
	expect_error(EPERM, read_word(c, 0, 5, &word), "a private page");
	share(c, 5);
	assert_int_equal(count_events(c, KPT_RECLAIMED), 1);
	get_shared(c, 5);
	assert_int_equal(count_events(c, KPT_PREPARED), 0);
}

/* Without a mapping the guest's shared memory isn't in the file. */
TEST(elsewhere, &consumer_plain)
{
	struct consumer *c = *state;
	__u64 word;

	take(c, 0, 0, false);
	share(c, 5);
	expect_error(EACCES, read_word(c, 0, 5, &word), "a shared hole");
	get_shared(c, 5);
	expect_error(EACCES, read_word(c, 0, 5, &word), "a shared page");
}

/* A lookup's reference keeps the page from becoming private. */
TEST(pinned, &consumer_plain)
{
	struct consumer *c = *state;
	struct kpt_page pinned = { .index = 5, .pin = 1, .shared = 1 };

	take(c, KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED, 0, false);
	expect_ok(ioctl(c->device, KPT_GET_PFN, &pinned), "pinning");
	expect_error(EAGAIN, file_make_private(c->file, 0, FILE_PAGES * PAGE, 0),
		     "a page that is pinned");
	expect_ok(ioctl(c->device, KPT_PUT_PFN, &pinned), "putting");
	expect_ok(file_make_private(c->file, 0, FILE_PAGES * PAGE, 0),
		  "to private");
}

static int peek(struct consumer *c, __u64 index, __u64 *word)
{
	struct kpt_page page = { .index = index };
	int ret = ioctl(c->device, KPT_PEEK, &page);

	*word = page.word;
	return ret;
}

TEST(peek, &consumer_plain)
{
	struct consumer *c = *state;
	__u64 word;

	take(c, KVM_PRIVATE_FLAG_MMAP, 0, false);
	expect_error(EINVAL, peek(c, FILE_PAGES, &word), "outside");
	expect_error(ENODATA, peek(c, 5, &word), "a hole");
	assert_int_equal(allocated(c), 0);
	get_pfn(c, 0, 5);
	expect_ok(write_word(c, 0, 5, TAG), "writing");
	expect_ok(peek(c, 5, &word), "a private page");
	assert_int_equal(word, TAG);
	share(c, 5);
	expect_ok(peek(c, 5, &word), "a shared page");
	assert_int_equal(word, TAG);
	/* The lookup leaves no reference. */
	expect_ok(file_make_private(c->file, 5 * PAGE, PAGE, 0), "to private");
	punch(c, 5, 6);
	expect_error(ENODATA, peek(c, 5, &word), "a new hole");
}

TEST(peek_is_refused, &consumer_plain)
{
	struct consumer *c = *state;
	struct kpt_bind bind = { .end = FILE_PAGES };
	__u64 word;

	take(c, KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_NO_AUTO_ALLOC, 0, true);
	expect_error(EPERM, peek(c, 5, &word), "a hole");
	allocate(c, 5, 6);
	get_pfn(c, 0, 5);
	expect_error(EPERM, peek(c, 5, &word), "a prepared page");
	share(c, 6);
	expect_error(ENOENT, peek(c, 6, &word), "a shared hole that stays");
	allocate(c, 6, 7);
	expect_ok(peek(c, 6, &word), "a shared page");
	assert_int_equal(word, 0);

	/* The page isn't prepared for a guest that comes after. */
	unbind(c, 0);
	bind.fd = c->file;
	expect_ok(try_bind(c, &bind), "binding");
	expect_error(EAGAIN, peek(c, 5, &word), "prepared for another guest");
	get_pfn(c, 0, 5);
	expect_ok(peek(c, 5, &word), "its own");

	unbind(c, 0);
	take(c, 0, 0, false);
	share(c, 5);
	expect_error(EACCES, peek(c, 5, &word), "what is elsewhere");
}

TEST(without_attributes, &consumer_plain)
{
	struct consumer *c = *state;
	__u64 pfn, word;

	take(c, KVM_PRIVATE_FLAG_MMAP, KPT_BIND_NO_ATTRIBUTES, false);
	pfn = get_shared(c, 5);
	assert_int_equal(get_pfn(c, 0, 5), pfn);
	expect_ok(write_word(c, 0, 5, TAG), "writing");
	share(c, 5);
	expect_event(c, KPT_BEGIN, 0, 5, 6);
	expect_event(c, KPT_END, 0, 5, 6);
	assert_int_equal(get_shared(c, 5), pfn);
	assert_int_equal(get_pfn(c, 0, 5), pfn);
	expect_ok(read_word(c, 0, 5, &word), "reading");
	assert_int_equal(word, TAG);
}

/* A page that another guest has left prepared is reclaimed. */
TEST(without_attributes_after_another, &consumer_plain)
{
	struct consumer *c = *state;
	struct kpt_bind bind = {
		.end = FILE_PAGES, .flags = KPT_BIND_NO_ATTRIBUTES,
	};

	take(c, KVM_PRIVATE_FLAG_MMAP, 0, true);
	get_pfn(c, 0, 5);
	unbind(c, 0);
	bind.fd = c->file;
	expect_ok(try_bind(c, &bind), "binding");
	assert_int_equal(count_events(c, KPT_RECLAIMED), 0);
	get_shared(c, 5);
	assert_int_equal(count_events(c, KPT_RECLAIMED), 1);
}

TEST(without_attributes_prepares_nothing, &consumer_plain)
{
	struct consumer *c = *state;
	struct kpt_bind bind = {
		.fd = c->file, .end = FILE_PAGES, .ops = KPT_OPS_PREPARE,
		.flags = KPT_BIND_NO_ATTRIBUTES,
	};

	expect_error(EINVAL, try_bind(c, &bind), "with a prepare operation");
	bind.ops = KPT_OPS_PLAIN;
	bind.flags = KPT_BIND_UNKNOWN;
	expect_error(EINVAL, try_bind(c, &bind), "an unknown flag");
}

/*
 * A shared page that the host works on for the guest doesn't become private meanwhile.
 * The lock also pins the first page of its unit.
 */
static void expect_kept(struct consumer *c, __u64 index)
{
	struct kpt_page page = { .index = index };
	struct kvm_memory_attributes2 all = {
		.size = 64 * PAGE, .attributes = KVM_MEMORY_ATTRIBUTE_PRIVATE,
	};
	__u64 beside = (index ^ 1) ?: 2;

	expect_ok(ioctl(c->device, KPT_LOCK_PAGE, &page), "locking %llu", index);
	expect_pinned(c->file, index * PAGE, PAGE, index * PAGE);
	expect_error(EAGAIN, file_convert(c->file, &all), "page %llu and others",
		     index);
	assert_true(all.error_offset == 0 || all.error_offset == index * PAGE);
	expect_ok(file_make_private(c->file, beside * PAGE, PAGE, 0),
		  "beside %llu", index);
	expect_ok(file_make_shared(c->file, beside * PAGE, PAGE, 0), "back");
	expect_ok(ioctl(c->device, KPT_UNLOCK_PAGE), "unlocking %llu", index);
	expect_ok(file_make_private(c->file, index * PAGE, PAGE, 0),
		  "%llu, unlocked", index);
	expect_ok(file_make_shared(c->file, index * PAGE, PAGE, 0), "back");
}

TEST(locked, &consumer_plain)
{
	static const __u64 pages[] = { 0, 1, 5, 62, 63 };
	struct consumer *c = *state;
	const __u64 flags = KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED;
	struct kpt_bind bind = { .end = FILE_PAGES };

	take(c, flags, 0, false);
	allocate(c, 0, FILE_PAGES);
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++)
		expect_kept(c, pages[i]);

	unbind(c, 0);
	consumer_close_file(c);
	c->file = huge_create(HUGE_PAGE, flags);
	bind.fd = c->file;
	expect_ok(try_bind(c, &bind), "binding");
	allocate(c, 0, HUGE_PAGES);
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++)
		expect_kept(c, pages[i]);
	expect_backing(c->file, 1, 0, "still huge");
}

TEST_MAIN("kernel interface: shared pages",
	  .setup = consumer_group_setup, .teardown = consumer_group_teardown)
