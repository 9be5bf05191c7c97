// SPDX-License-Identifier: GPL-2.0-only
/* Failing: calls that set policies, and allocations that follow one */
#include <linux/mempolicy.h>

#include "calls.h"
#include "huge.h"
#include "numa.h"
#include "unit.h"

#define MMAP KVM_PRIVATE_FLAG_MMAP

#define PAGES 12
#define SIZE (PAGES * PAGE)
#define FIRST 4
#define END 8
#define HUGE_SIZE (HUGE_PAGE + 5 * PAGE)

static int mode_of(struct scene *scene, unsigned int page)
{
	unsigned long nodes;
	int mode;

	expect_ok(numa_get(scene->map + page * PAGE, &mode, &nodes),
		  "get_mempolicy");
	return mode;
}

static bool is_in_range(unsigned int page)
{
	return page >= FIRST && page < END;
}

/* The sweep's argument is the mode that the whole file has before. */
static void prepare_mode(const struct sweep *sweep, struct scene *scene)
{
	if (sweep->argument != MPOL_DEFAULT)
		expect_ok(numa_bind(scene->map, scene->size, sweep->argument,
				    NODE_0, 0), "mbind");
}

static void expect_intact(const struct sweep *sweep, struct scene *scene)
{
	for (unsigned int page = 0; page < PAGES; page++)
		assert_int_equal(mode_of(scene, page), sweep->argument);
}

static void check_modes(const struct sweep *sweep, struct scene *scene,
			int in_range)
{
	for (unsigned int page = 0; page < PAGES; page++)
		assert_int_equal(mode_of(scene, page), is_in_range(page) ?
				 in_range : (int)sweep->argument);
}

static void check_preferred(const struct sweep *sweep, struct scene *scene)
{
	check_modes(sweep, scene, MPOL_PREFERRED);
}

static void check_none(const struct sweep *sweep, struct scene *scene)
{
	check_modes(sweep, scene, MPOL_DEFAULT);
}

static long set_policy(struct scene *scene, int mode, unsigned long nodes)
{
	const struct kvm_private_set_policy policy = {
		.offset = FIRST * PAGE, .size = (END - FIRST) * PAGE,
		.nodemask = (uintptr_t)&nodes, .maxnode = 64, .mode = mode,
	};

	return ioctl(scene->fd, KVM_PRIVATE_SET_POLICY, &policy);
}

static long call_set_policy(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	return set_policy(scene, MPOL_PREFERRED, NODE_0);
}

static long call_set_no_policy(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	return set_policy(scene, MPOL_DEFAULT, 0);
}

static long call_mbind(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	return numa_bind(scene->map + FIRST * PAGE, (END - FIRST) * PAGE,
			 MPOL_PREFERRED, NODE_0, 0);
}

static long call_mbind_default(const struct sweep *sweep, struct scene *scene)
{
	(void)sweep;
	return numa_bind(scene->map + FIRST * PAGE, (END - FIRST) * PAGE,
			 MPOL_DEFAULT, 0, 0);
}

#define POLICY(what, before, function, checks)				\
	{								\
		.name = what,						\
		.file = { SIZE, MMAP, 0 },				\
		.argument = before,					\
		.prepare = prepare_mode,				\
		.call = function,					\
		.check = checks,					\
		.intact = expect_intact,				\
	}

static const struct sweep sweeps[] = {
	POLICY("set_policy", MPOL_DEFAULT, call_set_policy, check_preferred),
	POLICY("set_policy inside another", MPOL_BIND, call_set_policy,
	       check_preferred),
	POLICY("set_policy to none", MPOL_BIND, call_set_no_policy, check_none),
	POLICY("mbind", MPOL_DEFAULT, call_mbind, check_preferred),
	POLICY("mbind inside another", MPOL_BIND, call_mbind, check_preferred),
	POLICY("mbind to none", MPOL_BIND, call_mbind_default, check_none),
	{
		.name = "fallocate by policy, base pages",
		.file = { SIZE, MMAP, 0 },
		.argument = MPOL_BIND,
		.prepare = prepare_mode,
		.call = call_allocate,
		.check = check_allocated,
		.leftover = MORE_PAGES,
	}, {
		.name = "fallocate by policy, huge pages",
		.file = { HUGE_SIZE, MMAP, HUGE_SHIFT },
		.argument = MPOL_INTERLEAVE,
		.prepare = prepare_mode,
		.call = call_allocate,
		.check = check_allocated,
		.leftover = MORE_PAGES,
	},
};

int main(void)
{
	return sweeps_run("failures: policies", sweeps, ARRAY_SIZE(sweeps),
			  numa_stay_on_node_0, NULL);
}
