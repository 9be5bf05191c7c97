// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory slots with a kvm_private file.
 *
 * A slot has one binding. The binding keeps the file, and so the pages, for as long as the
 * slot lives; it is made with the slot under slots_lock and removed when no reader of
 * kvm->srcu can find the slot any more and nothing is mapped.
 *
 * If the file can be mapped (%KVM_PRIVATE_FLAG_MMAP), or with kvm.gmem_in_place_conversion,
 * it holds all the slot's memory and says what is private. Else it holds the private pages,
 * and the VM's memory attributes say which those are. KVM's emulator works in the file as
 * well, but not on private pages of a guest that doesn't trust the host. For pages in the
 * file it never uses the slot's host address: other memory is there, or none.
 *
 * An ordinary VM knows no private memory: its guest has all pages of a file that can be
 * mapped, of either attribute, and none of another.
 */

#include <linux/kvm_host.h>
#include <linux/kvm_private.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "gmem_priv.h"
#include "gmem_priv_compat.h"
#include "gmem_priv_internal.h"
#include "gmem_priv_memslots.h"
#include "kvm_mm.h"
#include "mmu.h"

static struct kvm_gmem_priv *to_priv(struct kvm_private_binding *binding)
{
	return container_of(binding, struct kvm_gmem_priv, binding);
}

static gfn_t priv_gfn(const struct kvm_gmem_priv *priv, pgoff_t index)
{
	return index - priv->binding.start + priv->slot->base_gfn;
}

/*
 * To the rest of KVM this is an mmu notifier's invalidation. Memory slots don't change and
 * caches of pfns don't become valid while mn_active_invalidate_count is elevated. Page
 * faults don't install pages that they found while mmu_invalidate_in_progress is.
 *
 * @filter: only a TD has tables of their own for private pages, which stay without
 * KVM_FILTER_PRIVATE
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
 * The page tables have one entry for a block only if it is aligned in the guest as it is in
 * memory. The VMM chooses where a slot begins in its file, and KVM checks no alignment but
 * that of the slot's host address, at most.
 */
