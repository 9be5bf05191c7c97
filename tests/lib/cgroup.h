/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_LIB_CGROUP_H
#define TESTS_LIB_CGROUP_H

#include <linux/types.h>

/*
 * memory.current is exact to within this. Each CPU of the machine keeps up to 64
 * charged pages in stock for the cgroup that charged last. On top come the kernel's
 * allocations for a process that enters: page tables, and a stack page copied on write.
 */
#define CGROUP_NOISE (2 * MIB)

/* Creates a cgroup with the memory controller, below the root, or fails the test. */
struct cgroup {
	char path[128];
};

void cgroup_make(struct cgroup *cgroup, const char *name);
/* Kills its processes and waits until they are gone. */
void cgroup_remove(const struct cgroup *cgroup);

/* Moves the calling process there. Its memory so far stays charged elsewhere. */
void cgroup_enter(const struct cgroup *cgroup);

/*
 * The same in two steps, for a process whose cgroup is full by the time it leaves:
 * opening a file takes charged memory.
 */
int cgroup_open_root(void);
void cgroup_leave(int root);

void cgroup_limit(const struct cgroup *cgroup, __u64 bytes);

/*
 * Leaves a process that is in the cgroup room for so many bytes more. The process's own
 * memory is made resident first: at the limit a page fault of its own is a charge that
 * can't fail, so that the kernel kills the process.
 */
void cgroup_leave_room(const struct cgroup *cgroup, __u64 bytes);
/*
 * Lifts it for the calling process, which has had no page fault since. The process leaves
 * its full cgroup meanwhile: the call that does it allocates, too. root: cgroup_open_root()
 */
void cgroup_lift_limit(const struct cgroup *cgroup, int root);

/* memory.current */
__u64 cgroup_memory(const struct cgroup *cgroup);
/* Waits until memory.current is at most that. */
void cgroup_wait_below(const struct cgroup *cgroup, __u64 at_most);

/*
 * Waits until nothing at all is charged to a cgroup that has no process any more, the
 * CPUs' stocks included. The cgroup can't be used afterwards. If one CPU frees an
 * object that another has allocated, the kernel notes the bytes, and they stay charged
 * until a process of the cgroup allocates again there: with several CPUs that may be a
 * page for each but one.
 */
void cgroup_expect_empty(const struct cgroup *cgroup);

/* A line of memory.events */
__u64 cgroup_event(const struct cgroup *cgroup, const char *name);

#endif /* TESTS_LIB_CGROUP_H */
