/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_LIB_FDINFO_H
#define TESTS_LIB_FDINFO_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

/*
 * One line of /proc/self/fdinfo/FD. The number is read as C writes numbers.
 * Fails the test if there is no such line or if it is no number.
 */
__u64 fdinfo_number(int fd, const char *name);

/* The text after the colon, without the space around it. */
void fdinfo_text(int fd, const char *name, char *text, size_t size);

/* Sum of all nodes of the line "numa:", which reads N0=4096 N1=8192. */
__u64 fdinfo_numa_total(int fd);

#endif /* TESTS_LIB_FDINFO_H */
