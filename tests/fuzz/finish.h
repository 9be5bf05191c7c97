/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_FUZZ_FINISH_H
#define TESTS_FUZZ_FINISH_H

#include "world.h"

/*
 * Compares all pages of a thread's files, and checks that none is pinned
 * elsewhere.
 */
void finish_check(struct world *w);
/* Closes and unmaps all that a thread has. */
void finish_world(struct world *w);

#endif
