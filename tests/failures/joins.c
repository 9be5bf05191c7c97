// SPDX-License-Identifier: GPL-2.0-only
/*
 * Two COLLAPSEs of a page of 1 GiB: while one is about to make a huge page of base
 * pages, the other has made all of it.
 */
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "convert.h"
#include "huge.h"
#include "stay.h"
#include "unit.h"

#define SHARED (KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED)
#define BLOCKS (GIGANTIC_PAGE / HUGE_PAGE)
#define APART (5 * HUGE_PAGE)
#define WORD(offset) (0x9019000000000000ULL + (offset))

static void *collapse_thread(void *fd)
{
	struct kvm_private_collapse collapse = { .size = GIGANTIC_PAGE };

	return file_collapse(*(int *)fd, &collapse) ? fd : NULL;
}

static int let_go(void **state)
{
	(void)state;
	stay_end_all();
	return 0;
}

static const struct fixture held_back = { .teardown = let_go };

TEST(overtaken, &held_back)
{
	int fd = gigantic_create(GIGANTIC_PAGE, SHARED);
	char *map = file_map(fd, GIGANTIC_PAGE);
	pthread_t first, second;
	void *result;

	stay_or_skip();
	expect_ok(file_allocate(fd, 0, GIGANTIC_PAGE), "allocate");
	expect_ok(file_punch(fd, APART, PAGE), "punch");
	expect_ok(file_allocate(fd, APART, PAGE), "allocate the page");
	expect_backing_1g(fd, 0, BLOCKS - 1, HUGE_PAGES, "apart");
	for (__u64 at = 0; at < GIGANTIC_PAGE; at += HUGE_PAGE)
		*(__u64 *)(map + at) = WORD(at);

	stay_want("WINDOW_COLLAPSE");
	assert_int_equal(pthread_create(&first, NULL, collapse_thread, &fd), 0);
	stay_wait("WINDOW_COLLAPSE");
	assert_int_equal(pthread_create(&second, NULL, collapse_thread, &fd), 0);
	pthread_join(second, &result);
	assert_null(result);
	expect_backing_1g(fd, 1, 0, 0, "by the second");
	stay_end("WINDOW_COLLAPSE");
	pthread_join(first, &result);
	assert_null(result);
	expect_backing_1g(fd, 1, 0, 0, "by both");
	for (__u64 at = 0; at < GIGANTIC_PAGE; at += HUGE_PAGE)
		assert_int_equal(*(__u64 *)(map + at), WORD(at));
	munmap(map, GIGANTIC_PAGE);
	close(fd);
}

TEST_MAIN("failures: joins", .setup = gigantic_group_setup)
