// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages from their allocation to their end, with the file, the guest and the
 * module with the operations ending in every order
 */
#include <sched.h>
#include <unistd.h>

#include "platform.h"

#define WORD 0x1122334455667788ULL

TEST(fault, &platform)
{
	struct platform *p = *state;
	__u64 pfn;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	pfn = guest_write(p, 0, 5, WORD);
	assert_int_equal(guest_read(p, 0, 5), WORD);
	assert_int_not_equal(raw_read(p, pfn), WORD);
	assert_int_equal(counts(p).prepared, 1);
	assert_int_equal(assigned(p), 1);
}

TEST(allocate_then_fault, &platform)
{
	struct platform *p = *state;

	bind(p, 0, KPP_PRESERVING, 1, 0, FILE_PAGES);
	allocate(p, 0, FILE_PAGES);
	assert_int_equal(assigned(p), 0);
	for (__u64 i = 0; i < FILE_PAGES; i++)
		assert_int_equal(guest_read(p, 0, i), 0);
	assert_int_equal(assigned(p), FILE_PAGES);
	allocate(p, 0, FILE_PAGES);
	assert_int_equal(counts(p).prepared, FILE_PAGES);
}

TEST(hole_that_stays, &platform_no_alloc)
{
	struct platform *p = *state;
	__u64 word;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	expect_error(ENOENT, try_guest_read(p, 0, 5, &word), "a hole");
	assert_int_equal(counts(p).prepared, 0);
	allocate(p, 5, 6);
	guest_write(p, 0, 5, WORD);
	punch(p, 5, 6);
	expect_error(ENOENT, try_guest_read(p, 0, 5, &word), "a hole again");
	assert_int_equal(assigned(p), 0);
}

TEST(punch, &platform)
{
	struct platform *p = *state;

	bind(p, 0, KPP_PRESERVING, 1, 0, FILE_PAGES);
	for (__u64 i = 0; i < FILE_PAGES; i++)
		guest_write(p, 0, i, WORD + i);
	punch(p, 10, 20);
	assert_int_equal(assigned(p), FILE_PAGES - 10);
	assert_int_equal(counts(p).reclaimed, 10);
	/* A new page, which is zeroed */
	assert_int_equal(guest_read(p, 0, 10), 0);
	assert_int_equal(guest_read(p, 0, 9), WORD + 9);
	assert_int_equal(guest_read(p, 0, 20), WORD + 20);
	punch(p, 0, FILE_PAGES);
	assert_int_equal(assigned(p), 0);
}

/* The binding keeps the file. */
TEST(file_closed_first, &platform)
{
	struct platform *p = *state;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	guest_write(p, 0, 5, WORD);
	close_file(p);
	assert_int_equal(guest_read(p, 0, 5), WORD);
	guest_write(p, 0, 6, WORD);
	assert_int_equal(assigned(p), 2);
	unbind(p, 0);
	assert_int_equal(assigned(p), 0);
	assert_int_equal(counts(p).reclaimed, 2);
}

static void leave_page_behind(struct platform *p)
{
	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	guest_write(p, 0, 5, WORD);
	unbind(p, 0);
	assert_int_equal(assigned(p), 1);
	assert_int_equal(counts(p).reclaimed, 0);
}

TEST(guest_gone_then_punch, &platform)
{
	struct platform *p = *state;

	leave_page_behind(p);
	punch(p, 0, FILE_PAGES);
	assert_int_equal(assigned(p), 0);
	assert_int_equal(counts(p).reclaimed, 1);
}

TEST(guest_gone_then_close, &platform)
{
	struct platform *p = *state;

	leave_page_behind(p);
	close_file(p);
	assert_int_equal(assigned(p), 0);
	assert_int_equal(counts(p).reclaimed, 1);
}

TEST(guest_gone_then_shared, &platform)
{
	struct platform *p = *state;

	leave_page_behind(p);
	make_shared(p, 0, FILE_PAGES);
	assert_int_equal(assigned(p), 0);
	assert_int_not_equal(host_read(p, 5), WORD);
}

TEST(same_guest_again, &platform)
{
	struct platform *p = *state;

	leave_page_behind(p);
	bind(p, 1, KPP_CONFIDENTIAL, 1, 0, 10);
	assert_int_equal(guest_read(p, 1, 5), WORD);
	assert_int_equal(counts(p).prepared, 1);
}

TEST(another_guest, &platform)
{
	struct platform *p = *state;

	leave_page_behind(p);
	bind(p, 0, KPP_PRESERVING, 2, 0, FILE_PAGES);
	assert_int_not_equal(guest_read(p, 0, 5), WORD);
	assert_int_equal(counts(p).prepared, 2);
	assert_int_equal(counts(p).reclaimed, 1);
}

TEST(guests_after_another, &platform)
{
	struct platform *p = *state;

	for (__u64 guest = 1; guest <= 20; guest++) {
		bind(p, guest % KPP_SLOTS, KPP_CONFIDENTIAL, guest, 0, FILE_PAGES);
		for (__u64 i = 0; i < FILE_PAGES; i++)
			guest_write(p, guest % KPP_SLOTS, i, guest + i);
		for (__u64 i = 0; i < FILE_PAGES; i++)
			assert_int_equal(guest_read(p, guest % KPP_SLOTS, i),
					 guest + i);
		unbind(p, guest % KPP_SLOTS);
	}
	assert_int_equal(assigned(p), FILE_PAGES);
}

