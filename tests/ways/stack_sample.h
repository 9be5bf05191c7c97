/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_WAYS_STACK_SAMPLE_H
#define TESTS_WAYS_STACK_SAMPLE_H

#include "ways_in.h"

/*
 * Has perf take a sample of this thread's stack while that is the page: it copies
 * what is at the stack pointer, from an interrupt. As struct way's attempt.
 */
int stack_sample(const struct way_target *target, unsigned char *page);

#endif /* TESTS_WAYS_STACK_SAMPLE_H */
