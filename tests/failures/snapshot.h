/* SPDX-License-Identifier: GPL-2.0-only */
/* The visible state of a file, which tells whether a call has changed it */
#ifndef TESTS_FAILURES_SNAPSHOT_H
#define TESTS_FAILURES_SNAPSHOT_H

#include "scene.h"

/* Changes that a failing call may leave behind */
enum leftover {
	NOTHING,
	/* Huge pages that were split */
	SMALLER_PAGES,
	/* The part that was done by then */
	MORE_PAGES,
};

struct snapshot {
	__u64 allocated;
	__u64 huge;
	__u64 gigantic;
	__u64 shared;
	__u64 bindings;
	unsigned int fds;
};

struct snapshot snapshot_take(const struct scene *scene);

/* Fails the test unless the changes since then are among the allowed ones. */
void snapshot_compare(const struct snapshot *before, const struct scene *scene,
		      enum leftover leftover, const char *when);

#endif /* TESTS_FAILURES_SNAPSHOT_H */
