// SPDX-License-Identifier: GPL-2.0-only
/* The end of VMs whose firmware takes pages back only while it knows the guest: TDX */

#include <linux/kvm_host.h>

#include "gmem_priv.h"
#include "gmem_priv_compat.h"
#include "kvm_mm.h"

static void zap_slot(struct kvm *kvm, struct kvm_memory_slot *slot)
{
	struct kvm_gfn_range range = {
		.start		= slot->base_gfn,
		.end		= slot->base_gfn + slot->npages,
		.slot		= slot,
		.attr_filter	= KVM_FILTER_PRIVATE | KVM_FILTER_SHARED,
		.may_block	= true,
	};

	/* KVM wants an invalidation under way, or slots_lock. */
	KVM_MMU_LOCK(kvm);
	kvm_mmu_invalidate_start(kvm);
	kvm_mmu_invalidate_range_add(kvm, range.start, range.end);
	if (kvm_unmap_gfn_range(kvm, &range))
		kvm_flush_remote_tlbs(kvm);
	kvm_mmu_invalidate_end(kvm);
	KVM_MMU_UNLOCK(kvm);
}

/**
 * kvm_gmem_priv_zap_all() - unmap the slots with kvm_private files of a VM that goes
 * @kvm: not used any more; its firmware still knows the guest
 *
 * No vCPU is left that could map pages again. kvm_gmem_priv_unbind_all() is called later,
 * and an invalidation that comes before it finds nothing mapped.
 *
 * Context: may sleep.
 */
void kvm_gmem_priv_zap_all(struct kvm *kvm)
{
	struct kvm_memory_slot *slot;
	int bkt, i;

	if (!gmem_priv_is_td(kvm))
		return;

	for (i = 0; i < kvm_arch_nr_memslot_as_ids(kvm); i++)
		kvm_for_each_memslot(slot, bkt, __kvm_memslots(kvm, i))
			if (slot->gmem.priv)
				zap_slot(kvm, slot);
}
