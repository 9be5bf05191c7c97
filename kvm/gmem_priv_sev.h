/* SPDX-License-Identifier: GPL-2.0-only */
/* Functions of kvm_amd for kvm_private files, which kvm calls through kvm_x86_ops */
#ifndef KVM_GMEM_PRIV_SEV_H
#define KVM_GMEM_PRIV_SEV_H

#include <linux/kvm_types.h>

bool sev_gmem_priv_joined(kvm_pfn_t pfn);
int sev_gmem_priv_join(struct kvm *kvm, gfn_t gfn, kvm_pfn_t pfn);

#endif
