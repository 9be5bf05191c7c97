/* SPDX-License-Identifier: GPL-2.0-only */
/* KVM_CREATE_GUEST_MEMFD answered by kvm_private: what the rest of KVM calls. */
#ifndef KVM_PRIVATE_PROVIDER_H
#define KVM_PRIVATE_PROVIDER_H

#include <linux/kvm_host.h>
#include <linux/kvm_private.h>

bool kvm_private_provides(void);

/*
 * Does a fault on a slot that is being deleted fail, if it is a prefetching one?
 * Not only where the slot has such a file: a VM with a number has some.
 */
static inline bool kvm_private_gives_up(const struct kvm *kvm, bool prefetch)
{
	return prefetch && (kvm->private_guest_id || kvm_private_provides());
}

u64 kvm_private_gmem_flags(struct kvm *kvm);
int kvm_private_gmem_create(struct kvm *kvm, struct kvm_create_guest_memfd *args);

#endif /* KVM_PRIVATE_PROVIDER_H */
