/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KVM_CREATE_GUEST_MEMFD answered by kvm_private: the functions that the rest of KVM calls.
 */
#ifndef KVM_GMEM_PRIV_PROVIDER_H
#define KVM_GMEM_PRIV_PROVIDER_H

#include <linux/kvm_host.h>
#include <linux/kvm_private.h>

/*
 * The number of Linux 7.4's KVM_CAP_GUEST_MEMFD_MEMORY_ATTRIBUTES, unless
 * kvm.gmem_attributes_cap says another one. 0 answers none: the number isn't
 * known here.
 */
#define KVM_GMEM_PRIV_CAP_ATTRIBUTES	0

/* Up to here numbers mean other things: 250 KVM_CAP_PPC_COMPAT_CAPS, 251 Arm's */
#define KVM_GMEM_PRIV_CAP_LAST_TAKEN	251

bool kvm_gmem_priv_provides(void);
bool kvm_gmem_priv_in_place(void);

/*
 * Whether a prefetching fault on a slot that is being deleted fails. The slot's own file
 * isn't asked for: a VM that has a number uses kvm_private files.
 */
static inline bool kvm_gmem_priv_gives_up(const struct kvm *kvm, bool prefetch)
{
	return prefetch &&
	       (kvm->gmem_priv_guest_id || kvm_gmem_priv_provides());
}

u64 kvm_gmem_priv_flags(struct kvm *kvm);
int kvm_gmem_priv_attributes(struct kvm *kvm, long cap);
int kvm_gmem_priv_create(struct kvm *kvm, struct kvm_create_guest_memfd *args);

#endif /* KVM_GMEM_PRIV_PROVIDER_H */
