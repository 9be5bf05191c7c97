/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What ran meanwhile, for who is to mend it: with LATENCY_BLAME in the environment
 * each stretch above the bound is followed by the callers that were seen most often
 * in it. Looking takes time too, which adds a tenth or so to the stretch.
 */
#ifndef TESTS_LATENCY_BLAME_H
#define TESTS_LATENCY_BLAME_H

#include <linux/types.h>

/* To be called first. */
void blame_setup(void);

/* From now on */
void blame_begin(void);

/* Between two moments of CLOCK_MONOTONIC since then */
void blame_print(__u64 start, __u64 end);

#endif /* TESTS_LATENCY_BLAME_H */
