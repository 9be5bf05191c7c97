/* SPDX-License-Identifier: GPL-2.0-only */
/* Has all come back when the programs have ended? */
#ifndef TESTS_FUZZ_LEFTOVERS_H
#define TESTS_FUZZ_LEFTOVERS_H

/*
 * Called before the first program. The processes that run programs go to a
 * memory cgroup of their own by leftovers_enter().
 */
void leftovers_start(void);
void leftovers_enter(void);

/*
 * Fail the test: RLIMIT_MEMLOCK's count isn't zero (which is exact, and quickly
 * checked), or memory, a reference of the module or a descriptor is missing.
 */
void leftovers_check_charges(void);
void leftovers_check_all(void);

#endif
