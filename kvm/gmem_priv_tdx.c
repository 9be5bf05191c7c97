// SPDX-License-Identifier: GPL-2.0-only
/* TDX: private pages from kvm_private files. In kvm_intel. */

#include <linux/kvm_host.h>

#include "gmem_priv_tdx.h"

/**
 * tdx_gmem_priv_in_place() - see whether a page may be added with the content that it has
 * @kvm: the TD
 * @gfn: where
 *
 * Context: slots_lock held.
 */
bool tdx_gmem_priv_in_place(struct kvm *kvm, gfn_t gfn)
{
	struct kvm_memory_slot *slot = gfn_to_memslot(kvm, gfn);

	return slot && slot->gmem.priv;
}
