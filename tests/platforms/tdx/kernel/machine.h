/* SPDX-License-Identifier: GPL-2.0-only */
/* The one module of the machine, and the lock that serializes its commands */
#ifndef TDX_MODEL_MACHINE_H
#define TDX_MODEL_MACHINE_H

#include <linux/cleanup.h>
#include <linux/spinlock.h>

#include "../model.h"

extern struct tdxm tdx_machine;
/* Raw: TDH.VP.ENTER is called with interrupts off, others under KVM's mmu_lock. */
extern raw_spinlock_t tdx_machine_lock;

#define TDX_MACHINE guard(raw_spinlock_irqsave)(&tdx_machine_lock)

#endif
