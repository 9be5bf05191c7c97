// SPDX-License-Identifier: GPL-2.0-only
#include "poll_until.h"

/*
 * Ten seconds are too few on a machine whose host gives it no processor time.
 */
#define POLL_SECONDS 60
#define POLL_PAUSE_NS (10 * 1000 * 1000)

struct poll poll_start(void)
{
	struct poll poll;

	clock_gettime(CLOCK_MONOTONIC, &poll.deadline);
	poll.deadline.tv_sec += POLL_SECONDS;
	return poll;
}

bool poll_again(struct poll *poll)
{
	const struct timespec pause = { .tv_nsec = POLL_PAUSE_NS };
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	if (now.tv_sec > poll->deadline.tv_sec)
		return false;
	nanosleep(&pause, NULL);
	return true;
}

double seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}
