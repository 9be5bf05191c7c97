/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_LIB_WATCHED_H
#define TESTS_LIB_WATCHED_H

#include <stdbool.h>

/*
 * Whether the kernel is one of our own debug kernels (docs/testing.md), which are
 * slow.
 */
bool kernel_is_watched(void);

/*
 * Such a kernel keeps freed objects for a while, to see whether they are still
 * used. These calls make it let go of them, of all slab caches or of one; on
 * other kernels they do nothing.
 */
void watched_let_go(void);
void watched_let_go_of(const char *cache);

#endif /* TESTS_LIB_WATCHED_H */
