/* SPDX-License-Identifier: GPL-2.0-only */
/* Hardware memory errors, as they are reported to the kernel. */
#ifndef TESTS_LIB_POISON_H
#define TESTS_LIB_POISON_H

#include <stdbool.h>
#include <linux/types.h>

/*
 * That page has an error from now on; the machine does without it for
 * good.
 */
void poison_pfn(__u64 pfn);
/* The same for any thread: 0, or -1 and errno */
int poison_try(__u64 pfn);

/* Does the page allocator have that page, to hand it out again? */
bool pfn_is_free(__u64 pfn);

#endif /* TESTS_LIB_POISON_H */
