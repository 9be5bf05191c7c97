/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long an operation keeps the processor from all other tasks. A task of the
 * highest priority wants to run every STRETCH_STEP. The most that it was late by is
 * the operation's longest stretch, whether the operation held a lock that disables
 * preemption, ran in an interrupt or just didn't ask. For a machine with one processor
 * whose clock counts instructions (scripts/vm --icount), and a kernel that is
 * preempted only where it asks (preempt=none).
 */
#ifndef TESTS_LATENCY_STRETCH_H
#define TESTS_LATENCY_STRETCH_H

#include <errno.h>
#include <linux/types.h>

/* The bound for all operations, in instructions, each of which is a nanosecond */
#define STRETCH_BOUND 1000000

/* How often the other task wants to run, in nanoseconds */
#define STRETCH_STEP 100000

/* Group fixtures: starts the other task, and ends it. */
int stretch_group_setup(void **state);
int stretch_group_teardown(void **state);

/* For each test: fails it if a stretch in it was above the bound. */
extern const struct fixture stretch;

/* The fixture's function, for fixtures that do more */
int stretch_teardown(void **state);

/*
 * Makes a call, which is one operation or a few; returns its result. Work that follows
 * by itself afterwards, when RCU is done, counts as well.
 */
#define stretch(call, ...) ({						\
	stretch_begin();						\
	__typeof__(call) _returned = (call);				\
	int _error = errno;						\
	stretch_end(__VA_ARGS__);					\
	errno = _error;							\
	_returned;							\
})

void stretch_begin(void);
void __attribute__((__format__(printf, 1, 2)))
stretch_end(const char *format, ...);

/* The last stretch, in nanoseconds; the test doesn't fail for it. */
__u64 stretch_taken(void);

#endif /* TESTS_LATENCY_STRETCH_H */
