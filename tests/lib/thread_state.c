// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "thread_state.h"

/*
 * The state follows the name, which may have any character in it but a second
 * ")".
 */
char thread_state(pid_t tid)
{
	char path[64], text[512] = "", *name_end;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/task/%d/stat", tid);
	file = fopen(path, "re");
	if (!file)
		return 0;
	name_end = fgets(text, sizeof(text), file) ? strrchr(text, ')') : NULL;
	fclose(file);
	return name_end ? name_end[2] : 0;
}
