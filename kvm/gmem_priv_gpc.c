// SPDX-License-Identifier: GPL-2.0-only
/* KVM's caches of a guest's pages (struct gfn_to_pfn_cache), of pages that are in a file */

#include <linux/kvm_host.h>
#include <linux/kvm_private.h>

#include "gmem_priv.h"
#include "gmem_priv_compat.h"
#include "gmem_priv_internal.h"

/**
 * kvm_gmem_priv_gpc_to_pfn() - find the page for a cache of a guest's pages
 * @gpc: being refreshed; its slot and address are set
 * @page: out: may be NULL
 *
 * Context: may sleep; kvm->srcu and refresh_lock held. The pfn becomes valid only if
 * nothing was invalidated in the meantime.
 * Return: the pfn, to be released with kvm_release_pfn_clean() or by its page;
 * %KVM_PFN_NOSLOT if the page is not private in a slot with a kvm_private file;
 * %KVM_PFN_ERR_FAULT.
 */
kvm_pfn_t kvm_gmem_priv_gpc_to_pfn(struct gfn_to_pfn_cache *gpc,
				   struct page **page)
{
	struct kvm_gmem_priv *priv;
	unsigned long pfn;
	int ret;

	lockdep_assert_held(&gpc->refresh_lock);

	if (kvm_is_error_gpa(gpc->gpa) ||
	    !kvm_gmem_priv_has_private(gpc->memslot, gpa_to_gfn(gpc->gpa)))
		return KVM_PFN_NOSLOT;

	/* The host writes through a cache, so the guest has to trust the host. */
	priv = gpc->memslot->gmem.priv;
	if (!priv_trusts_host(priv))
		return KVM_PFN_ERR_FAULT;

	ret = priv->module->get_pfn(&priv->binding,
				    priv_index(priv, gpa_to_gfn(gpc->gpa)),
				    &pfn, NULL);
	if (!ret) {
		if (page)
			*page = pfn_to_page(pfn);
		return pfn;
	}
	/*
	 * The page may just have become shared in a file that says what is private. Where
	 * the VM's attributes do, the file contradicts them.
	 */
	return ret == -EACCES && priv_file_rules(priv) ? KVM_PFN_NOSLOT :
						    KVM_PFN_ERR_FAULT;
}

/**
 * kvm_gmem_priv_gpc_invalidate() - drop caches of a guest's pages
 * @kvm: the VM
 * @start: first guest frame number
 * @end: guest frame number after the last
 *
 * When this returns no cache of the range is valid and in use.
 *
 * Context: any in which a spinlock may be taken.
 */
void kvm_gmem_priv_gpc_invalidate(struct kvm *kvm, gfn_t start, gfn_t end)
{
	struct gfn_to_pfn_cache *gpc;
	gfn_t gfn;

	/*
	 * A refresh that has looked up its page, and takes gpc->lock after the loop had it,
	 * sees the new count and looks the page up again.
	 */
	spin_lock(&kvm->mn_invalidate_lock);
	gmem_priv_gpc_advance(kvm);
	spin_unlock(&kvm->mn_invalidate_lock);

	spin_lock(&kvm->gpc_lock);
	list_for_each_entry(gpc, &kvm->gpc_list, list) {
		write_lock_irq(&gpc->lock);
		gfn = gpa_to_gfn(gpc->gpa);
		if (!kvm_is_error_gpa(gpc->gpa) && gfn >= start && gfn < end)
			gpc->valid = false;
		write_unlock_irq(&gpc->lock);
	}
	spin_unlock(&kvm->gpc_lock);
}
