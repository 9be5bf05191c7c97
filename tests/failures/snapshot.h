/* SPDX-License-Identifier: GPL-2.0-only */
/* What can be told of a file, to find out whether a call has changed it. */
#ifndef TESTS_FAILURES_SNAPSHOT_H
#define TESTS_FAILURES_SNAPSHOT_H

#include "scene.h"

/* What a call that fails may leave behind */
enum leftover {
	NOTHING,
	/* Huge pages that have come apart */
	SMALLER_PAGES,
	/* What was done until then */
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

/* Fails the test unless no more has changed since than what may. */
void snapshot_compare(const struct snapshot *before, const struct scene *scene,
		      enum leftover leftover, const char *when);

#endif /* TESTS_FAILURES_SNAPSHOT_H */
