// SPDX-License-Identifier: GPL-2.0-only
/* The holder's view of a private file, and the calls that it may make */
#include "private_file.h"

#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "narrator.h"

#define PAGE_SIZE	4096
#define STAT_BLOCK	512

static __u64 allocated_by_stat(int fd)
{
	struct stat status;

	if (fstat(fd, &status))
		err(1, "fstat of the private file");
	return (__u64)status.st_blocks * STAT_BLOCK;
}

/*
 * The sum of the numbers that @format, for scanf, reads from all lines of
 * fdinfo
 */
static __u64 fdinfo_sum(int fd, const char *format)
{
	unsigned long long bytes, sum = 0;
	char path[64], line[256];
	int lines = 0;
	FILE *info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = fopen(path, "re");
	if (!info)
		err(1, "can't open %s", path);

	while (fgets(line, sizeof(line), info)) {
		if (sscanf(line, format, &bytes) != 1)
			continue;
		sum += bytes;
		lines++;
	}
	fclose(info);

	if (!lines)
		fail("%s has no line like \"%s\"", path, format);
	return sum;
}

/* One line for each backing page size. */
static __u64 allocated_by_fdinfo(int fd)
{
	return fdinfo_sum(fd, "allocated-%*[^:]: %llu");
}

__u64 private_file_allocated(int fd)
{
	__u64 before, after, told;

	/* The guest may allocate at any time, so the two may differ a bit. */
	before = allocated_by_stat(fd);
	told = allocated_by_fdinfo(fd);
	after = allocated_by_stat(fd);
	if (told < before || told > after)
		fail("fdinfo tells %llu bytes, fstat %llu to %llu", told,
		     before, after);
	return told;
}

__u64 private_file_shared(int fd)
{
	return fdinfo_sum(fd, "shared: %llu");
}

bool private_file_has(int fd, __u64 offset)
{
	off_t data = lseek(fd, offset, SEEK_DATA);

	return data >= 0 && (__u64)data == offset;
}

void private_file_punch(int fd, __u64 offset)
{
	if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset,
		      PAGE_SIZE))
		err(1, "can't free the page at %#llx", offset);
}
