/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_FUZZ_SHRINK_H
#define TESTS_FUZZ_SHRINK_H

#include "program.h"
#include "run.h"

/*
 * Leaves out of a program that fails what it fails without. @verdict: of the last
 * run that failed. Where threads race it is tried some times before a part is missed.
 */
void shrink(struct program *program, struct verdict *verdict);

#endif
