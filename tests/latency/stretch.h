/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long an operation keeps the processor from everybody else. A task of the
 * highest priority wants to run every STRETCH_STEP; the most that it was late by is
 * the operation's longest stretch, whether that held a lock that keeps preemption
 * off, ran in an interrupt or just didn't ask. For a machine with one processor whose
 * clock counts instructions (scripts/vm --icount) and a kernel that is preempted
 * nowhere but where it asks (preempt=none).
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

/* Of each test: fails it if something in it was above the bound. */
extern const struct fixture stretch;

/* Its function, for fixtures that do more */
int stretch_teardown(void **state);

/*
 * Makes a call, which is an operation or a few; returns what it returns. What comes of
 * it by itself afterwards, when RCU is done, is part of it.
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

/* The last one, in nanoseconds; it isn't held against the test. */
__u64 stretch_taken(void);

#endif /* TESTS_LATENCY_STRETCH_H */
