/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_WAYS_PROBE_H
#define TESTS_WAYS_PROBE_H

#include <linux/types.h>

/* Words that one hit of a kprobe reports */
#define PROBE_WORDS 16

/* Sets the kprobe and removes it. System call: 0, or -1 and errno */
int probe_try(__u64 address);

/*
 * Reads words at a kernel address with a kprobe that is set through tracefs, or fails
 * the test.
 */
void probe_read(__u64 address, __u64 *words);

#endif /* TESTS_WAYS_PROBE_H */
