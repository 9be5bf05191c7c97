/* SPDX-License-Identifier: GPL-2.0-only */
/* Is everything back when the programs have gone? */
#ifndef TESTS_FUZZ_LEFTOVERS_H
#define TESTS_FUZZ_LEFTOVERS_H

/*
 * Before the first program. The processes that run them go to a memory cgroup of
 * their own by leftovers_enter().
 */
void leftovers_start(void);
void leftovers_enter(void);

/*
 * Fail the test: RLIMIT_MEMLOCK's count isn't zero (which is exact, and quickly
 * looked at), or memory, a reference of the module or a descriptor is missing.
 */
void leftovers_check_charges(void);
void leftovers_check_all(void);

#endif
