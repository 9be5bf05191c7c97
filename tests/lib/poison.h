/* SPDX-License-Identifier: GPL-2.0-only */
/* Hardware memory errors, as they are reported to the kernel. */
#ifndef TESTS_LIB_POISON_H
#define TESTS_LIB_POISON_H

#include <stdbool.h>
#include <linux/types.h>

/*
 * Injects an error into that page, or fails the test. The kernel never hands
 * the page out again.
 */
void poison_pfn(__u64 pfn);
/* The same for any thread: 0, or -1 and errno */
int poison_try(__u64 pfn);

/* Does the page allocator have that page, to hand it out again? */
bool pfn_is_free(__u64 pfn);
bool pfn_is_reserved(__u64 pfn);

#endif /* TESTS_LIB_POISON_H */
