/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_LIB_CGROUP_H
#define TESTS_LIB_CGROUP_H

#include <linux/types.h>

/*
 * Each CPU of the machine keeps up to 64 charged pages in stock for the cgroup
 * that charged last, and what the kernel allocates for a process that enters
 * (page tables, a stack page copied on write) comes on top: memory.current is
 * exact to within this.
 */
#define CGROUP_NOISE (2 * MIB)

/* A cgroup with the memory controller, below the root. Fails the test or works. */
struct cgroup {
	char path[128];
};

void cgroup_make(struct cgroup *cgroup, const char *name);
/* Kills what is in it and waits until that is gone. */
void cgroup_remove(const struct cgroup *cgroup);

/* Moves the calling process there. Its memory so far stays charged elsewhere. */
void cgroup_enter(const struct cgroup *cgroup);

/*
 * The same in two steps, for a process whose cgroup is full by the time it
 * leaves: opening a file takes memory that is charged.
 */
int cgroup_open_root(void);
void cgroup_leave(int root);

void cgroup_limit(const struct cgroup *cgroup, __u64 bytes);

/* memory.current */
__u64 cgroup_memory(const struct cgroup *cgroup);
/* Waits until memory.current is at most that. */
void cgroup_wait_below(const struct cgroup *cgroup, __u64 at_most);

/*
 * Waits until nothing at all is charged to a cgroup in which nobody is any more,
 * what a CPU keeps in stock included. It is no good for anybody afterwards. What one
 * CPU has allocated and another has freed the kernel notes as bytes, which stay charged
 * until somebody there allocates again: with several it may be a page for each but one.
 */
void cgroup_expect_empty(const struct cgroup *cgroup);

/* A line of memory.events */
__u64 cgroup_event(const struct cgroup *cgroup, const char *name);

#endif /* TESTS_LIB_CGROUP_H */
