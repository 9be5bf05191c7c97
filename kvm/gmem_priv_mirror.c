// SPDX-License-Identifier: GPL-2.0-only
/*
 * Huge entries of mirror page tables, of which the TDX module has the real ones.
 *
 * A TD loses what is in a page that is unmapped. So an entry that is in part outside of a
 * range is split before the range is unmapped, which the TDX module can do (demote) without
 * touching the pages. It can't put a huge entry in the place of a table: where KVM has a
 * table it stays for as long as the TD.
 */

#include <linux/kvm_host.h>
#include <linux/slab.h>

#include "gmem_priv_compat.h"
#include "gmem_priv_mirror.h"
#include "mmu.h"
#include "mmu/mmu_internal.h"
#include "mmu/spte.h"
#include "mmu/tdp_iter.h"

/**
 * kvm_gmem_priv_mirror_max_level() - tell how large a mapping may be
 * @kvm: a TD
 *
 * The mitigation for which KVM maps huge pages without the right to execute isn't for the
 * TDX module's tables, where private pages have all rights.
 */
int kvm_gmem_priv_mirror_max_level(struct kvm *kvm)
{
	return is_nx_huge_page_enabled(kvm) ? PG_LEVEL_4K : PG_LEVEL_2M;
}
EXPORT_SYMBOL_FOR_KVM_INTERNAL(kvm_gmem_priv_mirror_max_level);

/**
 * kvm_gmem_priv_mirror_alloc() - allocate a table that takes a huge entry's place
 *
 * Context: may sleep. Can't fail: the range that is to be unmapped goes, whatever is left of
 * the entry.
 */
struct kvm_mmu_page *kvm_gmem_priv_mirror_alloc(void)
{
	const gfp_t gfp = GFP_KERNEL_ACCOUNT | __GFP_NOFAIL;
	struct kvm_mmu_page *sp = kmem_cache_zalloc(mmu_page_header_cache, gfp);

	sp->spt = (void *)__get_free_page(gfp);
	/* The TDX module writes to it alone. */
	sp->external_spt = (void *)__get_free_page(gfp);
	return sp;
}

static void mirror_split_at(struct kvm *kvm, gfn_t gfn)
{
	if (gfn & (KVM_PAGES_PER_HPAGE(PG_LEVEL_2M) - 1))
		kvm_tdp_mmu_split_mirror(kvm, gfn);
}

/**
 * kvm_gmem_priv_mirror_split_range() - split the entries that are in part outside a range
 * @kvm: a TD
 * @start: first guest frame number
 * @end: guest frame number after the last
 *
 * No fault brings such an entry back before the range is unmapped: an invalidation is under
 * way that includes all of the entry, or KVM knows it for one with mixed attributes.
 *
 * Context: mmu_lock held for writing; drops it to sleep.
 */
void kvm_gmem_priv_mirror_split_range(struct kvm *kvm, gfn_t start, gfn_t end)
{
	mirror_split_at(kvm, start);
	mirror_split_at(kvm, end);
}

/**
 * kvm_gmem_priv_mirror_split() - have a page as an entry of its own
 * @kvm: a TD
 * @gfn: of the page
 *
 * Context: may sleep.
 */
void kvm_gmem_priv_mirror_split(struct kvm *kvm, gfn_t gfn)
{
	write_lock(&kvm->mmu_lock);
	kvm_tdp_mmu_split_mirror(kvm, gfn);
	write_unlock(&kvm->mmu_lock);
}
EXPORT_SYMBOL_FOR_KVM_INTERNAL(kvm_gmem_priv_mirror_split);

/**
 * kvm_gmem_priv_mirror_adjust() - have a fault map at the level that the table has
 * @fault: the fault
 * @iter: an entry on the way to its page; not frozen
 *
 * A table stays, and a huge entry stays until the TD or an invalidation needs a part of it:
 * a prefetch with another level in mind finds the page mapped.
 */
void kvm_gmem_priv_mirror_adjust(struct kvm_page_fault *fault,
				 const struct tdp_iter *iter)
{
	gfn_t offset = fault->gfn & (KVM_PAGES_PER_HPAGE(iter->level) - 1);

	if (!is_mirror_sptep(iter->sptep) || iter->level == PG_LEVEL_4K ||
	    !is_shadow_present_pte(iter->old_spte))
		return;

	if (is_large_pte(iter->old_spte)) {
		if (fault->goal_level < iter->level) {
			fault->pfn &= ~(kvm_pfn_t)(KVM_PAGES_PER_HPAGE(iter->level) - 1);
			fault->goal_level = iter->level;
		}
	} else if (fault->goal_level == iter->level) {
		fault->goal_level--;
		fault->pfn |= offset & ~(KVM_PAGES_PER_HPAGE(fault->goal_level) - 1);
	}
}
