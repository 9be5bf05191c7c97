/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_DEMO_STATS_H
#define TESTS_DEMO_STATS_H

#include <linux/types.h>

/* One of KVM's own counters of a VM or a vCPU, by its file and name. */
__u64 stats_get(int fd, const char *name);

#endif /* TESTS_DEMO_STATS_H */
