// SPDX-License-Identifier: GPL-2.0-only
/*
 * The operations of a slot's binding: a file tells KVM what becomes of its pages, and has it
 * do what the guest's firmware wants.
 */

#include <linux/kvm_host.h>
#include <linux/kvm_private.h>
#include <linux/module.h>

#include "gmem_priv.h"
#include "gmem_priv_compat.h"
#include "gmem_priv_internal.h"
#include "gmem_priv_memslots.h"
#include "kvm_mm.h"

/*
 * To the rest of KVM this is an mmu notifier's invalidation. Memory slots don't change and
 * caches of pfns don't become valid while mn_active_invalidate_count is elevated. Page
 * faults don't install pages that they found while mmu_invalidate_in_progress is.
 *
 * @filter: a TD has page tables of their own for private pages, which stay mapped without
 * KVM_FILTER_PRIVATE. Other VMs have one table for both, and unmap all of the range.
 */
static void priv_invalidate_filtered(struct kvm_private_binding *binding,
				     pgoff_t start, pgoff_t end,
				     enum kvm_gfn_range_filter filter)
{
	struct kvm_gmem_priv *priv = to_priv(binding);
	struct kvm *kvm = priv->kvm;
	/* The most of the file that one entry of a page table maps */
	gfn_t block = 1ULL << binding->file_order;
	struct kvm_gfn_range range = {
		.start		= priv_gfn(priv, start),
		.end		= priv_gfn(priv, end),
		.slot		= priv->slot,
		.attr_filter	= filter,
		.may_block	= true,
	};

	kvm_gmem_priv_freeze_memslots(kvm);
	kvm_gmem_priv_gpc_invalidate(kvm, range.start, range.end);

	KVM_MMU_LOCK(kvm);
	kvm_mmu_invalidate_start(kvm);
	/*
	 * A fault beside the range that found a huge page before, and is about
	 * to map it, would map the range as well.
	 */
	kvm_mmu_invalidate_range_add(kvm, round_down(range.start, block),
				     round_up(range.end, block));
	if (kvm_gmem_priv_unmap_gfn_range(kvm, &range))
		kvm_flush_remote_tlbs(kvm);
	gmem_priv_invalidate_vmsas(kvm, &range);
	KVM_MMU_UNLOCK(kvm);

	/*
	 * An encrypted guest may have left lines of the pages in the caches, which this
	 * flushes. For an SNP guest priv_reclaim() does.
	 */
	kvm_arch_guest_memory_reclaimed(kvm);
}

static void priv_invalidate_begin(struct kvm_private_binding *binding,
				  pgoff_t start, pgoff_t end)
{
	priv_invalidate_filtered(binding, start, end,
				 KVM_FILTER_PRIVATE | KVM_FILTER_SHARED);
}

/* Pages that are private already stay a TD's, which would lose what is in them. */
static void priv_invalidate_shared_begin(struct kvm_private_binding *binding,
					 pgoff_t start, pgoff_t end)
{
	priv_invalidate_filtered(binding, start, end, KVM_FILTER_SHARED);
}

static void priv_invalidate_end(struct kvm_private_binding *binding,
				pgoff_t start, pgoff_t end)
{
	struct kvm *kvm = to_priv(binding)->kvm;

	KVM_MMU_LOCK(kvm);
	kvm_mmu_invalidate_end(kvm);
	KVM_MMU_UNLOCK(kvm);

	kvm_gmem_priv_thaw_memslots(kvm);
}

/*
 * Prepares a huge page as one where the page tables can map it as one. Elsewhere
 * gmem_priv_make_private() gets one base page a call.
 */
static int priv_prepare(struct kvm_private_binding *binding, pgoff_t index,
			unsigned long pfn, unsigned int order)
{
	struct kvm *kvm = to_priv(binding)->kvm;
	gfn_t gfn = priv_gfn(to_priv(binding), index);
	unsigned long i;
	int ret;

	if (priv_clip_order(gfn, pfn, order) == order)
		return gmem_priv_make_private(kvm, gfn, pfn, order);

	for (i = 0; i < 1UL << order; i++) {
		ret = gmem_priv_make_private(kvm, gfn + i, pfn + i, 0);
		if (ret) {
			gmem_priv_make_shared(pfn, i);
			return ret;
		}
	}
	return 0;
}

