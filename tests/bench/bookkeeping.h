/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel's records of memory take themselves. */
#ifndef TESTS_BENCH_BOOKKEEPING_H
#define TESTS_BENCH_BOOKKEEPING_H

/* Bytes, by three accounts that don't know each other */
struct bookkeeping {
	double nodes;
	double group;
	double slab;
};

/* Moves the process into a cgroup, whose slab is counted. Once, first. */
void bookkeeping_start(void);

/* Takes some seconds. cache: the slab cache of the nodes */
struct bookkeeping bookkeeping_now(const char *cache);

#endif /* TESTS_BENCH_BOOKKEEPING_H */
