// SPDX-License-Identifier: GPL-2.0-only
/*
 * Finding the copy of a memory slot that KVM has in force.
 *
 * A slot that is being deleted is in the active set as a copy, marked invalid, and the slot
 * itself waits in the inactive one. If KVM allocates rmaps meanwhile, by which it finds
 * mappings, since it makes the VM's first shadow root, the copy alone gets them. A slot
 * that is being created is bound to its file before it has rmaps. A binding names the slot
 * as it was bound, so an invalidation has to look for the copy in force.
 */

#include <linux/kvm_host.h>

#include "gmem_priv_compat.h"
#include "gmem_priv_memslots.h"

/**
 * kvm_gmem_priv_freeze_memslots() - keep a VM's active memory slots as they are
 * @kvm: the VM
 *
 * kvm_swap_active_memslots() looks at the count under mn_invalidate_lock, and stores the
 * new set under it: it either waits for kvm_gmem_priv_thaw_memslots(), or the caller sees
 * the new set. Caches of pfns take the count for an invalidation, too.
 *
 * Context: any in which a spinlock may be taken.
 */
void kvm_gmem_priv_freeze_memslots(struct kvm *kvm)
{
	spin_lock(&kvm->mn_invalidate_lock);
	kvm->mn_active_invalidate_count++;
	spin_unlock(&kvm->mn_invalidate_lock);
}

/**
 * kvm_gmem_priv_thaw_memslots() - end kvm_gmem_priv_freeze_memslots()
 * @kvm: the VM
 *
 * Context: any in which a spinlock may be taken.
 */
void kvm_gmem_priv_thaw_memslots(struct kvm *kvm)
{
	bool wake;

	spin_lock(&kvm->mn_invalidate_lock);
	gmem_priv_gpc_advance(kvm);
	wake = !--kvm->mn_active_invalidate_count;
	spin_unlock(&kvm->mn_invalidate_lock);

	/* One task waits at most: kvm_swap_active_memslots() runs under slots_lock. */
	if (wake)
		rcuwait_wake_up(&kvm->mn_memslots_update_rcuwait);
}

/**
 * kvm_gmem_priv_unmap_gfn_range() - kvm_unmap_gfn_range() in the slot in force
 * @kvm: the VM
 * @range: its slot is one that is bound to a file; becomes the one in force
 *
 * A slot that isn't in the active set has no mappings. kvm_create_memslot() puts a complete
 * one there before any page of it can be looked up. kvm_delete_memslot() takes the copy out
 * after kvm_arch_flush_shadow_memslot().
 *
 * Nor does the set lag behind the rmaps. mmu_first_shadow_root_alloc() gives them to the
 * slots of the active set under slots_arch_lock. A change of the slots holds that lock from
 * the copying of the old slot until the copy is active.
 *
 * Context: mmu_lock held for writing, memory slots frozen; may sleep.
 * Return: whether TLBs are to be flushed
 */
bool kvm_gmem_priv_unmap_gfn_range(struct kvm *kvm, struct kvm_gfn_range *range)
{
	const struct kvm_memory_slot *bound = range->slot;
	struct kvm_memslots *slots =
		rcu_dereference_protected(kvm->memslots[bound->as_id],
					  READ_ONCE(kvm->mn_active_invalidate_count));

	lockdep_assert_held_write(&kvm->mmu_lock);

	range->slot = id_to_memslot(slots, bound->id);
	return range->slot && kvm_unmap_gfn_range(kvm, range);
}
