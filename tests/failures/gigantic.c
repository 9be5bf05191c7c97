// SPDX-License-Identifier: GPL-2.0-only
/* Failing: pages of 1 GiB. */
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "calls.h"
#include "convert.h"
#include "huge.h"
#include "stay.h"
#include "unit.h"

#define STRICT KVM_PRIVATE_FLAG_HUGE_STRICT
#define BLOCKS (GIGANTIC_PAGE / HUGE_PAGE)

#define PUNCHED_AT (7 * HUGE_PAGE)

#define SHARED (KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED)
#define APART (5 * HUGE_PAGE)
#define WORD(offset) (0x9019000000000000ULL + (offset))

/* A gigantic page comes from a contiguous range; without one, huge pages come. */
static long call_allocate_page(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	return file_allocate(scene->fd, PUNCHED_AT, PAGE);
}

static void check_gigantic(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	expect_backing_1g(scene->fd, 1, 0, 0, "gigantic");
}

static void check_page(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	assert_true(file_allocated(scene->fd) >= PAGE);
}

static long call_punch(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	return file_punch(scene->fd, PUNCHED_AT, HUGE_PAGE);
}

static void check_punched(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	expect_backing_1g(scene->fd, 0, BLOCKS - 1, 0, "punched");
}

static const struct sweep sweeps[] = {
	{
		.name = "fallocate, gigantic pages or nothing",
		.file = { GIGANTIC_PAGE, STRICT, GIGANTIC_SHIFT },
		.call = call_allocate,
		.check = check_gigantic,
		.costly = true,
		.needs_ipc_lock = true,
	}, {
		.name = "fallocate a page, gigantic pages",
		.file = { GIGANTIC_PAGE, 0, GIGANTIC_SHIFT },
		.call = call_allocate_page,
		.check = check_page,
		.needs_ipc_lock = true,
	}, {
		.name = "punch inside a gigantic page",
		.file = { GIGANTIC_PAGE, STRICT, GIGANTIC_SHIFT },
		.prepare = prepare_allocated,
		.call = call_punch,
		.check = check_punched,
		.leftover = SMALLER_PAGES,
		.costly = true,
		.needs_ipc_lock = true,
	},
};

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

static const struct fixture held_back = { .teardown = let_go, .wanted = stay_is_there };

/*
 * Two COLLAPSEs of a page of 1 GiB: one is about to make a huge page of base pages, while
 * the other makes the whole gigantic one.
 */
TEST(collapse_overtaken, &held_back)
{
	int fd = gigantic_create(GIGANTIC_PAGE, SHARED);
	char *map = file_map(fd, GIGANTIC_PAGE);
	pthread_t first, second;
	void *result;

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

int main(void)
{
	int failed = sweeps_run("failures: gigantic", sweeps, ARRAY_SIZE(sweeps),
				gigantic_group_setup, NULL);

	/* The pages that the group's setup has given back are free by now. */
	return failed + tests_run("failures: gigantic, overtaken", NULL);
}
