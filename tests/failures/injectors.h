/* SPDX-License-Identifier: GPL-2.0-only */
/* Ways to make the kernel fail where it may */
#ifndef TESTS_FAILURES_INJECTORS_H
#define TESTS_FAILURES_INJECTORS_H

#include <stdbool.h>

/**
 * struct injector - a way of making the calling thread's next call fail
 * @name: for people
 * @is_there: does the running kernel have it?
 * @prepare: prepares all but @path; NULL: nothing
 * @path: the file that takes the number of the request to deny, and "0" for no more
 * @counts_down: the file reads as the rest of that number, not as how often a
 *	request was denied
 * @for_good: a repeated request is denied, too
 * @denies_copies: are copies of user memory denied, too? Such a call gives EFAULT,
 *	and may have done all but told so; NULL: no
 * @counts: how many to deny in a row, ended by 0
 */
struct injector {
	const char *name;
	bool (*is_there)(void);
	void (*prepare)(void);
	const char *path;
	bool counts_down;
	bool for_good;
	bool (*denies_copies)(void);
	const unsigned int *counts;
};

/* Prepares it, in the process whose calls are to fail. */
void injector_open(const struct injector *injector);

/* Denies the @nth request from now on, and the @count - 1 that follow it. */
void injector_arm(const struct injector *injector, unsigned int nth,
		  unsigned int count);

/* Stops; returns how often a request was denied. */
unsigned int injector_disarm(const struct injector *injector);

/* The module's own points (module/debug/fail_point.h) */
extern const struct injector own_points;

/*
 * The kernel's fault injection: all allocations of the call. fail_nth_for_good
 * also denies a second attempt, which the XArray makes by itself.
 */
extern const struct injector fail_nth;
extern const struct injector fail_nth_for_good;

/* Ended by NULL */
extern const struct injector * const injectors[];

#endif /* TESTS_FAILURES_INJECTORS_H */
