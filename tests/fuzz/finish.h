/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_FUZZ_FINISH_H
#define TESTS_FUZZ_FINISH_H

#include "world.h"

/* Looks at all that a thread's files hold, and that nobody else holds it. */
void finish_check(struct world *w);
/* Gives up all that a thread has. */
void finish_world(struct world *w);

#endif
