// SPDX-License-Identifier: GPL-2.0-only
/*
 * Failing: the host's mappings. A page for which there is no memory raises SIGBUS,
 * which counts as the error here. If the kernel's own allocations fail, it repeats
 * the fault.
 */
#include <sys/mman.h>

#include "calls.h"
#include "huge.h"
#include "touch.h"
#include "unit.h"

#define SHARED (KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED)

#define PAGES 40
#define SIZE (PAGES * PAGE)

/* First of the pages that a fault maps together */
#define TOUCHED 16

static const int sigbus_errors[] = { EFAULT, 0 };

static long call_map(const struct sweep *sweep, struct scene *scene)
{
	void *map = mmap(NULL, sweep->file.size, PROT_READ | PROT_WRITE,
			 MAP_SHARED, scene->fd, 0);

	scene->more = map;
	return map == MAP_FAILED ? -1 : 0;
}

static void check_map(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	assert_int_equal(touch_write(scene->more, 1), 0);
	expect_reads(scene->map, 1, "through another mapping");
}

static void end_map(const struct sweep *sweep, struct scene *scene)
{
	munmap(scene->more, sweep->file.size);
}

static long call_touch(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	if (!touch_write(scene->map + TOUCHED * PAGE, 0x77))
		return 0;
	errno = EFAULT;
	return -1;
}

static void check_touched(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	expect_reads(scene->map + TOUCHED * PAGE, 0x77, "the page");
}

/* The pages that follow are mapped with it, or when they are touched. */
static void check_following(const struct sweep *sweep, struct scene *scene)
{
	check_touched(sweep, scene);
	for (unsigned int page = TOUCHED + 1; page < PAGES; page++)
		expect_reads(scene->map + page * PAGE, 0, "page %u", page);
	assert_int_equal(file_allocated(scene->fd), scene->size);
}

static const struct sweep sweeps[] = {
	{
		.name = "mmap",
		.file = { SIZE, SHARED, 0 },
		.call = call_map,
		.check = check_map,
		.end = end_map,
	}, {
		.name = "fault on a hole",
		.file = { SIZE, SHARED, 0 },
		.call = call_touch,
		.check = check_touched,
		.errors = sigbus_errors,
	}, {
		.name = "fault on a hole, huge pages",
		.file = { HUGE_PAGE, SHARED, HUGE_SHIFT },
		.call = call_touch,
		.check = check_touched,
		.errors = sigbus_errors,
	}, {
		.name = "fault with those that follow",
		.file = { SIZE, SHARED, 0 },
		.prepare = prepare_allocated,
		.call = call_touch,
		.check = check_following,
		.errors = sigbus_errors,
	}, {
		.name = "fault in a huge page",
		.file = { HUGE_PAGE, SHARED, HUGE_SHIFT },
		.prepare = prepare_allocated,
		.call = call_touch,
		.check = check_following,
		.errors = sigbus_errors,
	},
};

int main(void)
{
	return sweeps_run("failures: mappings", sweeps, ARRAY_SIZE(sweeps), NULL,
			  NULL);
}
