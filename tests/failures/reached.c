// SPDX-License-Identifier: GPL-2.0-only
/*
 * To be run after the other programs of this folder. Each of the module's points
 * has failed at least once since it was loaded, and no reference holds the module.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "kmod.h"
#include "own_points.h"
#include "unit.h"
#include "watched.h"

/*
 * These can fail only while the module is loaded, and a module that failed to load
 * can't report it. The program load makes sure of them.
 */
static bool is_of_load(const char *point)
{
	return !strcmp(point, "CREATORS") || !strcmp(point, "HIBERNATION") ||
	       !strcmp(point, "MEMORY_ERROR") || !strcmp(point, "DEVICE");
}

/* For gigantic pages: their sweeps take too long there; see suite_commands.sh. */
static bool is_left_out(const char *point)
{
	return kernel_is_watched() && !strncmp(point, "CONTIG", 6);
}

TEST(reached)
{
	unsigned int points = 0, passed, failed, missing = 0;
	unsigned long times = 0;
	FILE *file = fopen(FAIL_POINTS, "re");
	char name[64];

	assert_non_null(file);
	while (fscanf(file, "%63s %u %u", name, &passed, &failed) == 3) {
		points++;
		times += failed;
		print_message("# %s: passed %u times, failed %u times\n", name,
			      passed, failed);
		if (failed || is_of_load(name) || is_left_out(name))
			continue;
		print_error("the point %s has never failed\n", name);
		missing++;
	}
	fclose(file);
	print_message("# %u points, failed %lu times\n", points, times);
	assert_true(points > 0);
	assert_int_equal(missing, 0);
}

/*
 * The failed calls have dropped their references to the mount, the operations and
 * the module.
 */
TEST(unused)
{
	expect_ok(module_unload("kvm_private"), "unload");
}

TEST_MAIN("failures: reached")
