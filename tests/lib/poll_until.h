/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_LIB_POLL_UNTIL_H
#define TESTS_LIB_POLL_UNTIL_H

#include <stdbool.h>
#include <time.h>

/*
 * For an event that can't be waited for but happens soon, such as memory that
 * is freed after an RCU grace period. The caller looks again in short steps
 * until it has happened.
 */
struct poll {
	struct timespec deadline;
};

struct poll poll_start(void);

/* Pauses a moment. Returns false when the time is over. */
bool poll_again(struct poll *poll);

/* CLOCK_MONOTONIC in seconds */
double seconds_now(void);

#endif /* TESTS_LIB_POLL_UNTIL_H */
