/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_VMM_ACPI_H
#define TESTS_VMM_ACPI_H

#include "memory.h"

/* One page, which Linux is told of as memory with ACPI tables */
#define ACPI_GPA	0xe4000U
#define ACPI_SIZE	0x1000U

/* The most CPUs that are in the tables then */
#define ACPI_MAX_CPUS	64

/* At ACPI_GPA is the first of the tables, which leads to the others. */
void acpi_place(struct guest_memory *memory, unsigned int nr_cpus);

#endif /* TESTS_VMM_ACPI_H */
