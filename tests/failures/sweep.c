// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cgroup.h"
#include "child.h"
#include "injectors.h"
#include "own_points.h"
#include "rights.h"
#include "huge.h"
#include "sweep.h"
#include "text_file.h"
#include "unit.h"

/* A call that fails more often than that never ends. */
#define MAX_NTH 5000

/**
 * struct run - one sweep with one injector
 * @sweep: the sweep
 * @injector: the injector
 * @cgroup: that it is in
 * @name: of both
 */
struct run {
	const struct sweep *sweep;
	const struct injector *injector;
	struct cgroup cgroup;
	char name[128];
};

/**
 * struct totals - the results of a sweep
 * @denied: calls that had a request denied
 * @refused: how many of them failed
 */
struct totals {
	unsigned int denied;
	unsigned int refused;
};

static const int out_of_memory[] = { ENOMEM, 0 };

static void begin_scene(const struct sweep *sweep, struct scene *scene)
{
	scene_open(scene, &sweep->file);
	if (sweep->prepare)
		sweep->prepare(sweep, scene);
}

static void end_scene(const struct sweep *sweep, struct scene *scene)
{
	if (sweep->end)
		sweep->end(sweep, scene);
	scene_close(scene);
}

static void expect_intact(const struct sweep *sweep, struct scene *scene,
			  const struct snapshot *before, unsigned int nth)
{
	char when[64];

	snprintf(when, sizeof(when), "denied the %uth", nth);
	snapshot_compare(before, scene, sweep->leftover, when);
	if (sweep->intact)
		sweep->intact(sweep, scene);
}

/*
 * Returns the call's result, and notes whether any request was denied, and whether
 * that was a copy of user memory.
 */
static long denied_call(const struct run *run, struct scene *scene,
			unsigned int nth, unsigned int count, bool *denied,
			bool *copy)
{
	const struct sweep *sweep = run->sweep;
	char when[64];
	int error;
	long ret;

	injector_arm(run->injector, nth, count);
	ret = sweep->call(sweep, scene);
	error = errno;
	*denied = injector_disarm(run->injector);
	if (ret >= 0)
		return ret;

	*copy = error == EFAULT && run->injector->denies_copies &&
		run->injector->denies_copies();
	if (*copy && *denied)
		return ret;
	if (!*denied)
		fail_msg("failed by itself: %s", strerror(error));
	snprintf(when, sizeof(when), "denied %u from the %uth on", count, nth);
	unit_check_error(ret, error, sweep->errors ?: out_of_memory, __FILE__,
			 __LINE__, "%s", when);
	return ret;
}

static void sweep_with(const struct run *run, unsigned int count,
		       struct totals *totals)
{
	const struct sweep *sweep = run->sweep;
	struct snapshot before;
	struct scene scene;
	unsigned int nth;
	bool denied, copy = false, begun = false;

	for (nth = 1, denied = true; denied; nth++) {
		assert_true(nth < MAX_NTH);
		if (!begun)
			begin_scene(sweep, &scene);
		before = snapshot_take(&scene);
		begun = denied_call(run, &scene, nth, count, &denied,
				    &copy) < 0;
		totals->denied += denied;
		totals->refused += begun;
		if (begun && count == 1 && sweep->recovers &&
		    run->injector == &own_points)
			fail_msg("failed, denied the %uth alone", nth);
		if (begun && !copy)
			expect_intact(sweep, &scene, &before, nth);
		if (begun && sweep->costly)
			continue;
		if (begun && !sweep->gives_up)
			expect_ok(sweep->call(sweep, &scene), "made again");
		if (!begun || !sweep->gives_up)
			sweep->check(sweep, &scene);
		begun = false;
		end_scene(sweep, &scene);
	}
}

static __u64 locked_memory(const struct sweep *sweep)
{
	return sweep->locked ?: sweep->file.size;
}

/*
 * The next file can have all that is allowed: to the process and, with the same
 * limit for all files together, to the module.
 */
static void expect_no_charge(const struct sweep *sweep)
{
	__u64 size = locked_memory(sweep) ?: PAGE;
	char limit[32];
	int fd = file_create(size, 0);

	snprintf(limit, sizeof(limit), "%llu", size);
	text_file_write(LIMIT, limit);
	expect_ok(file_allocate(fd, 0, size), "as much as is allowed");
	expect_error(ENOMEM, file_allocate(file_create(PAGE, 0), 0, PAGE),
		     "a page more");
}

static void sweep_in_child(void *arg)
{
	const struct run *run = arg;
	const unsigned int *count;
	struct totals totals = { 0 };

	cgroup_enter(&run->cgroup);
	injector_open(run->injector);
	if (!run->sweep->needs_ipc_lock) {
		limit_locked_memory(locked_memory(run->sweep) ?: PAGE);
		drop_ipc_lock();
	}
	for (count = run->injector->counts; *count; count++)
		sweep_with(run, *count, &totals);
	expect_no_charge(run->sweep);
	print_message("# %s: denied %u times, failed %u times\n", run->name,
		      totals.denied, totals.refused);
}

static void test_sweep(void **state)
{
	struct run *run = *state;

	/*
	 * The kernel's own objects for a file in sysfs are charged to the cgroup
	 * that opens it first.
	 */
	text_file_write(LIMIT, "0");
	cgroup_make(&run->cgroup, "failures");
	child_run(sweep_in_child, run);
	cgroup_expect_empty(&run->cgroup);
	cgroup_remove(&run->cgroup);
}

/* Also after a failed one */
static int restore(void **state)
{
	struct run *run = *state;

	text_file_write(LIMIT, "0");
	if (!access(run->cgroup.path, F_OK))
		cgroup_remove(&run->cgroup);
	return 0;
}

static void add_tests(struct CMUnitTest *tests, struct run *runs,
		      const struct sweep *sweeps, unsigned int nr,
		      const struct injector *injector)
{
	for (unsigned int i = 0; i < nr; i++) {
		runs[i] = (struct run){
			.sweep = &sweeps[i], .injector = injector,
		};
		snprintf(runs[i].name, sizeof(runs[i].name), "%s: %s",
			 sweeps[i].name, injector->name);
		tests[i] = (struct CMUnitTest){
			.name = runs[i].name,
			.test_func = test_sweep,
			.teardown_func = restore,
			.initial_state = &runs[i],
		};
	}
}

int sweeps_run(const char *group, const struct sweep *sweeps, unsigned int nr,
	       int (*setup)(void **state), int (*teardown)(void **state))
{
	const struct injector * const *injector;
	struct CMUnitTest *tests = NULL;
	unsigned int used = 0, i = 0;
	struct run *runs = NULL;
	int ret;

	for (injector = injectors; *injector; injector++)
		used += (*injector)->is_there();
	if (!used) {
		print_error("nothing fails here; see scripts/vm --fail-points\n");
		return 1;
	}

	runs = calloc(used * nr, sizeof(*runs));
	tests = calloc(used * nr, sizeof(*tests));
	if (!runs || !tests)
		return 1;
	for (injector = injectors; *injector; injector++) {
		if (!(*injector)->is_there())
			continue;
		add_tests(tests + i, runs + i, sweeps, nr, *injector);
		i += nr;
	}
	ret = _cmocka_run_group_tests(group, tests, i, setup, teardown);
	free(tests);
	free(runs);
	return ret;
}
