// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fdinfo.h"
#include "unit.h"

void fdinfo_text(int fd, const char *name, char *text, size_t size)
{
	size_t length = strlen(name);
	unsigned int found = 0;
	char path[64];
	char line[512];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = fopen(path, "re");
	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		char *start = line + length + 1;

		if (strncmp(line, name, length) || line[length] != ':')
			continue;
		found++;
		while (isspace((unsigned char)*start))
			start++;
		start[strcspn(start, "\n")] = '\0';
		snprintf(text, size, "%s", start);
	}
	fclose(file);
	/*
	 * procfs would show two lines if the module reused a name of procfs's
	 * own.
	 */
	if (found != 1) {
		print_error("%s has %u lines %s\n", path, found, name);
		fail();
	}
}

__u64 fdinfo_number(int fd, const char *name)
{
	char text[64];
	__u64 value;
	char *end;

	fdinfo_text(fd, name, text, sizeof(text));
	value = strtoull(text, &end, 0);
	if (end == text || *end) {
		print_error("fdinfo's %s is \"%s\", no number\n", name, text);
		fail();
	}
	return value;
}

__u64 fdinfo_numa_total(int fd)
{
	char text[256];
	__u64 total = 0;
	char *word;
	char *rest;

	fdinfo_text(fd, "numa", text, sizeof(text));
	for (word = strtok_r(text, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest)) {
		unsigned long long bytes;
		unsigned int node;

		if (sscanf(word, "N%u=%llu", &node, &bytes) != 2) {
			print_error("fdinfo's numa line has \"%s\"\n", word);
			fail();
		}
		total += bytes;
	}
	return total;
}
