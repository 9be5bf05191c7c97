/* SPDX-License-Identifier: GPL-2.0-only */
/* The memory slots that KVM has in force, for invalidations by a file. */
#ifndef KVM_GMEM_PRIV_MEMSLOTS_H
#define KVM_GMEM_PRIV_MEMSLOTS_H

#include <linux/kvm_host.h>

void kvm_gmem_priv_freeze_memslots(struct kvm *kvm);
void kvm_gmem_priv_thaw_memslots(struct kvm *kvm);
bool kvm_gmem_priv_unmap_gfn_range(struct kvm *kvm,
				   struct kvm_gfn_range *range);

#endif /* KVM_GMEM_PRIV_MEMSLOTS_H */
