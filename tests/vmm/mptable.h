/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_VMM_MPTABLE_H
#define TESTS_VMM_MPTABLE_H

#include "memory.h"

/* Linux looks for the table in the BIOS's last 64 KiB, and keeps out of it. */
#define MPTABLE_GPA		0xf0000U

/* The most that fits into the one page that the table has. */
#define MPTABLE_MAX_CPUS	64

void mptable_place(struct guest_memory *memory, unsigned int nr_cpus);

#endif /* TESTS_VMM_MPTABLE_H */