static void priv_reclaim(unsigned long pfn, unsigned long nr)
{
	gmem_priv_make_shared(pfn, nr);
}

static bool priv_joined(struct kvm_private_binding *binding, unsigned long pfn,
			unsigned int order)
{
	return !kvm_x86_ops.gmem_joined || kvm_x86_ops.gmem_joined(pfn);
}

/* The page tables can map the block as one where priv_prepare() would prepare it as one. */
static int priv_join(struct kvm_private_binding *binding, pgoff_t index,
		     unsigned long pfn, unsigned int order)
{
	gfn_t gfn = priv_gfn(to_priv(binding), index);

	if (!kvm_x86_ops.gmem_join || order != KVM_HPAGE_GFN_SHIFT(PG_LEVEL_2M) ||
	    priv_clip_order(gfn, pfn, order) != order)
		return -EBUSY;
	return kvm_x86_ops.gmem_join(to_priv(binding)->kvm, gfn, pfn);
}

/*
 * Until the guest's launch is over the firmware encrypts the content of its pages in place.
 */
static bool priv_preserves(struct kvm_private_binding *binding)
{
	return !to_priv(binding)->kvm->arch.pre_fault_allowed;
}

/* SEV and SEV-ES: the guest's firmware encrypts in place, by the physical address. */
static bool priv_encrypts(struct kvm_private_binding *binding)
{
	return READ_ONCE(to_priv(binding)->kvm->gmem_priv_encrypted);
}

static const struct kvm_private_binding_ops trusting_ops = {
	.owner			= THIS_MODULE,
	.invalidate_begin	= priv_invalidate_begin,
	.invalidate_end		= priv_invalidate_end,
	.encrypts		= priv_encrypts,
};

/* The owner is the vendor module, whose code priv_reclaim() calls in the end. */
static struct kvm_private_binding_ops firmware_ops = {
	.invalidate_begin	= priv_invalidate_begin,
	.invalidate_end		= priv_invalidate_end,
	.prepare		= priv_prepare,
	.reclaim		= priv_reclaim,
	.preserves		= priv_preserves,
	.joined			= priv_joined,
	.join			= priv_join,
};

/*
 * TDX: a page is the guest's while it is mapped. Preparing and reclaiming do nothing but
 * tell the file to keep the host out. The TDX module joins no pages.
 */
static struct kvm_private_binding_ops td_ops = {
	.invalidate_begin	= priv_invalidate_begin,
	.invalidate_shared_begin = priv_invalidate_shared_begin,
	.invalidate_end		= priv_invalidate_end,
	.prepare		= priv_prepare,
	.reclaim		= priv_reclaim,
	.preserves		= priv_preserves,
};

/**
 * kvm_gmem_priv_init() - learn the vendor module
 * @vendor: kvm_amd or kvm_intel, being loaded
 */
void kvm_gmem_priv_init(struct module *vendor)
{
	firmware_ops.owner = vendor;
	td_ops.owner = vendor;
}

/**
 * kvm_gmem_priv_init_ops() - have a file know what kind of guest it deals with
 * @kvm: the VM
 * @binding: of one of its slots; gets its operations and flags
 */
void kvm_gmem_priv_init_ops(struct kvm *kvm, struct kvm_private_binding *binding)
{
	binding->ops = &trusting_ops;
	if (!kvm_arch_has_private_mem(kvm)) {
		binding->flags = KVM_PRIVATE_BIND_NO_ATTRIBUTES;
	} else if (gmem_priv_is_td(kvm)) {
		binding->ops = &td_ops;
		binding->flags = KVM_PRIVATE_BIND_FIRMWARE | KVM_PRIVATE_BIND_VOLATILE;
	} else if (kvm->arch.vm_type != KVM_X86_SW_PROTECTED_VM) {
		binding->ops = &firmware_ops;
		binding->flags = KVM_PRIVATE_BIND_FIRMWARE;
	}
}
