/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_LIB_MEMINFO_H
#define TESTS_LIB_MEMINFO_H

#include <linux/types.h>

/*
 * How far MemFree may be off when nothing has leaked. Each CPU keeps some freed
 * pages in lists of its own (held short here, see meminfo.c), the kernel's own
 * threads allocate now and then, and slabs keep a few empty pages. Tests handle
 * many times this much, so that a leak of one page a round, or of one page in
 * fifty, shows.
 */
#define MEMINFO_NOISE (8 * MIB)

/* One line of /proc/meminfo, in bytes. Fails the test if there is none. */
__u64 meminfo_line(const char *name);

/*
 * MemFree after the kernel has been asked to drop its caches. A test calls this
 * before it first measures.
 */
__u64 settled_memfree(void);

/*
 * Wait until a line of /proc/meminfo is at least (at most) that many bytes:
 * pages that are freed after an RCU grace period come back a moment later. Fail
 * the test if that doesn't happen in time, see poll_until.h.
 */
void wait_for_memfree(__u64 at_least);
void wait_for_meminfo_below(const char *name, __u64 at_most);

/* A counter of /proc/vmstat. */
__u64 vmstat_line(const char *name);

#endif /* TESTS_LIB_MEMINFO_H */
