// SPDX-License-Identifier: GPL-2.0-only
/* Finding a file by its descriptor, and binding ranges of it. */
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "consumer.h"
#include "fdinfo.h"

static int try_fget(struct consumer *c, int fd)
{
	return ioctl(c->device, KPT_FGET, fd);
}

TEST(fget, &consumer_plain)
{
	struct consumer *c = *state;
	int files[] = {
		open("/dev/zero", O_RDWR), device_open(), eventfd(0, 0),
		memfd_create("binding", 0), c->device,
	};
	int closed = dup(c->file);

	expect_ok(try_fget(c, c->file), "a private file");
	close(closed);
	expect_error(EBADF, try_fget(c, closed), "a closed descriptor");
	expect_error(EBADF, try_fget(c, -1), "no descriptor");
	expect_error(EBADF, try_fget(c, 1 << 30), "a descriptor out of reach");
	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		assert_true(files[i] >= 0);
		expect_error(EINVAL, try_fget(c, files[i]), "file %zu", i);
		if (files[i] != c->device)
			close(files[i]);
	}
}

/* A leaked reference would keep the file, and its page. */
TEST(no_reference_leaks, &consumer_plain)
{
	struct consumer *c = *state;

	for (int i = 0; i < 100; i++)
		expect_ok(try_fget(c, c->file), "round %d", i);
	bind_guest(c, 0, 1, 0, FILE_PAGES);
	get_pfn(c, 0, 0);
	unbind(c, 0);
	assert_int_equal(count_events(c, KPT_RECLAIMED), 0);
	/*
	 * This drops the last reference: the file's page is reclaimed at once.
	 */
	consumer_close_file(c);
	assert_int_equal(count_events(c, KPT_RECLAIMED), 1);
}

TEST(ranges, &consumer_plain)
{
	struct consumer *c = *state;
	static const struct {
		__u64 start, end;
	} bad[] = {
		{ 0, 0 }, { 5, 5 }, { 5, 4 }, { 1, 0 },
		{ 0, FILE_PAGES + 1 }, { FILE_PAGES, FILE_PAGES + 1 },
		{ FILE_PAGES - 1, FILE_PAGES + 1 }, { FILE_PAGES, FILE_PAGES },
		{ 0, -1ULL }, { -1ULL, 0 }, { -1ULL, 1 }, { -2ULL, -1ULL },
		{ 0, 1ULL << 52 },
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const struct kpt_bind bind = {
			.fd = c->file, .start = bad[i].start, .end = bad[i].end,
		};

		expect_error(EINVAL, try_bind(c, &bind), "from %#llx to %#llx",
			     bad[i].start,
			     bad[i].end);
	}
	assert_int_equal(fdinfo_number(c->file, "bindings"), 0);
	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	unbind(c, 0);
	bind(c, 0, KPT_OPS_PLAIN, FILE_PAGES - 1, FILE_PAGES);
}

TEST(malformed, &consumer_plain)
{
	struct consumer *c = *state;
	struct kpt_bind bind = { .fd = c->file, .end = 1 };

	for (bind.ops = KPT_OPS_NULL; bind.ops < KPT_OPS_NR; bind.ops++)
		expect_error(EINVAL, try_bind(c, &bind), "operations %u",
			     bind.ops);
	bind.ops = KPT_OPS_PLAIN;
	for (__u32 flag = KPT_BIND_UNKNOWN; flag; flag <<= 1) {
		bind.flags = flag;
		expect_error(EINVAL, try_bind(c, &bind), "flag %#x", flag);
		bind.flags |= KPT_BIND_FIRMWARE;
		expect_error(EINVAL, try_bind(c, &bind), "flag %#x and firmware", flag);
	}
	assert_int_equal(fdinfo_number(c->file, "bindings"), 0);
}

