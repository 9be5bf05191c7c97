/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_VMM_BOOT_H
#define TESTS_VMM_BOOT_H

#include <stdbool.h>

#include "memory.h"

/**
 * struct boot_entry - where and how the boot CPU starts
 * @rip: the kernel's 64-bit entry point
 * @boot_params: the "zero page", for RSI
 */
struct boot_entry {
	__u64 rip;
	__u64 boot_params;
};

/*
 * Loads a bzImage and, unless @initrd is NULL, an initrd, with @command_line.
 * @snp: for an SNP guest, which gets ACPI tables and the pages of snp.c
 */
struct boot_entry boot_load(struct guest_memory *memory, const char *kernel,
			    const char *initrd, const char *command_line,
			    bool snp);

#endif /* TESTS_VMM_BOOT_H */
