/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's own fast path for memory: huge pages of ordinary memory */
#ifndef TESTS_BENCH_YARDSTICKS_H
#define TESTS_BENCH_YARDSTICKS_H

#include <stdint.h>

struct yardsticks {
	double populate;
	double unmap;
};

/* Ticks for all of size */
struct yardsticks yardsticks_measure(uint64_t size);

#endif /* TESTS_BENCH_YARDSTICKS_H */
