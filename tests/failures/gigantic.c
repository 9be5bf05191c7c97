// SPDX-License-Identifier: GPL-2.0-only
/* Failing: pages of 1 GiB. */
#include "calls.h"
#include "huge.h"
#include "unit.h"

#define STRICT KVM_PRIVATE_FLAG_HUGE_STRICT
#define BLOCKS (GIGANTIC_PAGE / HUGE_PAGE)

#define PUNCHED_AT (7 * HUGE_PAGE)

/* What is gigantic comes from a range; without one, huge pages. */
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

int main(void)
{
	return sweeps_run("failures: gigantic", sweeps, ARRAY_SIZE(sweeps),
			  gigantic_group_setup, NULL);
}
