/* SPDX-License-Identifier: GPL-2.0-only */
/* The record of a slot with a kvm_private file, for the files of this folder. */
#ifndef KVM_GMEM_PRIV_INTERNAL_H
#define KVM_GMEM_PRIV_INTERNAL_H

#include <linux/kvm_host.h>
#include <linux/kvm_private.h>

#include "gmem_priv_provider.h"

/**
 * struct kvm_gmem_priv - the record of a slot with a kvm_private file
 * @binding: the range of the file behind the slot
 * @module: the functions of kvm_private, which the slot keeps loaded
 * @kvm: the slot's VM, which outlives it
 * @slot: as it was bound: gives guest frame numbers to offsets in the file. While
 *	it is being deleted KVM has a copy of it in force, see gmem_priv_memslots.c.
 */
struct kvm_gmem_priv {
	struct kvm_private_binding binding;
	const struct kvm_private_interface *module;
	struct kvm *kvm;
	struct kvm_memory_slot *slot;
};

u64 kvm_gmem_priv_guest_id(struct kvm *kvm);

const struct kvm_private_interface *kvm_gmem_priv_module_get(void);
void kvm_gmem_priv_module_put(void);
bool kvm_gmem_priv_module_made(const struct file *file);

void kvm_gmem_priv_init_ops(struct kvm *kvm, struct kvm_private_binding *binding);

/*
 * Whether the attributes of the file's pages, not the VM's attributes, say what is private
 */
static inline bool priv_file_rules(const struct kvm_gmem_priv *priv)
{
	return priv->binding.file_flags & KVM_PRIVATE_FLAG_MMAP ||
	       kvm_gmem_priv_in_place();
}

/* Whether the guest knows no private memory */
static inline bool priv_has_no_attributes(const struct kvm_gmem_priv *priv)
{
	return priv->binding.flags & KVM_PRIVATE_BIND_NO_ATTRIBUTES;
}

/* Whether the guest lets the host read and write its private pages */
static inline bool priv_trusts_host(const struct kvm_gmem_priv *priv)
{
	return !(priv->binding.flags & KVM_PRIVATE_BIND_FIRMWARE);
}

static inline struct kvm_gmem_priv *to_priv(struct kvm_private_binding *binding)
{
	return container_of(binding, struct kvm_gmem_priv, binding);
}

static inline pgoff_t priv_index(const struct kvm_gmem_priv *priv, gfn_t gfn)
{
	return gfn - priv->slot->base_gfn + priv->binding.start;
}

static inline gfn_t priv_gfn(const struct kvm_gmem_priv *priv, pgoff_t index)
{
	return index - priv->binding.start + priv->slot->base_gfn;
}

/*
 * The page tables have one entry for a block only if it is aligned in the guest as it is in
 * memory. The VMM chooses where a slot begins in its file, and KVM checks no alignment but
 * that of the slot's host address, at most.
 */
static inline unsigned int priv_clip_order(gfn_t gfn, unsigned long pfn,
					   unsigned int order)
{
	u64 differ = gfn ^ pfn;

	return differ ? min_t(unsigned int, order, __ffs64(differ)) : order;
}

#endif /* KVM_GMEM_PRIV_INTERNAL_H */
