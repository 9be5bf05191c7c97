/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_VMM_LONG_MODE_H
#define TESTS_VMM_LONG_MODE_H

#include "boot.h"
#include "memory.h"

/*
 * The tables that the boot CPU needs in memory to be in 64-bit mode. Each entry of the page
 * tables has @bits, too.
 */
void long_mode_place(struct guest_memory *memory, __u64 bits);

/* Puts the boot CPU into 64-bit mode, at the kernel's entry point. */
void long_mode_enter(int vcpu, const struct boot_entry *entry);

#endif /* TESTS_VMM_LONG_MODE_H */
