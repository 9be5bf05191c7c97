/* SPDX-License-Identifier: GPL-2.0-only */
/* The measuring that all benchmarks share */
#ifndef TESTS_BENCH_MEASURE_H
#define TESTS_BENCH_MEASURE_H

#include <stdint.h>

/* Called once, first: waits for the work that a kernel does after its boot. */
void settle(void);

/*
 * The median of all values but the first, which also has the cost of one-time
 * preparations. At least two values; they are sorted.
 */
double median(double *values, unsigned int nr);

#endif /* TESTS_BENCH_MEASURE_H */
