/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The functions that ran in a long stretch, for its repair. With LATENCY_BLAME in
 * the environment each stretch above the bound is followed by the callers that were
 * seen most often in it. Sampling takes time too, which adds a tenth or so to the
 * stretch.
 */
#ifndef TESTS_LATENCY_BLAME_H
#define TESTS_LATENCY_BLAME_H

#include <linux/types.h>

/* Called first, once. */
void blame_setup(void);

/* Begins now. */
void blame_begin(void);

/* Prints what ran between two moments of CLOCK_MONOTONIC since then. */
void blame_print(__u64 start, __u64 end);

#endif /* TESTS_LATENCY_BLAME_H */
