/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_FUZZ_SHRINK_H
#define TESTS_FUZZ_SHRINK_H

#include "program.h"
#include "run.h"

/*
 * Leaves out the parts of a program without which it still fails. @verdict: of the
 * last failed run. If threads race, a part is tried some times before it counts as
 * needed.
 */
void shrink(struct program *program, struct verdict *verdict);

#endif
