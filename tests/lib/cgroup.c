// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <linux/magic.h>
#include <unistd.h>

#include "cgroup.h"
#include "device.h"
#include "poll_until.h"
#include "slabinfo.h"
#include "text_file.h"
#include "unit.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

static void write_file(const char *directory, const char *name,
		       const char *text)
{
	char path[256];

	snprintf(path, sizeof(path), "%s/%s", directory, name);
	text_file_write(path, text);
}

static FILE *open_for_reading(const struct cgroup *cgroup, const char *name)
{
	char path[256];
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s", cgroup->path, name);
	file = fopen(path, "re");
	if (!file) {
		print_error("can't open %s: %s\n", path, strerror(errno));
		fail();
	}
	return file;
}

void cgroup_make(struct cgroup *cgroup, const char *name)
{
	struct statfs fs;

	expect_ok(statfs(CGROUP_ROOT, &fs), "statfs " CGROUP_ROOT);
	if (fs.f_type != CGROUP2_SUPER_MAGIC)
		expect_ok(mount("cgroup", CGROUP_ROOT, "cgroup2", 0, NULL),
			  "mount a cgroup2 on " CGROUP_ROOT);
	write_file(CGROUP_ROOT, "cgroup.subtree_control", "+memory");
	snprintf(cgroup->path, sizeof(cgroup->path), CGROUP_ROOT "/%s", name);
	expect_ok(mkdir(cgroup->path, 0700), "mkdir %s", cgroup->path);
}

void cgroup_remove(const struct cgroup *cgroup)
{
	struct poll poll = poll_start();

	/* A failed test may have left a child that waits for it. */
	write_file(cgroup->path, "cgroup.kill", "1");
	while (rmdir(cgroup->path)) {
		if (errno != EBUSY || !poll_again(&poll)) {
			print_error("rmdir %s: %s\n", cgroup->path,
				    strerror(errno));
			fail();
		}
	}
}

void cgroup_enter(const struct cgroup *cgroup)
{
	write_file(cgroup->path, "cgroup.procs", "0");
}

int cgroup_open_root(void)
{
	return expect_ok(open(CGROUP_ROOT "/cgroup.procs", O_WRONLY | O_CLOEXEC),
			 "open the root cgroup");
}

void cgroup_leave(int root)
{
	expect_ok(write(root, "0", 1), "leave the cgroup");
}

void cgroup_limit(const struct cgroup *cgroup, __u64 bytes)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", bytes);
	write_file(cgroup->path, "memory.max", text);
}

static long page_faults(void)
{
	struct rusage usage;

	expect_ok(getrusage(RUSAGE_SELF, &usage), "getrusage");
	return usage.ru_minflt + usage.ru_majflt;
}

static long faults_before;

void cgroup_leave_room(const struct cgroup *cgroup, __u64 bytes)
{
	expect_ok(mlockall(MCL_CURRENT), "mlockall");
	cgroup_limit(cgroup, cgroup_memory(cgroup) + bytes);
	faults_before = page_faults();
}

void cgroup_lift_limit(const struct cgroup *cgroup, int root)
{
	long faults = page_faults() - faults_before;

	cgroup_leave(root);
	write_file(cgroup->path, "memory.max", "max");
	assert_int_equal(faults, 0);
	cgroup_enter(cgroup);
}

__u64 cgroup_memory(const struct cgroup *cgroup)
{
	FILE *file = open_for_reading(cgroup, "memory.current");
	__u64 bytes = 0;

	assert_int_equal(fscanf(file, "%llu", &bytes), 1);
	fclose(file);
	return bytes;
}

void cgroup_wait_below(const struct cgroup *cgroup, __u64 at_most)
{
	struct poll poll = poll_start();

	while (cgroup_memory(cgroup) > at_most) {
		if (!poll_again(&poll)) {
			print_error("memory.current stays at %llu, over %llu\n",
				    cgroup_memory(cgroup), at_most);
			fail();
		}
	}
}

void cgroup_expect_empty(const struct cgroup *cgroup)
{
	/*
	 * A CPU that frees bytes of another CPU's keeps less than a page: see
	 * refill_obj_stock().
	 */
	const __u64 kept = (sysconf(_SC_NPROCESSORS_ONLN) - 1) * PAGE;
	struct poll poll = poll_start();

	do {
		slab_give_back("maple_node");
		/* The write drains the stocks, and frees cached pages. */
		write_file(cgroup->path, "memory.high", "0");
		if (cgroup_memory(cgroup) <= kept)
			return;
	} while (poll_again(&poll));
	print_error("%llu bytes stay charged\n", cgroup_memory(cgroup));
	fail();
}

__u64 cgroup_event(const struct cgroup *cgroup, const char *name)
{
	FILE *file = open_for_reading(cgroup, "memory.events");
	__u64 value = 0;
	__u64 count;
	char word[64];
	unsigned int found = 0;

	while (fscanf(file, "%63s %llu", word, &count) == 2) {
		if (strcmp(word, name))
			continue;
		value = count;
		found++;
	}
	fclose(file);
	assert_int_equal(found, 1);
	return value;
}
