/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_DEMO_ATTACK_H
#define TESTS_DEMO_ATTACK_H

#include "memory.h"

/*
 * Tries each way in on a page of ordinary memory, where it has to work, and
 * then on the guest's page at @gpa, where it must not, and prints the results.
 * Only the owner of the page can tell whether it was overwritten.
 */
void attack(const struct guest_memory *memory, __u64 gpa);

/* The same for another page, once the ways are known to work */
void attack_again(const struct guest_memory *memory, __u64 gpa);

#endif /* TESTS_DEMO_ATTACK_H */
