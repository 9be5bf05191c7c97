/* SPDX-License-Identifier: GPL-2.0-only */
/* What makes the kernel fail where it may. */
#ifndef TESTS_FAILURES_INJECTORS_H
#define TESTS_FAILURES_INJECTORS_H

#include <stdbool.h>

/**
 * struct injector - a way of making the calling thread's next call fail
 * @name: for people
 * @is_there: does the running kernel have it?
 * @open: gets it ready, in the process that is to be denied something
 * @arm: deny what is asked for the @nth time from now on, and @count - 1 times more
 * @disarm: no more; returns how often that has happened
 * @denies_copies: are copies of user memory denied, too? Such a call gives EFAULT,
 *	and may have done all but told so; NULL: no
 * @counts: what to call @arm with, ended by 0
 */
struct injector {
	const char *name;
	bool (*is_there)(void);
	void (*open)(void);
	void (*arm)(unsigned int nth, unsigned int count);
	unsigned int (*disarm)(void);
	bool (*denies_copies)(void);
	const unsigned int *counts;
};

/* The module's own points (module/fail_point.h) */
extern const struct injector own_points;

/*
 * The kernel's fault injection: all that the call allocates. The second one with
 * nothing for who asks the second time, which is what the XArray does by itself.
 */
extern const struct injector fail_nth;
extern const struct injector fail_nth_for_good;

/* Ended by NULL */
extern const struct injector * const injectors[];

#endif /* TESTS_FAILURES_INJECTORS_H */
