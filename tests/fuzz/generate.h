/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_FUZZ_GENERATE_H
#define TESTS_FUZZ_GENERATE_H

#include "program.h"

/* The program of a seed in a round; @guests: with VMs */
void generate(struct program *program, __u64 seed, __u64 round, bool guests);

#endif
