// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device.h"
#include "meminfo.h"
#include "poll_until.h"
#include "unit.h"
#include "watched.h"

#define CHURN (32 * MIB)

static __u64 counter(const char *path, const char *name, char end)
{
	size_t length = strlen(name);
	FILE *file = fopen(path, "re");
	__u64 value = 0;
	bool found = false;
	char line[256];

	assert_non_null(file);
	while (!found && fgets(line, sizeof(line), file)) {
		if (strncmp(line, name, length) || line[length] != end)
			continue;
		found = sscanf(line + length + 1, "%llu", &value) == 1;
	}
	fclose(file);
	if (!found) {
		print_error("%s has no line %s\n", path, name);
		fail();
	}
	return value;
}

__u64 meminfo_line(const char *name)
{
	return counter("/proc/meminfo", name, ':') * KIB;
}

__u64 vmstat_line(const char *name)
{
	return counter("/proc/vmstat", name, ' ');
}

static void poke(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	expect_ok(fd, "open %s", path);
	expect_ok(write(fd, text, strlen(text)), "write %s to %s", text, path);
	close(fd);
}

/*
 * A CPU may keep freed pages up to the zone's low watermark in a list of its
 * own, which MemFree doesn't count. With as small a fraction of the zone as
 * this it keeps four batches at most. A longer list is cut when pages are next
 * freed into it.
 */
static void shorten_cpu_lists(void)
{
	void *map;

	poke("/proc/sys/vm/percpu_pagelist_high_fraction", "1000000");
	map = mmap(NULL, CHURN, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	assert_ptr_not_equal(map, MAP_FAILED);
	munmap(map, CHURN);
}

static void settle(void)
{
	watched_let_go();
	poke("/proc/sys/vm/drop_caches", "3");
	shorten_cpu_lists();
	poke("/proc/sys/vm/stat_refresh", "1");
}

__u64 settled_memfree(void)
{
	settle();
	return meminfo_line("MemFree");
}

void wait_for_memfree(__u64 at_least)
{
	struct poll poll = poll_start();
	__u64 now;

	do {
		now = settled_memfree();
		if (now >= at_least)
			return;
	} while (poll_again(&poll));
	print_error("MemFree stays at %llu KiB, %llu KiB too few\n",
		    now / KIB, (at_least - now) / KIB);
	fail();
}

void wait_for_meminfo_below(const char *name, __u64 at_most)
{
	struct poll poll = poll_start();
	__u64 now;

	do {
		settle();
		now = meminfo_line(name);
		if (now <= at_most)
			return;
	} while (poll_again(&poll));
	print_error("%s stays at %llu KiB, %llu KiB too many\n", name,
		    now / KIB, (now - at_most) / KIB);
	fail();
}
