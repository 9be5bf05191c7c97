// SPDX-License-Identifier: GPL-2.0-only
/*
 * To be run after programs that use the module with the parameter detours=N. Each place
 * that may give the processor up, and each that looks again, has taken its detour since
 * the module was loaded.
 */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "own_points.h"
#include "unit.h"

/* Gigantic pages have a suite of their own. */
static bool is_left_out(const char *point)
{
	return !strcmp(point, "PAUSE_GIGANTIC");
}

TEST(taken)
{
	unsigned int points = 0, passed, taken, missing = 0;
	FILE *file = fopen(DETOUR_POINTS, "re");
	char name[64];

	assert_non_null(file);
	while (fscanf(file, "%63s %u %u", name, &passed, &taken) == 3) {
		points++;
		print_message("# %s: passed %u times, taken %u times\n", name,
			      passed, taken);
		if (taken || is_left_out(name))
			continue;
		print_error("the detour %s has never been taken\n", name);
		missing++;
	}
	fclose(file);
	assert_true(points > 0);
	assert_int_equal(missing, 0);
}

TEST_MAIN("detours")
