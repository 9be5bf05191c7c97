// SPDX-License-Identifier: GPL-2.0-only
/* Pages of a slot's file: for the guest's faults, and for its launch */

#include <linux/kvm_host.h>
#include <linux/kvm_private.h>

#include "gmem_priv.h"
#include "gmem_priv_compat.h"
#include "gmem_priv_internal.h"

/*
 * KVM takes orders of the page sizes that it maps, and with KVM_PROVE_MMU warns of others.
 */
static unsigned int priv_mapped_order(unsigned int order)
{
	int level = KVM_MAX_HUGEPAGE_LEVEL;

	while (KVM_HPAGE_GFN_SHIFT(level) > order)
		level--;
	return KVM_HPAGE_GFN_SHIFT(level);
}

typedef int (*lookup_fn)(struct kvm_private_binding *binding, pgoff_t index,
			 unsigned long *pfn, unsigned int *max_order);

static int priv_get_pfn(struct kvm_memory_slot *slot, gfn_t gfn, kvm_pfn_t *pfn,
			struct page **page, int *max_order, lookup_fn lookup)
{
	struct kvm_gmem_priv *priv = slot->gmem.priv;
	unsigned long found;
	unsigned int order;
	int ret;

	ret = lookup(&priv->binding, priv_index(priv, gfn), &found, &order);
	if (ret)
		return ret == -EACCES ? -EFAULT : ret;

	*pfn = found;
	if (page)
		*page = pfn_to_page(found);
	if (max_order)
		*max_order = priv_mapped_order(priv_clip_order(gfn, found, order));
	return 0;
}

/**
 * kvm_gmem_priv_get_pfn() - kvm_gmem_get_pfn() for such a slot
 * @slot: has a kvm_private file
 * @gfn: in the slot
 * @pfn: out: to be released with kvm_release_pfn_clean() or by its page
 * @page: out: may be NULL
 * @max_order: out: may be NULL
 *
 * Context: may sleep; kvm->srcu or slots_lock held.
 * Return: as kvm_private_get_pfn(), but -EFAULT for a page that is shared in
 * the file
 */
int kvm_gmem_priv_get_pfn(struct kvm_memory_slot *slot, gfn_t gfn,
			  kvm_pfn_t *pfn, struct page **page, int *max_order)
{
	return priv_get_pfn(slot, gfn, pfn, page, max_order,
			    slot->gmem.priv->module->get_pfn);
}

/**
 * kvm_gmem_priv_get_shared_pfn() - find the page for an access to shared memory
 * @slot: kvm_gmem_priv_gmem_only()
 * @gfn: in the slot
 * @pfn: out: to be released with kvm_release_pfn_clean() or by its page
 * @page: out: may be NULL
 * @max_order: out: may be NULL
 *
 * Context: may sleep; kvm->srcu or slots_lock held.
 * Return: as kvm_private_get_shared_pfn(), but -EFAULT for a page that is
 * private in the file
 */
int kvm_gmem_priv_get_shared_pfn(struct kvm_memory_slot *slot, gfn_t gfn,
				 kvm_pfn_t *pfn, struct page **page,
				 int *max_order)
{
	return priv_get_pfn(slot, gfn, pfn, page, max_order,
			    slot->gmem.priv->module->get_shared_pfn);
}

struct populate_args {
	kvm_gmem_populate_cb post_populate;
	void *opaque;
	void __user *source;
	bool write_source;
	pgoff_t first;
};

/*
 * Runs without a lock of the file. The source may be one of its shared pages. A task that
 * holds a lock which @post_populate takes (sev_cmd_mutex) may be writing to one, too.
 */
static int priv_populate_one(struct kvm_private_binding *binding,
			     pgoff_t index, unsigned long pfn,
			     unsigned int order, void *opaque)
{
	struct kvm_gmem_priv *priv = to_priv(binding);
	struct populate_args *args = opaque;
	void __user *source = args->source;
	gfn_t gfn = priv_gfn(priv, index);

	if (!kvm_gmem_priv_is_private(priv->slot, gfn))
		return -EINVAL;
	if (source)
		source += (index - args->first) << PAGE_SHIFT;

	return gmem_priv_populate_page(args->post_populate, priv->kvm, gfn, pfn,
				       source, args->write_source, order,
				       args->opaque);
}

/**
 * kvm_gmem_priv_populate() - kvm_gmem_populate() for such a slot
 * @slot: has a kvm_private file
 * @start: first guest frame number, in the slot
 * @source: content, read through the caller's mappings; NULL: the pages keep theirs
 * @npages: number of pages, clipped to the slot
 * @write_source: @post_populate may write to the source through its page
 * @post_populate: fills and assigns one page
 * @opaque: handed to @post_populate
 *
 * Unlike kvm_gmem_populate() it takes pages that are there already.
 *
 * Context: slots_lock held; interruptible.
 * Return: as kvm_private_populate(); -EFAULT for a source that can't be read.
 */
long kvm_gmem_priv_populate(struct kvm_memory_slot *slot, gfn_t start,
			    void __user *source, long npages,
			    bool write_source,
			    kvm_gmem_populate_cb post_populate,
			    void *opaque)
{
	struct kvm_gmem_priv *priv = slot->gmem.priv;
	struct populate_args args = {
		.post_populate	= post_populate,
		.opaque		= opaque,
		.source		= source,
		.write_source	= write_source,
		.first		= priv_index(priv, start),
	};
	unsigned long nr;

	lockdep_assert_held(&priv->kvm->slots_lock);

	nr = min_t(unsigned long, npages, priv->binding.end - args.first);
	if (!nr)
		return 0;
	return priv->module->populate(&priv->binding, args.first, nr,
				      priv_populate_one, &args);
}