TEST(overlap, &consumer_plain)
{
	struct consumer *c = *state;
	static const struct {
		__u64 start, end;
	} bad[] = {
		{ 10, 20 }, { 9, 11 }, { 19, 21 }, { 12, 13 }, { 0, FILE_PAGES },
		{ 10, 11 }, { 19, 20 },
	};

	bind(c, 0, KPT_OPS_PLAIN, 10, 20);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		const struct kpt_bind bind = {
			.slot = 1, .fd = c->file,
			.start = bad[i].start, .end = bad[i].end,
		};

		expect_error(EEXIST, try_bind(c, &bind), "row %zu", i);
	}
	assert_int_equal(fdinfo_number(c->file, "bindings"), 1);
	bind(c, 1, KPT_OPS_PLAIN, 9, 10);
	bind(c, 2, KPT_OPS_PLAIN, 20, 21);
	assert_int_equal(fdinfo_number(c->file, "bindings"), 3);
	unbind(c, 0);
	bind(c, 3, KPT_OPS_PLAIN, 10, 20);
	assert_int_equal(fdinfo_number(c->file, "bindings"), 3);
}

/* The same range of another file is another range. */
TEST(two_files, &consumer_plain)
{
	struct consumer *c = *state;
	struct kpt_bind other = {
		.slot = 1, .fd = file_create(FILE_PAGES * PAGE, 0),
		.end = FILE_PAGES,
	};
	__u64 pfn;

	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	expect_ok(try_bind(c, &other), "binding another file");
	pfn = get_pfn(c, 0, 5);
	assert_int_not_equal(get_pfn(c, 1, 5), pfn);
	expect_ok(file_punch(other.fd, 0, FILE_PAGES * PAGE), "punching");
	expect_event(c, KPT_BEGIN, 1, 0, FILE_PAGES);
	expect_event(c, KPT_END, 1, 0, FILE_PAGES);
	expect_no_events(c);
	assert_int_equal(get_pfn(c, 0, 5), pfn);
	close(other.fd);
}

TEST(many_rounds, &consumer_plain)
{
	struct consumer *c = *state;
	__u64 pfn;

	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	pfn = get_pfn(c, 0, 7);
	for (int i = 0; i < 1000; i++) {
		unbind(c, 0);
		bind(c, 0, i % 2 ? KPT_OPS_PLAIN : KPT_OPS_PREPARE, 0,
		     FILE_PAGES);
		assert_int_equal(get_pfn(c, 0, 7), pfn);
	}
	assert_int_equal(allocated(c), 1);
}

/* The binding keeps the file. */
TEST(close_while_bound, &consumer_plain)
{
	struct consumer *c = *state;
	__u64 pfn, word;

	bind(c, 0, KPT_OPS_PREPARE, 0, FILE_PAGES);
	pfn = get_pfn(c, 0, 3);
	consumer_close_file(c);
	assert_int_equal(get_pfn(c, 0, 3), pfn);
	get_pfn(c, 0, 4);
	expect_error(EPERM, read_word(c, 0, 3, &word), "the host is kept out");
	assert_int_equal(count_events(c, KPT_PREPARED), 2);
	unbind(c, 0);
	assert_int_equal(count_events(c, KPT_RECLAIMED), 2);
}

static int is_private(struct consumer *c, int fd, __u64 index)
{
	const struct kpt_is_private args = { .fd = fd, .index = index };

	return ioctl(c->device, KPT_IS_PRIVATE, &args);
}

TEST(is_private, &consumer_plain)
{
	struct consumer *c = *state;

	allocate(c, 0, 1);
	assert_int_equal(is_private(c, c->file, 0), 1);
	assert_int_equal(is_private(c, c->file, 1), 1);
	assert_int_equal(is_private(c, c->file, FILE_PAGES - 1), 1);
	assert_int_equal(is_private(c, c->file, FILE_PAGES), 0);
	assert_int_equal(is_private(c, c->file, -1ULL), 0);
	assert_int_equal(allocated(c), 1);
}

TEST_MAIN("kernel interface: binding",
	  .setup = consumer_group_setup, .teardown = consumer_group_teardown)
