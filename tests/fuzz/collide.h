/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_FUZZ_COLLIDE_H
#define TESTS_FUZZ_COLLIDE_H

#include "world.h"

/*
 * Drops a thread's references that keep pages from going or from becoming
 * private.
 */
void collide_let_go(struct world *w);
/* Looks at a file of all threads when they have ended, and empties it. */
void collide_check(struct world *w, struct file *f);

#endif
