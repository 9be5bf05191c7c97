/* SPDX-License-Identifier: GPL-2.0-only */
/* Small files of the kernel's, such as those of sysfs. */
#ifndef TESTS_LIB_TEXT_FILE_H
#define TESTS_LIB_TEXT_FILE_H

#include <stddef.h>
#include <linux/types.h>

/* System call: 0, or -1 and errno */
int text_file_try_write(const char *path, const char *text);

/* Fail the test if the file can't be read or written, or has no number. */
void text_file_write(const char *path, const char *text);
void text_file_read(const char *path, char *text, size_t size);
__u64 text_file_number(const char *path);

#endif
