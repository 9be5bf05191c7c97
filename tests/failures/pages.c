// SPDX-License-Identifier: GPL-2.0-only
/* Failing: pages that are allocated, split, collapsed and freed */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "calls.h"
#include "convert.h"
#include "huge.h"
#include "unit.h"

#define STRICT KVM_PRIVATE_FLAG_HUGE_STRICT
#define SHARED (KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED)

/* A batch, and some more pages */
#define BASE_SIZE (70 * PAGE)

/* The range that is populated */
#define SOURCE_SIZE (10 * PAGE)

/* Huge pages, and a tail that is too short for one */
#define TAIL_PAGES 70
#define TAIL (TAIL_PAGES * PAGE)
#define HUGE_SIZE (2 * HUGE_PAGE + TAIL)

static char source[SOURCE_SIZE] __attribute__((__aligned__(4096)));

static void check_strict(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	expect_backing(scene->fd, 2, TAIL_PAGES, "strictly");
}

static long call_populate(const struct sweep *sweep, struct scene *scene)
{
	struct kvm_private_populate populate = {
		.size = SOURCE_SIZE, .source = (uintptr_t)source,
	};

	(void)sweep;
	return file_populate(scene->fd, &populate);
}

static void prepare_source(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	(void)scene;
	for (unsigned int i = 0; i < SOURCE_SIZE / PAGE; i++)
		memset(source + i * PAGE, i + 1, PAGE);
}

static void check_populated(const struct sweep *sweep, struct scene *scene)
{
	const char *map;

	(void)sweep;
	expect_ok(file_make_shared(scene->fd, 0, SOURCE_SIZE, CONVERT_PRESERVE),
		  "share what was populated");
	map = file_map(scene->fd, SOURCE_SIZE);
	assert_memory_equal(map, source, SOURCE_SIZE);
	munmap((void *)map, SOURCE_SIZE);
}

/* From within one huge page into the next */
#define PUNCHED_AT (HUGE_PAGE - 3 * PAGE)
#define PUNCHED (8 * PAGE)

static long call_punch(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	return file_punch(scene->fd, PUNCHED_AT, PUNCHED);
}

static void check_punched(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	assert_int_equal(file_allocated(scene->fd), scene->size - PUNCHED);
	assert_int_equal(lseek(scene->fd, 0, SEEK_HOLE), PUNCHED_AT);
	assert_int_equal(lseek(scene->fd, PUNCHED_AT, SEEK_DATA),
			 PUNCHED_AT + PUNCHED);
}

static __u64 mark(__u64 offset)
{
	return 0xfa11000000000000ULL + offset;
}

static void write_marks(struct scene *scene)
{
	for (__u64 offset = 0; offset < scene->size; offset += PAGE)
		*(__u64 *)(scene->map + offset) = mark(offset);
}

static void expect_marks(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	for (__u64 offset = 0; offset < scene->size; offset += PAGE)
		assert_int_equal(*(__u64 *)(scene->map + offset), mark(offset));
}

static void check_collapsed(const struct sweep *sweep, struct scene *scene)
{
	expect_backing(scene->fd, 2, TAIL_PAGES, "collapsed");
	expect_marks(sweep, scene);
}

/* The pages that replace the punched ones lie elsewhere. */
static void prepare_scattered(const struct sweep *sweep, struct scene *scene)
{
	prepare_allocated(sweep, scene);
	expect_ok(call_punch(sweep, scene), "punch");
	write_marks(scene);
}

/* With a hole, which the call fills first */
static void prepare_hole(const struct sweep *sweep, struct scene *scene)
{
	prepare_scattered(sweep, scene);
	expect_ok(call_punch(sweep, scene), "punch");
}

static void check_filled(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	expect_backing(scene->fd, 2, TAIL_PAGES, "collapsed");
	assert_int_equal(*(__u64 *)(scene->map), mark(0));
	assert_int_equal(*(__u64 *)(scene->map + PUNCHED_AT), 0);
}

/* Nodes on each level of the store, up to the largest files */
#define FAR_AT (LARGEST_FILE - PAGE)

static long call_allocate_far(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	return file_allocate(scene->fd, FAR_AT, PAGE);
}

/* The store has nodes without any page when the file is released. */
static void check_nothing(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	expect_ok(file_punch(scene->fd, FAR_AT, PAGE), "punch");
	assert_int_equal(file_allocated(scene->fd), 0);
}

static const struct sweep sweeps[] = {
	{
		.name = "fallocate, far into the file",
		.file = { .size = LARGEST_FILE },
		.call = call_allocate_far,
		.check = check_nothing,
		.locked = PAGE,
	}, {
		.name = "fallocate, far into the file that is then closed",
		.file = { .size = LARGEST_FILE },
		.call = call_allocate_far,
		.check = check_nothing,
		.locked = PAGE,
		.gives_up = true,
	}, {
		.name = "fallocate, base pages",
		.file = { .size = BASE_SIZE },
		.call = call_allocate,
		.check = check_allocated,
		.leftover = MORE_PAGES,
	}, {
		.name = "fallocate, huge pages",
		.file = { HUGE_SIZE, 0, HUGE_SHIFT },
		.call = call_allocate,
		.check = check_allocated,
		.leftover = MORE_PAGES,
	}, {
		.name = "fallocate, huge pages or nothing",
		.file = { HUGE_SIZE, STRICT, HUGE_SHIFT },
		.call = call_allocate,
		.check = check_strict,
		.leftover = MORE_PAGES,
	}, {
		.name = "populate, base pages",
		.file = { SOURCE_SIZE, KVM_PRIVATE_FLAG_MMAP, 0 },
		.prepare = prepare_source,
		.call = call_populate,
		.check = check_populated,
		.leftover = MORE_PAGES,
	}, {
		.name = "populate, huge pages",
		.file = { HUGE_PAGE, KVM_PRIVATE_FLAG_MMAP, HUGE_SHIFT },
		.prepare = prepare_source,
		.call = call_populate,
		.check = check_populated,
		.leftover = MORE_PAGES,
	}, {
		.name = "punch inside huge pages",
		.file = { HUGE_SIZE, 0, HUGE_SHIFT },
		.prepare = prepare_allocated,
		.call = call_punch,
		.check = check_punched,
		.leftover = SMALLER_PAGES,
	}, {
		.name = "collapse, moving",
		.file = { HUGE_SIZE, SHARED, HUGE_SHIFT },
		.prepare = prepare_scattered,
		.call = call_collapse,
		.check = check_collapsed,
		.intact = expect_marks,
		.leftover = MORE_PAGES,
		.locked = HUGE_SIZE + HUGE_PAGE,
	}, {
		.name = "collapse, with a hole",
		.file = { HUGE_SIZE, SHARED, HUGE_SHIFT },
		.prepare = prepare_hole,
		.call = call_collapse,
		.check = check_filled,
		.leftover = MORE_PAGES,
		.locked = HUGE_SIZE + HUGE_PAGE,
	},
};

int main(void)
{
	return sweeps_run("failures: pages", sweeps, ARRAY_SIZE(sweeps), NULL,
			  NULL);
}
