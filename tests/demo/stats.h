/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_DEMO_STATS_H
#define TESTS_DEMO_STATS_H

#include <linux/types.h>

/*
 * Opens KVM's own counters of a VM or a vCPU. KVM gives out those of a vCPU only
 * while it doesn't run, and a vCPU with an idle guest may run for ever. So they
 * are opened before it starts.
 */
int stats_open(int fd);

/* One of the counters, by its name. At any time. */
__u64 stats_read(int stats, const char *name);

/* Opens, reads and closes, for a VM or a vCPU that isn't running. */
__u64 stats_get(int fd, const char *name);

#endif /* TESTS_DEMO_STATS_H */
