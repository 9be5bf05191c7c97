/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_LIB_WATCHED_H
#define TESTS_LIB_WATCHED_H

#include <stdbool.h>

/*
 * Whether the kernel is one of our own that watches itself (docs/testing.md),
 * and therefore slow.
 */
bool kernel_is_watched(void);

/*
 * Such a kernel holds on to what was freed for a while, to see whether somebody
 * still uses it. These let go of it, of all slab caches or of one; elsewhere they
 * do nothing.
 */
void watched_let_go(void);
void watched_let_go_of(const char *cache);

#endif /* TESTS_LIB_WATCHED_H */
