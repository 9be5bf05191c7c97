// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <unistd.h>

#include "device.h"
#include "file_table.h"
#include "rights.h"
#include "unit.h"

#define FILE_MAX "/proc/sys/fs/file-max"

/* A user that no other test limits */
#define ATTEMPT_UID 4000

static char before[32];

static void write_maximum(const char *text)
{
	int fd = expect_ok(open(FILE_MAX, O_WRONLY | O_CLOEXEC), "open file-max");

	expect_ok(write(fd, text, strlen(text)), "write %s to file-max", text);
	close(fd);
}

void file_table_full(void)
{
	int fd = expect_ok(open(FILE_MAX, O_RDONLY | O_CLOEXEC), "open file-max");

	memset(before, 0, sizeof(before));
	assert_true(read(fd, before, sizeof(before) - 1) > 0);
	close(fd);
	write_maximum("0");
}

void file_table_restore(void)
{
	if (!*before)
		return;
	write_maximum(before);
	*before = '\0';
}

void file_table_attempt(void *arg)
{
	const struct file_table_attempt *attempt = arg;
	unsigned int i;

	become_user(ATTEMPT_UID);
	for (i = 0; i < attempt->times; i++)
		expect_error(ENFILE, file_try_create(attempt->device, PAGE, 0),
			     "create, time %u", i);
}
