// SPDX-License-Identifier: GPL-2.0-only
#include "fdinfo.h"
#include "huge.h"
#include "snapshot.h"
#include "unit.h"

struct snapshot snapshot_take(const struct scene *scene)
{
	struct snapshot s = { .fds = open_fds() };

	if (scene->fd < 0)
		return s;
	s.allocated = file_allocated(scene->fd);
	s.huge = file_huge(scene->fd);
	s.gigantic = file_gigantic(scene->fd);
	s.shared = fdinfo_number(scene->fd, "shared");
	s.bindings = fdinfo_number(scene->fd, "bindings");
	/* All counts of the file's pages agree. */
	expect_between(fdinfo_numa_total(scene->fd), s.allocated, s.allocated,
		       "bytes on all nodes");
	expect_between(file_small(scene->fd) + s.huge + s.gigantic, s.allocated,
		       s.allocated, "bytes in pages of all sizes");
	return s;
}

static void expect_same(__u64 now, __u64 before, const char *what,
			const char *when)
{
	expect_between(now, before, before, "%s, %s", what, when);
}

void snapshot_compare(const struct snapshot *before, const struct scene *scene,
		      enum leftover leftover, const char *when)
{
	struct snapshot now = snapshot_take(scene);

	expect_same(now.fds, before->fds, "descriptors", when);
	expect_same(now.shared, before->shared, "bytes shared", when);
	expect_same(now.bindings, before->bindings, "bindings", when);
	if (leftover == MORE_PAGES) {
		expect_between(now.allocated, before->allocated, scene->size,
			       "bytes allocated, %s", when);
		return;
	}
	expect_same(now.allocated, before->allocated, "bytes allocated", when);
	if (leftover == SMALLER_PAGES)
		return;
	expect_same(now.huge, before->huge, "bytes in huge pages", when);
	expect_same(now.gigantic, before->gigantic, "bytes in gigantic pages",
		    when);
}