static unsigned int priv_clip_order(gfn_t gfn, unsigned long pfn,
				    unsigned int order)
{
	u64 differ = gfn ^ pfn;

	return differ ? min_t(unsigned int, order, __ffs64(differ)) : order;
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

/* What kind of guest the file deals with */
static void priv_init_binding(struct kvm *kvm, struct kvm_private_binding *binding)
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

/**
 * kvm_gmem_priv_prepare() - remember the file of a new slot
 * @slot: not visible yet
 * @file: any file; the caller keeps its reference until kvm_gmem_priv_bind()
 * @offset: where in the file the slot begins, in bytes
 *
 * Return: 0; -EINVAL if @file is no private file
 */
int kvm_gmem_priv_prepare(struct kvm_memory_slot *slot, struct file *file,
			  u64 offset)
{
	if (!PAGE_ALIGNED(offset) || !kvm_gmem_priv_module_made(file))
		return -EINVAL;

	slot->gmem.file = file;
	slot->gmem.pgoff = offset >> PAGE_SHIFT;
	return 0;
}

/**
 * kvm_gmem_priv_bind() - back a new slot with its kvm_private file
 * @kvm: the VM
 * @slot: kvm_gmem_priv_prepare() was called for it; not visible yet
 *
 * Context: slots_lock held.
 * Return: 0; -EINVAL if the file was made for another VM or the range is not inside it;
 * -EEXIST if part of the range backs another slot; -ENXIO if the file's module has another
 * interface than this KVM; -ENOMEM.
 */
int kvm_gmem_priv_bind(struct kvm *kvm, struct kvm_memory_slot *slot)
{
	const struct kvm_private_interface *module;
	struct kvm_gmem_priv *priv;
	int ret;

	lockdep_assert_held(&kvm->slots_lock);

	module = kvm_gmem_priv_module_get();
	if (IS_ERR(module))
		return PTR_ERR(module);

	priv = kzalloc(sizeof(*priv), GFP_KERNEL_ACCOUNT);
	if (!priv) {
		ret = -ENOMEM;
		goto put;
	}

	priv->module = module;
	priv->kvm = kvm;
	priv->slot = slot;
	priv_init_binding(kvm, &priv->binding);
	priv->binding.start = slot->gmem.pgoff;
	priv->binding.end = priv->binding.start + slot->npages;
	priv->binding.guest_id = kvm_gmem_priv_guest_id(kvm);
	priv->binding.guest_offset = slot->base_gfn - priv->binding.start;

	ret = module->bind(slot->gmem.file, &priv->binding);
	if (ret) {
		/*
		 * Newer kernels check the guest frame numbers before they bind, and return
		 * this error.
		 */
		if (ret == -EEXIST &&
		    slot->base_gfn + slot->npages - 1 > kvm_mmu_max_gfn())
			ret = -EINVAL;
		kfree(priv);
		goto put;
	}

	slot->gmem.priv = priv;
	if (kvm_gmem_priv_gmem_only(slot))
		gmem_priv_mark_gmem_only(slot);
	/*
	 * gmem_priv_by_file is never cleared. It is stored before rcu_assign_pointer() in
	 * kvm_swap_active_memslots() publishes the slot. So a vCPU that has found the slot
	 * by srcu_dereference() sees it set: x86 keeps the order of the two loads.
	 */
	if (priv_file_rules(priv) && kvm_arch_has_private_mem(kvm))
		WRITE_ONCE(kvm->gmem_priv_by_file, true);
	/* The slot keeps the module. */
	return 0;
put:
	kvm_gmem_priv_module_put();
	return ret;
}

static void priv_invalidate_vmsas(struct kvm_gmem_priv *priv)
{
	struct kvm_gfn_range range = {
		.start	= priv->slot->base_gfn,
		.end	= priv->slot->base_gfn + priv->slot->npages,
		.slot	= priv->slot,
	};

	KVM_MMU_LOCK(priv->kvm);
	gmem_priv_invalidate_vmsas(priv->kvm, &range);
	KVM_MMU_UNLOCK(priv->kvm);
}

/**
 * kvm_gmem_priv_unbind() - take the file from a slot that goes
 * @slot: not visible any more and without mappings, with or without a kvm_private file
 *
 * Context: may sleep.
 */
void kvm_gmem_priv_unbind(struct kvm_memory_slot *slot)
{
	struct kvm_gmem_priv *priv = slot->gmem.priv;

	if (!priv)
		return;

	/*
	 * A cache of a pfn may be used from interrupts, without kvm->srcu. It must be
	 * invalid before kvm_private_unbind(), since after that pages go without an
	 * invalidation.
	 */
	kvm_gmem_priv_gpc_invalidate(priv->kvm, slot->base_gfn,
				     slot->base_gfn + slot->npages);
	/*
	 * kvm_arch_flush_shadow_memslot() had the VMSAs looked up again while the slot's
	 * invalid copy was in force, which has the file. A vCPU that has found its page there
	 * loses it here, and its next lookup finds no slot.
	 */
	priv_invalidate_vmsas(priv);
	priv->module->unbind(&priv->binding);
	kvm_gmem_priv_module_put();
	slot->gmem.priv = NULL;
	slot->gmem.file = NULL;
	kfree(priv);
}

/**
 * kvm_gmem_priv_unbind_all() - take the files from all slots of a VM that goes
 * @kvm: not used any more, and with nothing mapped
 *
 * An invalidation that is under way ends before this returns. None comes after
 * it, while the VM is taken apart.
 *
 * Context: may sleep.
 */
void kvm_gmem_priv_unbind_all(struct kvm *kvm)
{
	struct kvm_memory_slot *slot;
	int bkt, i;

	for (i = 0; i < kvm_arch_nr_memslot_as_ids(kvm); i++)
		kvm_for_each_memslot(slot, bkt, __kvm_memslots(kvm, i))
			kvm_gmem_priv_unbind(slot);
}

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
