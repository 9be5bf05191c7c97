/* SPDX-License-Identifier: GPL-2.0-only */
/* Running a program, in a process of its own that is gone afterwards */
#ifndef TESTS_FUZZ_RUN_H
#define TESTS_FUZZ_RUN_H

#include <stdatomic.h>

#include "program.h"

/* The result of a run; shared with the process that runs the program */
struct verdict {
	atomic_bool found;
	/* The kernel is damaged: a next run here would tell nothing. */
	bool kernel_broke;
	char what[512];
	unsigned long done;
	unsigned long left_out;
	unsigned long fallbacks;
};

void run_init(void);
/* Returns whether all was right; if not, verdict->what says what was wrong. */
bool run_program(const struct program *program, struct verdict *verdict);

#endif
