/* SPDX-License-Identifier: GPL-2.0-only */
/* How all benchmarks measure. */
#ifndef TESTS_BENCH_MEASURE_H
#define TESTS_BENCH_MEASURE_H

#include <stdint.h>

/* To be called once, first: waits for what a kernel does after its boot. */
void settle(void);

/*
 * The median of all values but the first, which also pays for what is made
 * only once. At least two; they are sorted.
 */
double median(double *values, unsigned int nr);

#endif /* TESTS_BENCH_MEASURE_H */
