/* SPDX-License-Identifier: GPL-2.0-only */
/* Private pages of TDs: functions that kvm_intel's tdx.c calls */
#ifndef KVM_GMEM_PRIV_TDX_H
#define KVM_GMEM_PRIV_TDX_H

#include <linux/kvm_host.h>

/* gmem_priv_leak.c, in kvm */
void kvm_gmem_priv_leak(struct kvm *kvm, gfn_t gfn, kvm_pfn_t pfn, int level);

/* gmem_priv_tdx.c */
bool tdx_gmem_priv_in_place(struct kvm *kvm, gfn_t gfn);

#endif /* KVM_GMEM_PRIV_TDX_H */