TEST(guests_side_by_side, &platform)
{
	struct platform *p = *state;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, 10);
	bind(p, 1, KPP_CONFIDENTIAL, 2, 10, 20);
	bind(p, 2, KPP_TRUSTING, 3, 20, 30);
	for (__u64 i = 0; i < 30; i++)
		guest_write(p, i / 10, i, WORD + i);
	punch(p, 8, 22);
	assert_int_equal(assigned(p), 8 + 8);
	for (__u64 i = 0; i < 30; i++)
		if (i < 8 || i >= 22)
			assert_int_equal(guest_read(p, i / 10, i), WORD + i);

	/* The two guests change places. */
	unbind(p, 0);
	unbind(p, 1);
	bind(p, 0, KPP_CONFIDENTIAL, 2, 0, 10);
	bind(p, 1, KPP_CONFIDENTIAL, 1, 10, 20);
	for (__u64 i = 0; i < 20; i++)
		assert_int_not_equal(guest_read(p, i / 10, i), WORD + i);
}

/* One guest in two places of a file, one of which is unbound */
TEST(two_places, &platform)
{
	struct platform *p = *state;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, 10);
	bind(p, 1, KPP_CONFIDENTIAL, 1, 20, 30);
	guest_write(p, 0, 5, WORD);
	guest_write(p, 1, 25, WORD + 1);
	unbind(p, 0);
	assert_int_equal(guest_read(p, 1, 25), WORD + 1);
	punch(p, 0, FILE_PAGES);
	assert_int_equal(assigned(p), 0);
}

TEST(one_guest_in_two_files, &platform)
{
	struct platform *p = *state;
	int first = p->file, second = file_create(FILE_PAGES * PAGE, 0);

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	p->file = second;
	bind(p, 1, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	guest_write(p, 0, 5, WORD);
	guest_write(p, 1, 5, WORD + 1);
	unbind(p, 1);
	assert_int_equal(assigned(p), 2);
	close(second);
	p->file = first;
	assert_int_equal(assigned(p), 1);
	assert_int_equal(guest_read(p, 0, 5), WORD);
}

static void *punch_all(void *arg)
{
	struct platform *p = arg;

	file_punch(p->file, 0, FILE_PAGES * PAGE);
	return NULL;
}

static pthread_t start_punch(struct platform *p)
{
	pthread_t thread;

	assert_int_equal(pthread_create(&thread, NULL, punch_all, p), 0);
	return thread;
}

static void *read_page(void *arg)
{
	struct platform *p = arg;
	__u64 word;

	expect_ok(try_guest_read(p, 0, 5, &word), "a guest that had to wait");
	return NULL;
}

/*
 * Between begin and end the lookup finds the page, and the guest must not use
 * it.
 */
TEST(access_inside_invalidation, &platform)
{
	struct platform *p = *state;
	pthread_t punch, reader;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	guest_write(p, 0, 5, WORD);
	pause_at(KPP_PAUSE_BEGIN);
	punch = start_punch(p);
	wait_paused(1);
	assert_int_equal(pthread_create(&reader, NULL, read_page, p), 0);
	while (!counts(p).dropped)
		sched_yield();
	pause_at(0);
	pthread_join(punch, NULL);
	pthread_join(reader, NULL);
	assert_int_not_equal(guest_read(p, 0, 5), WORD);
	assert_int_equal(assigned(p), 1);
}

/* The guest waits for its page while that page is punched, and gets another. */
TEST(punch_inside_prepare, &platform)
{
	struct platform *p = *state;
	pthread_t punch, reader;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	pause_at(KPP_PAUSE_PREPARE);
	assert_int_equal(pthread_create(&reader, NULL, read_page, p), 0);
	wait_paused(1);
	punch = start_punch(p);
	while (!counts(p).checked[KPP_BEGIN_OVERLAPS])
		sched_yield();
	pause_at(0);
	pthread_join(punch, NULL);
	pthread_join(reader, NULL);
	assert_int_equal(assigned(p), 1);
}

/* The module with the operations must stay until its pages are reclaimed. */
TEST(owner_stays_for_page, &platform)
{
	struct platform *p = *state;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	guest_write(p, 0, 5, WORD);
	close_device(p);
	expect_error(EWOULDBLOCK, platform_try_unload(), "a page is assigned");
	punch(p, 0, FILE_PAGES);
	expect_ok(platform_try_unload(), "no page is assigned");
	platform_load();
}

TEST(owner_stays_during_reclaim, &platform)
{
	struct platform *p = *state;
	pthread_t punch;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	guest_write(p, 0, 5, WORD);
	close_device(p);
	pause_at(KPP_PAUSE_RECLAIM);
	punch = start_punch(p);
	wait_paused(1);
	expect_error(EWOULDBLOCK, platform_try_unload(), "one is reclaimed");
	pause_at(0);
	pthread_join(punch, NULL);
	expect_ok(platform_try_unload(), "it has been");
	platform_load();
}

/* The end of the file makes the last reclaim. */
TEST(owner_stays_until_close, &platform)
{
	struct platform *p = *state;

	bind(p, 0, KPP_CONFIDENTIAL, 1, 0, FILE_PAGES);
	for (__u64 i = 0; i < FILE_PAGES; i++)
		guest_write(p, 0, i, WORD);
	close_device(p);
	expect_error(EWOULDBLOCK, platform_try_unload(), "pages are assigned");
	close_file(p);
	expect_ok(platform_try_unload(), "no file is left");
	platform_load();
}

TEST_MAIN("platform: lifetime", .teardown = platform_group_teardown)
