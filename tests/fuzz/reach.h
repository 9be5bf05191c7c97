/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_FUZZ_REACH_H
#define TESTS_FUZZ_REACH_H

#include "world.h"

/*
 * Fails if one of the thread's windows on a file has a private page in its page
 * tables. A touch wouldn't tell this from a page that was shared just then. No
 * other thread works on the file.
 */
void reach_check(struct world *w, const struct file *f);

#endif
