/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_DEMO_PRIVATE_FILE_H
#define TESTS_DEMO_PRIVATE_FILE_H

#include <stdbool.h>

#include <linux/types.h>

/* Bytes allocated, by /proc/self/fdinfo; fails if fstat disagrees. */
__u64 private_file_allocated(int fd);

/* Bytes that are shared, by /proc/self/fdinfo. */
__u64 private_file_shared(int fd);

/* Whether the page at @offset is allocated, by lseek. */
bool private_file_has(int fd, __u64 offset);

/* Frees the page at @offset. */
void private_file_punch(int fd, __u64 offset);

#endif /* TESTS_DEMO_PRIVATE_FILE_H */
