/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_WAYS_STACK_SAMPLE_H
#define TESTS_WAYS_STACK_SAMPLE_H

#include "ways_in.h"

/*
 * Has perf sample this thread's stack while the page is at the stack pointer:
 * perf copies from there, in an interrupt. As struct way's attempt.
 */
int stack_sample(const struct way_target *target, unsigned char *page);

#endif /* TESTS_WAYS_STACK_SAMPLE_H */
