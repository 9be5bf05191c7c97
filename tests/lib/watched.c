// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "unit.h"
#include "watched.h"

#define CACHES "/sys/kernel/slab"

bool kernel_is_watched(void)
{
	struct utsname name;

	expect_ok(uname(&name), "uname");
	return strstr(name.release, "-debug-") ||
	       strstr(name.release, "-kcsan-");
}

void watched_let_go_of(const char *cache)
{
	char path[512];
	int fd;

	if (!kernel_is_watched())
		return;
	snprintf(path, sizeof(path), CACHES "/%s/shrink", cache);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	/* The kernel may remove a cache between readdir() and this open(). */
	if (fd < 0)
		return;
	expect_ok(write(fd, "1", 1), "write to %s", path);
	close(fd);
}

void watched_let_go(void)
{
	struct dirent *entry;
	DIR *caches;

	if (!kernel_is_watched())
		return;
	caches = opendir(CACHES);
	assert_non_null(caches);
	while ((entry = readdir(caches)))
		if (entry->d_name[0] != '.')
			watched_let_go_of(entry->d_name);
	closedir(caches);
}
