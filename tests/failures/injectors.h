/* SPDX-License-Identifier: GPL-2.0-only */
/* What makes the kernel fail where it may. */
#ifndef TESTS_FAILURES_INJECTORS_H
#define TESTS_FAILURES_INJECTORS_H

#include <stdbool.h>

/**
 * struct injector - a way of making the calling thread's next call fail
 * @name: for people
 * @is_there: does the running kernel have it?
 * @prepare: what it needs besides @path; NULL: nothing
 * @path: what takes the number of what is to be denied, and "0" for no more
 * @counts_down: what is read there is the rest of that number, not how often
 *	something was denied
 * @for_good: nothing either for who asks the second time
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

/* Gets it ready, in the process that is to be denied something. */
void injector_open(const struct injector *injector);

/* Denies what is asked for the @nth time from now on, and @count - 1 times more. */
void injector_arm(const struct injector *injector, unsigned int nth,
		  unsigned int count);

/* No more; returns how often that has happened. */
unsigned int injector_disarm(const struct injector *injector);

/* The module's own points (module/debug/fail_point.h) */
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
