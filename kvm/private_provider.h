/* SPDX-License-Identifier: GPL-2.0-only */
/* KVM_CREATE_GUEST_MEMFD answered by kvm_private: what the rest of KVM calls. */
#ifndef KVM_PRIVATE_PROVIDER_H
#define KVM_PRIVATE_PROVIDER_H

#include <linux/kvm_host.h>
#include <linux/kvm_private.h>

bool kvm_private_provides(void);
u64 kvm_private_gmem_flags(struct kvm *kvm);
int kvm_private_gmem_create(struct kvm *kvm, struct kvm_create_guest_memfd *args);

#endif /* KVM_PRIVATE_PROVIDER_H */
