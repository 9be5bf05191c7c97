/* SPDX-License-Identifier: GPL-2.0-only */
/* Which pages of a slot with a kvm_private file are private to the guest. */
#ifndef KVM_GMEM_PRIV_ATTRIBUTES_H
#define KVM_GMEM_PRIV_ATTRIBUTES_H

#include <linux/kvm_host.h>

bool kvm_gmem_priv_has_attributes(const struct kvm_memory_slot *slot);
bool kvm_gmem_priv_is_private(const struct kvm_memory_slot *slot,
			      gfn_t gfn);
bool kvm_gmem_priv_gmem_only(const struct kvm_memory_slot *slot);

bool kvm_gmem_priv_fault_raced(struct kvm_vcpu *vcpu);
bool kvm_gmem_priv_faults_private(struct kvm_vcpu *vcpu, gfn_t gfn);

/* Whether the page is private, so that the slot's host address is the wrong memory */
static inline bool kvm_gmem_priv_has_private(const struct kvm_memory_slot *slot,
					     gfn_t gfn)
{
	return slot && slot->gmem.priv &&
	       kvm_gmem_priv_is_private(slot, gfn);
}

#endif /* KVM_GMEM_PRIV_ATTRIBUTES_H */
