/* SPDX-License-Identifier: GPL-2.0-only */
/* What our files share about a slot with a kvm_private file. */
#ifndef KVM_PRIVATE_SLOT_INTERNAL_H
#define KVM_PRIVATE_SLOT_INTERNAL_H

#include <linux/kvm_host.h>
#include <linux/kvm_private.h>

/**
 * struct kvm_private_slot - what a slot with a kvm_private file carries
 * @binding: the range of the file behind the slot
 * @kvm: the slot's VM, which outlives it
 * @slot: gives guest frame numbers to offsets in the file
 * @used: a page was asked about, so that one may be mapped
 */
struct kvm_private_slot {
	struct kvm_private_binding binding;
	struct kvm *kvm;
	struct kvm_memory_slot *slot;
	bool used;
};

u64 kvm_private_guest_id(struct kvm *kvm);

/* Does the state of the file's pages say what is private? */
static inline bool file_rules(const struct kvm_private_slot *priv)
{
	return priv->binding.file_flags & KVM_PRIVATE_FLAG_MMAP;
}

/* Does the guest not know private memory? */
static inline bool is_stateless(const struct kvm_private_slot *priv)
{
	return priv->binding.flags & KVM_PRIVATE_BIND_STATELESS;
}

/*
 * A page may be mapped soon: a private one, or a shared one, which mmu notifiers
 * alone don't see to: its host address may lead to other memory than the file.
 */
static inline void mark_used(struct kvm_private_slot *priv)
{
	if (!READ_ONCE(priv->used))
		WRITE_ONCE(priv->used, true);
}

static inline pgoff_t priv_index(const struct kvm_private_slot *priv, gfn_t gfn)
{
	return gfn - priv->slot->base_gfn + priv->binding.start;
}

#endif /* KVM_PRIVATE_SLOT_INTERNAL_H */
