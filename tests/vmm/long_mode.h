/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_VMM_LONG_MODE_H
#define TESTS_VMM_LONG_MODE_H

#include "boot.h"
#include "memory.h"

/* The tables that the boot CPU needs in memory to be in 64-bit mode. */
void long_mode_place(struct guest_memory *memory);

/* Puts the boot CPU into 64-bit mode, at the kernel's entry point. */
void long_mode_enter(int vcpu, const struct boot_entry *entry);

#endif /* TESTS_VMM_LONG_MODE_H */
