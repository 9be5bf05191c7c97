/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_DEMO_REACH_H
#define TESTS_DEMO_REACH_H

#include "memory.h"

/* How many pages of the guest's memory can this program read? Tries all. */
__u64 reach_count(const struct guest_memory *memory);

/* Fails the demo unless a touch of the page at @gpa raises SIGBUS. */
void reach_must_not(const struct guest_memory *memory, __u64 gpa);

/*
 * Pins a shared page as I/O that is under way would. Its result is the
 * argument of reach_let_go().
 */
struct reach_pinned {
	int pipe[2];
};

struct reach_pinned reach_pin(const struct guest_memory *memory, __u64 gpa);
void reach_let_go(struct reach_pinned *pinned);

#endif /* TESTS_DEMO_REACH_H */
