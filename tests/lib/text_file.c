// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text_file.h"
#include "unit.h"

int text_file_try_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);
	int ret = fd, error;

	if (fd >= 0) {
		ret = write(fd, text, strlen(text));
		error = errno;
		close(fd);
		errno = error;
	}
	return ret < 0 ? -1 : 0;
}

void text_file_write(const char *path, const char *text)
{
	expect_ok(text_file_try_write(path, text), "writing '%s' to %s", text,
		  path);
}

void text_file_read(const char *path, char *text, size_t size)
{
	int fd = expect_ok(open(path, O_RDONLY | O_CLOEXEC), "open %s", path);
	ssize_t part;
	size_t at = 0;

	while (at + 1 < size && (part = read(fd, text + at, size - 1 - at)) > 0)
		at += part;
	text[at] = 0;
	close(fd);
}

__u64 text_file_number(const char *path)
{
	char text[64], *end;
	__u64 number;

	text_file_read(path, text, sizeof(text));
	number = strtoull(text, &end, 0);
	if (end == text || *end != '\n')
		fail_msg("%s is no number: %s", path, text);
	return number;
}
