/* SPDX-License-Identifier: GPL-2.0-only */
/* KVM_CREATE_GUEST_MEMFD answered by kvm_private: the functions that the rest of KVM calls. */
#ifndef KVM_PRIVATE_PROVIDER_H
#define KVM_PRIVATE_PROVIDER_H

#include <linux/kvm_host.h>
#include <linux/kvm_private.h>

/*
 * The number of Linux 7.4's KVM_CAP_GUEST_MEMFD_MEMORY_ATTRIBUTES, unless
 * kvm.gmem_attributes_cap says another one. 0 answers none: the number isn't
 * known here.
 */
#define KVM_PRIVATE_CAP_GMEM_ATTRIBUTES	0

/* Up to here numbers mean other things: 250 KVM_CAP_PPC_COMPAT_CAPS, 251 Arm's */
#define KVM_PRIVATE_CAP_LAST_TAKEN	251

bool kvm_private_provides(void);
bool kvm_private_in_place(void);

/*
 * Whether a prefetching fault on a slot that is being deleted fails. The slot's own file
 * isn't asked for: a VM that has a number uses kvm_private files.
 */
static inline bool kvm_private_gives_up(const struct kvm *kvm, bool prefetch)
{
	return prefetch && (kvm->private_guest_id || kvm_private_provides());
}

u64 kvm_private_gmem_flags(struct kvm *kvm);
int kvm_private_gmem_attributes(struct kvm *kvm, long cap);
int kvm_private_gmem_create(struct kvm *kvm, struct kvm_create_guest_memfd *args);

#endif /* KVM_PRIVATE_PROVIDER_H */
