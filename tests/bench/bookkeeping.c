// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "bookkeeping.h"
#include "cgroup.h"
#include "meminfo.h"

static struct cgroup cgroup;

void bookkeeping_start(void)
{
	cgroup_make(&cgroup, "bookkeeping");
	cgroup_enter(&cgroup);
}

/* The nth number after a name at the start of a line */
static double number_after(const char *path, const char *name, int nth)
{
	FILE *file = fopen(path, "r");
	size_t length = strlen(name);
	char line[256];
	double value = -1;

	while (file && fgets(line, sizeof(line), file)) {
		char *at = line + length;

		if (strncmp(line, name, length) || *at != ' ')
			continue;
		for (int i = 0; i < nth; i++)
			value = strtod(at, &at);
		fclose(file);
		return value;
	}
	errx(1, "no %s in %s", name, path);
}

static double cache_bytes(const char *cache)
{
	return number_after("/proc/slabinfo", cache, 1) *
	       number_after("/proc/slabinfo", cache, 3);
}

struct bookkeeping bookkeeping_now(const char *cache)
{
	char path[256];

	/*
	 * The delay for frees by RCU, and for counters that are summed up now
	 * and then
	 */
	sleep(5);
	snprintf(path, sizeof(path), "%s/memory.stat", cgroup.path);
	return (struct bookkeeping){
		.nodes = cache_bytes(cache),
		.group = number_after(path, "slab", 1),
		.slab = meminfo_line("Slab"),
	};
}
