/* SPDX-License-Identifier: GPL-2.0-only */
/* The record of a slot with a kvm_private file, for the files of this folder. */
#ifndef KVM_PRIVATE_SLOT_INTERNAL_H
#define KVM_PRIVATE_SLOT_INTERNAL_H

#include <linux/kvm_host.h>
#include <linux/kvm_private.h>

#include "private_provider.h"

/**
 * struct kvm_private_slot - the record of a slot with a kvm_private file
 * @binding: the range of the file behind the slot
 * @kvm: the slot's VM, which outlives it
 * @slot: as it was bound: gives guest frame numbers to offsets in the file. While
 *	it is being deleted KVM has a copy of it in force, see private_memslots.c.
 */
struct kvm_private_slot {
	struct kvm_private_binding binding;
	struct kvm *kvm;
	struct kvm_memory_slot *slot;
};

u64 kvm_private_guest_id(struct kvm *kvm);

/* Whether the attributes of the file's pages, not the VM's attributes, say what is private */
static inline bool file_rules(const struct kvm_private_slot *priv)
{
	return priv->binding.file_flags & KVM_PRIVATE_FLAG_MMAP ||
	       kvm_private_in_place();
}

/* Whether the guest knows no private memory */
static inline bool is_stateless(const struct kvm_private_slot *priv)
{
	return priv->binding.flags & KVM_PRIVATE_BIND_NO_ATTRIBUTES;
}

static inline pgoff_t priv_index(const struct kvm_private_slot *priv, gfn_t gfn)
{
	return gfn - priv->slot->base_gfn + priv->binding.start;
}

#endif /* KVM_PRIVATE_SLOT_INTERNAL_H */
