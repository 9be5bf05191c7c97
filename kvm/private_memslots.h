/* SPDX-License-Identifier: GPL-2.0-only */
/* The memory slots that KVM has in force, for invalidations by a file. */
#ifndef KVM_PRIVATE_MEMSLOTS_H
#define KVM_PRIVATE_MEMSLOTS_H

#include <linux/kvm_host.h>

void kvm_private_freeze_memslots(struct kvm *kvm);
void kvm_private_thaw_memslots(struct kvm *kvm);
bool kvm_private_unmap_gfn_range(struct kvm *kvm, struct kvm_gfn_range *range);

#endif /* KVM_PRIVATE_MEMSLOTS_H */
