// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "poll_until.h"
#include "slabinfo.h"
#include "text_file.h"
#include "unit.h"
#include "watched.h"

void slab_give_back(const char *cache)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/shrink", cache);
	text_file_try_write(path, "1");
}

unsigned long slab_objects(const char *cache)
{
	char line[512], name[64];
	unsigned long active = 0;
	bool found = false;
	FILE *file;

	watched_let_go_of(cache);
	slab_give_back(cache);
	file = fopen("/proc/slabinfo", "re");
	assert_non_null(file);
	while (!found && fgets(line, sizeof(line), file))
		found = sscanf(line, "%63s %lu", name, &active) == 2 &&
			!strcmp(name, cache);
	fclose(file);
	if (!found) {
		print_error("/proc/slabinfo has no line %s\n", cache);
		fail();
	}
	return active;
}

void wait_for_slab_objects(const char *cache, unsigned long at_most)
{
	struct poll poll = poll_start();
	unsigned long now;

	while ((now = slab_objects(cache)) > at_most) {
		if (!poll_again(&poll)) {
			print_error("%s stays at %lu objects, over %lu\n",
				    cache, now, at_most);
			fail();
		}
	}
}
