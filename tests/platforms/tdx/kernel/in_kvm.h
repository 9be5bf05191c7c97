/* SPDX-License-Identifier: GPL-2.0-only */
/* Included by KVM's tdx.c before all else: it is to run over a kernel that is built without TDX. */
#ifndef TDX_MODEL_IN_KVM_H
#define TDX_MODEL_IN_KVM_H

#include <linux/misc_cgroup.h>

/*
 * That kernel's struct misc_cg has no room for a resource of TDX, so that a charge would write
 * behind its end.
 */
static inline int tdx_model_set_capacity(enum misc_res_type type, u64 capacity)
{
	return 0;
}

static inline int tdx_model_try_charge(enum misc_res_type type, struct misc_cg *cg, u64 amount)
{
	return 0;
}

static inline void tdx_model_uncharge(enum misc_res_type type, struct misc_cg *cg, u64 amount)
{
}

#define misc_cg_set_capacity tdx_model_set_capacity
#define misc_cg_try_charge tdx_model_try_charge
#define misc_cg_uncharge tdx_model_uncharge

/* Called by tdx_hardware_setup() and tdx_hardware_unsetup() */
int tdx_model_init(void);
void tdx_model_exit(void);

#endif
