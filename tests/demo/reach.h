/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_DEMO_REACH_H
#define TESTS_DEMO_REACH_H

#include "memory.h"

/* How many pages of the guest's memory can this program read? Tries all. */
__u64 reach_count(const struct guest_memory *memory);

/* Fails the demo unless a touch of the page at @gpa raises SIGBUS. */
void reach_must_not(const struct guest_memory *memory, __u64 gpa);

/*
 * Holds a shared page as I/O that is under way would. Its result is the
 * argument of reach_let_go().
 */
struct reach_held {
	int pipe[2];
};

struct reach_held reach_hold(const struct guest_memory *memory, __u64 gpa);
void reach_let_go(struct reach_held *held);

#endif /* TESTS_DEMO_REACH_H */
