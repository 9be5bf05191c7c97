/* SPDX-License-Identifier: GPL-2.0-only */
/* The memory that the kernel's own records of memory take */
#ifndef TESTS_BENCH_BOOKKEEPING_H
#define TESTS_BENCH_BOOKKEEPING_H

/* Bytes, by three accounts that are independent of each other */
struct bookkeeping {
	double nodes;
	double group;
	double slab;
};

/*
 * Moves the process into a cgroup, whose slab is counted. Called once, first.
 */
void bookkeeping_start(void);

/* Takes some seconds. cache: the slab cache of the nodes */
struct bookkeeping bookkeeping_now(const char *cache);

#endif /* TESTS_BENCH_BOOKKEEPING_H */
