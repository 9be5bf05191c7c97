// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <unistd.h>

#include "cgroup.h"
#include "child.h"
#include "device.h"
#include "leftovers.h"
#include "meminfo.h"
#include "poll_until.h"
#include "rights.h"
#include "slabinfo.h"
#include "unit.h"

/* Pages that just fit, if nothing else is charged */
#define PROBE_PAGES	8
/* Page tables and the like, of all that a program may leave behind for a while */
#define MEMORY_NOISE	(4 * MEMINFO_NOISE)

static struct cgroup cgroup;
static __u64 memfree;
static unsigned int fds;
static int users;

static int module_users(void)
{
	FILE *file = fopen("/sys/module/kvm_private/refcnt", "re");
	int nr = -1;

	assert_non_null(file);
	assert_int_equal(fscanf(file, "%d", &nr), 1);
	fclose(file);
	return nr;
}

void leftovers_start(void)
{
	cgroup_make(&cgroup, "fuzz");
	memfree = settled_memfree();
	fds = open_fds();
	users = module_users();
}

void leftovers_enter(void)
{
	cgroup_enter(&cgroup);
}

static void probe(void *arg)
{
	int fd;

	(void)arg;
	drop_ipc_lock();
	limit_locked_memory(PROBE_PAGES * PAGE);
	fd = file_create(2 * PROBE_PAGES * PAGE, 0);
	expect_ok(file_allocate(fd, 0, PROBE_PAGES * PAGE),
		  "allocating all that RLIMIT_MEMLOCK allows, with nothing else charged");
	expect_error(ENOMEM, file_allocate(fd, PROBE_PAGES * PAGE, PAGE),
		     "allocating more");
}

void leftovers_check_charges(void)
{
	child_run(probe, NULL);
}

static void wait_for_module(void)
{
	struct poll poll = poll_start();

	while (module_users() != users) {
		if (!poll_again(&poll)) {
			print_error("the module has %d references, not %d\n",
				    module_users(), users);
			fail();
		}
	}
}

void leftovers_check_all(void)
{
	leftovers_check_charges();
	assert_int_equal(open_fds(), fds);
	wait_for_module();
	wait_for_memfree(memfree - MEMORY_NOISE);
	cgroup_wait_below(&cgroup, CGROUP_NOISE);
	cgroup_remove(&cgroup);
}
