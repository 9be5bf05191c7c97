// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that the TDX module keeps: it failed to take them from a TD, or to write them back.
 * KVM forgets such a page as any other that it unmaps, and its file would free it.
 */

#include <linux/kvm_host.h>
#include <linux/kvm_private.h>

#include "gmem_priv_compat.h"
#include "gmem_priv_internal.h"
#include "gmem_priv_tdx.h"

/*
 * The slots stay as they are: private pages are unmapped by an invalidation of the file,
 * which freezes the slots, by a change of slots or attributes, under slots_lock, and by the
 * VM's end.
 */
static struct kvm_memory_slot *leak_slot(struct kvm *kvm, gfn_t gfn)
{
	struct kvm_memslots *slots =
		rcu_dereference_check(kvm->memslots[0],
				      READ_ONCE(kvm->mn_active_invalidate_count) ||
				      lockdep_is_held(&kvm->slots_lock) ||
				      !refcount_read(&kvm->users_count));

	return __gfn_to_memslot(slots, gfn);
}

/**
 * kvm_gmem_priv_leak() - tell a file that pages are lost
 * @kvm: the VM
 * @gfn: first guest frame number that was unmapped
 * @pfn: its page
 * @level: of the mapping
 *
 * Does nothing for slots without a kvm_private file. A slot that is being deleted is in
 * force as a copy that has the file, too.
 *
 * Context: mmu_lock held for writing.
 */
void kvm_gmem_priv_leak(struct kvm *kvm, gfn_t gfn, kvm_pfn_t pfn, int level)
{
	struct kvm_memory_slot *slot = leak_slot(kvm, gfn);
	struct kvm_gmem_priv *priv = slot ? slot->gmem.priv : NULL;

	lockdep_assert_held_write(&kvm->mmu_lock);

	if (priv)
		priv->module->leak(&priv->binding, pfn, KVM_PAGES_PER_HPAGE(level));
}
EXPORT_SYMBOL_FOR_KVM_INTERNAL(kvm_gmem_priv_leak);
