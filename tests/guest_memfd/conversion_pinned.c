// SPDX-License-Identifier: GPL-2.0-only
/* References keep a page from becoming private; mappings don't. */
#include <linux/io_uring.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "child.h"
#include "converting.h"
#include "touch.h"

TEST(pinned_by_a_pipe, &scene_provided, &scene_own)
{
	struct scene *s = *state;

	host_writes_all(s);
	pin(s, 9, 1);
	pin(s, 40, 2);
	expect_in_use(s, 0, FILE_PAGES, 9);
	expect_in_use(s, 9, 1, 9);
	expect_in_use(s, 5, 5, 9);
	expect_in_use(s, 10, FILE_PAGES - 10, 40);
	expect_in_use(s, 41, 1, 41);
	assert_as_it_should_be(s);

	/*
	 * The pages beside it can be converted, and the pinned page is found among
	 * them.
	 */
	convert(s, 0, 9, true);
	convert(s, 10, 30, true);
	expect_in_use(s, 0, 20, 9);
	assert_as_it_should_be(s);
	/* A conversion to shared doesn't look for pinned pages. */
	convert(s, 0, FILE_PAGES, false);
	assert_as_it_should_be(s);

	let_go(s, 9);
	expect_in_use(s, 0, FILE_PAGES, 40);
	let_go(s, 40);
	expect_in_use(s, 0, FILE_PAGES, 41);
	let_go(s, 41);
	convert(s, 0, FILE_PAGES, true);
	assert_as_it_should_be(s);
}

/* The pipe keeps the punched page, which isn't the file's any more. */
TEST(pinned_and_removed, &scene_provided, &scene_own)
{
	struct scene *s = *state;

	host_writes_all(s);
	pin(s, 17, 1);
	expect_ok(file_punch(s->g.file, 17 * PAGE, PAGE), "punch");
	convert(s, 0, FILE_PAGES, true);
	guest_puts(s, 17, TAG - 1);
	convert(s, 17, 1, false);
	assert_as_it_should_be(s);
	s->word[17] = TAG + 17;
	let_go(s, 17);
}

TEST(pinned_by_an_io_uring, &scene_provided, &scene_own)
{
	struct scene *s = *state;
	struct iovec vec = { address_of(s, 20), 2 * PAGE };
	struct io_uring_params params = { 0 };
	int ring = expect_ok(syscall(SYS_io_uring_setup, 4, &params), "io_uring_setup");
	long ret;

	host_writes_all(s);
	ret = syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS, &vec, 1);
	if (ret < 0) {
		/* Some kernels make no long-term pin on a file's pages. */
		print_message("# no buffers in a file's pages: %s\n", strerror(errno));
		assert_int_equal(errno, EOPNOTSUPP);
	} else {
		expect_in_use(s, 0, FILE_PAGES, 20);
		expect_in_use(s, 21, 2, 21);
		convert(s, 22, 4, true);
		assert_as_it_should_be(s);
		expect_ok(syscall(SYS_io_uring_register, ring, IORING_UNREGISTER_BUFFERS,
				  NULL, 0), "unregister");
	}
	convert(s, 0, FILE_PAGES, true);
	expect_error(EFAULT, syscall(SYS_io_uring_register, ring,
				     IORING_REGISTER_BUFFERS, &vec, 1), "private pages");
	assert_as_it_should_be(s);
	close(ring);
}

struct family {
	struct scene *scene;
	struct meeting meeting;
};

static void look_beside_parent(void *arg)
{
	struct family *family = arg;
	struct scene *s = family->scene;

	for (unsigned int i = 0; i < FILE_PAGES; i++)
		assert_int_equal(*guest_word(&s->g, gpa_of(i)), s->word[i]);
	meet_parent(&family->meeting);
	meet_parent(&family->meeting);
	for (unsigned int i = 0; i < FILE_PAGES; i++) {
		if (i >= 16 && i < 48)
			expect_sigbus(address_of(s, i), "child's page %u", i);
		else
			assert_int_equal(*guest_word(&s->g, gpa_of(i)), s->word[i]);
	}
	meet_parent(&family->meeting);
	meet_parent(&family->meeting);
	for (unsigned int i = 0; i < FILE_PAGES; i++)
		assert_int_equal(*guest_word(&s->g, gpa_of(i)),
				 i == 20 ? TAG - 20 : s->word[i]);
	/* Any process with the descriptor may convert. */
	convert(s, 20, 1, true);
	expect_sigbus(address_of(s, 20), "page that the child converted");
}

/*
 * Both processes have the shared pages in their page tables, and lose those that
 * become private.
 */
TEST(forked_mapping, &scene_provided, &scene_own)
{
	struct family family = { .scene = *state };
	struct scene *s = *state;
	pid_t child;

	host_writes_all(s);
	meeting_open(&family.meeting);
	child = child_start(look_beside_parent, &family);
	meet_child(&family.meeting);
	convert(s, 16, 32, true);
	assert_as_it_should_be(s);
	meet_child(&family.meeting);
	meet_child(&family.meeting);
	guest_puts(s, 20, TAG - 20);
	convert(s, 16, 32, false);
	assert_as_it_should_be(s);
	meet_child(&family.meeting);
	child_wait(child);
	s->private[20] = true;
	assert_as_it_should_be(s);
	meeting_close(&family.meeting);
}

/*
 * Where a page has the wanted attribute already, the call neither looks at it nor
 * unmaps it.
 */
TEST(what_is_so_already, &scene_provided, &scene_own)
{
	struct scene *s = *state;

	host_writes_all(s);
	pin(s, 30, 1);
	convert(s, 0, FILE_PAGES, false);
	assert_as_it_should_be(s);
	let_go(s, 30);
	convert(s, 0, FILE_PAGES, true);
	convert(s, 0, FILE_PAGES, true);
	convert(s, 30, 2, true);
	assert_as_it_should_be(s);
}

TEST_MAIN("guest_memfd: conversion, pinned pages")
