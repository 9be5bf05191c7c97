// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory slots with a kvm_private file.
 *
 * A slot has one binding. The binding keeps the file, and so the pages, for as
 * long as the slot lives; it is made with the slot under slots_lock and removed
 * when nobody can find the slot any more (kvm->srcu) and nothing is mapped.
 *
 * If the file can be mapped (%KVM_PRIVATE_FLAG_MMAP), or with
 * kvm.gmem_in_place_conversion, all the slot's memory is in it, and it says what
 * is private. Else its private pages are, and the VM's memory attributes say
 * which those are. KVM's emulator works in the file as
 * well, but not on private pages of a guest that trusts nobody. It never uses
 * the slot's host address for what is in the file: other memory is there, or
 * none.
 *
 * An ordinary VM knows nothing private: its guest has all pages of a file that
 * can be mapped, in either state, and none of another.
 */

#include <linux/kvm_host.h>
#include <linux/kvm_private.h>
#include <linux/pagemap.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "kvm_mm.h"
#include "mmu.h"
#include "private_memslots.h"
#include "private_slot.h"
#include "private_slot_internal.h"

/* A KVM without SEV-SNP has no firmware to tell. */
#ifndef CONFIG_HAVE_KVM_ARCH_GMEM_PREPARE
static int kvm_arch_gmem_prepare(struct kvm *kvm, gfn_t gfn, kvm_pfn_t pfn,
				 int max_order)
{
	return 0;
}
#endif

#ifndef CONFIG_HAVE_KVM_ARCH_GMEM_INVALIDATE
static void kvm_arch_gmem_invalidate(kvm_pfn_t start, kvm_pfn_t end)
{
}
#endif

static struct kvm_private_slot *to_priv(struct kvm_private_binding *binding)
{
	return container_of(binding, struct kvm_private_slot, binding);
}

static gfn_t priv_gfn(const struct kvm_private_slot *priv, pgoff_t index)
{
	return index - priv->binding.start + priv->slot->base_gfn;
}

/*
 * To the rest of KVM this is what an mmu notifier does: memory slots don't
 * change and caches of pfns don't become valid while mn_active_invalidate_count
 * is elevated, page faults don't install what they found while
 * mmu_invalidate_in_progress is.
 */
static void priv_invalidate_begin(struct kvm_private_binding *binding,
				  pgoff_t start, pgoff_t end)
{
	struct kvm_private_slot *priv = to_priv(binding);
	struct kvm *kvm = priv->kvm;
	/* What one entry of a page table maps of the file at most */
	gfn_t block = 1ULL << binding->file_order;
	struct kvm_gfn_range range = {
		.start		= priv_gfn(priv, start),
		.end		= priv_gfn(priv, end),
		.slot		= priv->slot,
		.attr_filter	= KVM_FILTER_PRIVATE | KVM_FILTER_SHARED,
		.may_block	= true,
	};

	kvm_private_freeze_memslots(kvm);
	kvm_private_gpc_invalidate(kvm, range.start, range.end);

	KVM_MMU_LOCK(kvm);
	kvm_mmu_invalidate_begin(kvm);
	/*
	 * A fault beside the range that found a huge page before, and is about
	 * to map it, would map the range as well.
	 */
	kvm_mmu_invalidate_range_add(kvm, round_down(range.start, block),
				     round_up(range.end, block));
	if (kvm_private_unmap_gfn_range(kvm, &range))
		kvm_flush_remote_tlbs(kvm);
	KVM_MMU_UNLOCK(kvm);

	/* What an encrypted guest has left in the caches; SNP's pages see to it. */
	kvm_arch_guest_memory_reclaimed(kvm);
}

static void priv_invalidate_end(struct kvm_private_binding *binding,
				pgoff_t start, pgoff_t end)
{
	struct kvm *kvm = to_priv(binding)->kvm;

	KVM_MMU_LOCK(kvm);
	kvm_mmu_invalidate_end(kvm);
	KVM_MMU_UNLOCK(kvm);

	kvm_private_thaw_memslots(kvm);
}

/*
 * The page tables have one entry for a block only if it is aligned in the guest
 * as it is in memory. Where a slot begins in its file is up to the VMM, and KVM
 * looks at the slot's host address at most.
 */
static unsigned int clip_order(gfn_t gfn, unsigned long pfn,
			       unsigned int order)
{
	u64 differ = gfn ^ pfn;

	return differ ? min_t(unsigned int, order, __ffs64(differ)) : order;
}

/*
 * A huge page is one to the platform, too, where the page tables may take it for
 * one. Elsewhere the architecture's code sees to one base page a call.
 */
static int priv_prepare(struct kvm_private_binding *binding, pgoff_t index,
			unsigned long pfn, unsigned int order)
{
	struct kvm *kvm = to_priv(binding)->kvm;
	gfn_t gfn = priv_gfn(to_priv(binding), index);
	unsigned long i;
	int ret;

	if (clip_order(gfn, pfn, order) == order)
		return kvm_arch_gmem_prepare(kvm, gfn, pfn, order);

	for (i = 0; i < 1UL << order; i++) {
		ret = kvm_arch_gmem_prepare(kvm, gfn + i, pfn + i, 0);
		if (ret) {
			kvm_arch_gmem_invalidate(pfn, pfn + i);
			return ret;
		}
	}
	return 0;
}

static void priv_reclaim(unsigned long pfn, unsigned long nr)
{
	kvm_arch_gmem_invalidate(pfn, pfn + nr);
}

/* Until the launch is over the firmware encrypts what it finds, in place. */
static bool priv_preserves(struct kvm_private_binding *binding)
{
	return !to_priv(binding)->kvm->arch.pre_fault_allowed;
}

/* SEV and SEV-ES: the guest's firmware encrypts in place, by the address of the frame. */
static bool priv_encrypts(struct kvm_private_binding *binding)
{
	return READ_ONCE(to_priv(binding)->kvm->private_encrypted);
}

static const struct kvm_private_binding_ops trusting_ops = {
	.owner			= THIS_MODULE,
	.invalidate_begin	= priv_invalidate_begin,
	.invalidate_end		= priv_invalidate_end,
	.encrypts		= priv_encrypts,
};

/* The owner is the vendor module: what priv_reclaim() ends up in is there. */
static struct kvm_private_binding_ops firmware_ops = {
	.invalidate_begin	= priv_invalidate_begin,
	.invalidate_end		= priv_invalidate_end,
	.prepare		= priv_prepare,
	.reclaim		= priv_reclaim,
	.preserves		= priv_preserves,
};

/**
 * kvm_private_slot_init() - learn the vendor module
 * @vendor: kvm_amd or kvm_intel, being loaded
 */
void kvm_private_slot_init(struct module *vendor)
{
	firmware_ops.owner = vendor;
}

/**
 * kvm_private_guest_id() - the number that a VM goes by
 * @kvm: the VM
 *
 * Files that stand in for a guest_memfd keep the number when this module goes, and
 * must fit no VM of the next one's. So each load of it begins above all numbers of
 * those before: a number is what CLOCK_MONOTONIC says, or the one after the last
 * if that isn't below. Making one takes longer than a nanosecond, so the numbers
 * aren't ahead of the clock by more than one of its ticks, and no module is unloaded
 * and loaded within that. Nothing sets this clock, it doesn't go back when the
 * machine sleeps or its time is adjusted, and time namespaces have no part in it.
 *
 * Context: any.
 * Return: not 0, unique for as long as the machine is up.
 */
u64 kvm_private_guest_id(struct kvm *kvm)
{
	static atomic64_t last = ATOMIC64_INIT(0);
	u64 id = READ_ONCE(kvm->private_guest_id);
	s64 before;

	if (id)
		return id;

	before = atomic64_read(&last);
	do {
		id = max_t(s64, before + 1, ktime_get_ns());
	} while (!atomic64_try_cmpxchg(&last, &before, id));
	return cmpxchg(&kvm->private_guest_id, 0, id) ?: id;
}

/**
 * kvm_private_slot_bind() - back a new slot with a kvm_private file
 * @kvm: the VM
 * @slot: not visible yet
 * @fd: descriptor of the file
 * @offset: where in the file the slot begins, in bytes
 *
 * Context: slots_lock held.
 * Return: 0; -EBADF; -EINVAL if @fd is no private file, was made for another VM
 * or the range is not inside it; -EEXIST if part of the range backs another slot; -ENOMEM.
 */
int kvm_private_slot_bind(struct kvm *kvm, struct kvm_memory_slot *slot,
			  unsigned int fd, u64 offset)
{
	struct kvm_private_slot *priv;
	struct file *file;
	int ret;

	lockdep_assert_held(&kvm->slots_lock);

	if (!PAGE_ALIGNED(offset))
		return -EINVAL;

	file = kvm_private_fget(fd);
	if (IS_ERR(file))
		return PTR_ERR(file);

	priv = kzalloc(sizeof(*priv), GFP_KERNEL_ACCOUNT);
	if (!priv) {
		ret = -ENOMEM;
		goto put;
	}

	priv->kvm = kvm;
	priv->slot = slot;
	priv->binding.ops = &trusting_ops;
	priv->binding.start = offset >> PAGE_SHIFT;
	priv->binding.end = priv->binding.start + slot->npages;
	priv->binding.guest_id = kvm_private_guest_id(kvm);
	if (!kvm_arch_has_private_mem(kvm)) {
		priv->binding.flags = KVM_PRIVATE_BIND_STATELESS;
	} else if (kvm->arch.vm_type != KVM_X86_SW_PROTECTED_VM) {
		priv->binding.ops = &firmware_ops;
		priv->binding.flags = KVM_PRIVATE_BIND_FIRMWARE;
	}

	ret = kvm_private_bind(file, &priv->binding);
	if (ret) {
		/* Newer kernels look at the guest's side of it first. */
		if (ret == -EEXIST &&
		    slot->base_gfn + slot->npages - 1 > kvm_mmu_max_gfn())
			ret = -EINVAL;
		kfree(priv);
		goto put;
	}

	slot->gmem.priv = priv;
	/* Once is for good. Who doesn't see it yet doesn't see the slot either. */
	if (file_rules(priv) && kvm_arch_has_private_mem(kvm))
		WRITE_ONCE(kvm->private_by_file, true);
put:
	fput(file);
	return ret;
}

/**
 * kvm_private_slot_unbind() - the slot is going
 * @slot: visible to nobody any more and without mappings, with or without a
 *	kvm_private file
 *
 * Context: may sleep.
 */
void kvm_private_slot_unbind(struct kvm_memory_slot *slot)
{
	struct kvm_private_slot *priv = slot->gmem.priv;

	if (!priv)
		return;

	/*
	 * A cache may be used from interrupts, without kvm->srcu. It must be
	 * gone before the pages can go without KVM being told.
	 */
	kvm_private_gpc_invalidate(priv->kvm, slot->base_gfn,
				   slot->base_gfn + slot->npages);
	kvm_private_unbind(&priv->binding);
	slot->gmem.priv = NULL;
	kfree(priv);
}

/**
 * kvm_private_slots_unbind() - the VM is going
 * @kvm: nobody uses it any more and nothing is mapped
 *
 * An invalidation that is under way ends before this returns. None comes after
 * it, while the VM is taken apart.
 *
 * Context: may sleep.
 */
void kvm_private_slots_unbind(struct kvm *kvm)
{
	struct kvm_memory_slot *slot;
	int bkt, i;

	for (i = 0; i < kvm_arch_nr_memslot_as_ids(kvm); i++)
		kvm_for_each_memslot(slot, bkt, __kvm_memslots(kvm, i))
			kvm_private_slot_unbind(slot);
}

/* KVM asks what it can map at once, and with KVM_PROVE_MMU warns of other orders. */
static unsigned int mapped_order(unsigned int order)
{
	int level = KVM_MAX_HUGEPAGE_LEVEL;

	while (KVM_HPAGE_GFN_SHIFT(level) > order)
		level--;
	return KVM_HPAGE_GFN_SHIFT(level);
}

typedef int (*lookup_fn)(struct kvm_private_binding *binding, pgoff_t index,
			 unsigned long *pfn, unsigned int *max_order);

static int get_pfn(struct kvm_memory_slot *slot, gfn_t gfn, kvm_pfn_t *pfn,
		   int *max_order, lookup_fn lookup)
{
	struct kvm_private_slot *priv = slot->gmem.priv;
	unsigned long found;
	unsigned int order;
	int ret;

	ret = lookup(&priv->binding, priv_index(priv, gfn), &found, &order);
	if (ret)
		return ret == -EACCES ? -EFAULT : ret;

	*pfn = found;
	if (max_order)
		*max_order = mapped_order(clip_order(gfn, found, order));
	return 0;
}

/**
 * kvm_private_slot_get_pfn() - kvm_gmem_get_pfn() for such a slot
 * @slot: has a kvm_private file
 * @gfn: in the slot
 * @pfn: out: to be released with kvm_release_pfn_clean()
 * @max_order: out: may be NULL
 *
 * Context: may sleep; kvm->srcu or slots_lock held.
 * Return: as kvm_private_get_pfn(), but -EFAULT for a page that is shared in
 * the file
 */
int kvm_private_slot_get_pfn(struct kvm_memory_slot *slot, gfn_t gfn,
			     kvm_pfn_t *pfn, int *max_order)
{
	return get_pfn(slot, gfn, pfn, max_order, kvm_private_get_pfn);
}

/**
 * kvm_private_slot_get_shared_pfn() - the page for an access to shared memory
 * @slot: kvm_private_slot_gmem_only()
 * @gfn: in the slot
 * @pfn: out: to be released with kvm_release_pfn_clean()
 * @max_order: out: may be NULL
 *
 * Context: may sleep; kvm->srcu or slots_lock held.
 * Return: as kvm_private_get_shared_pfn(), but -EFAULT for a page that is
 * private in the file
 */
int kvm_private_slot_get_shared_pfn(struct kvm_memory_slot *slot, gfn_t gfn,
				    kvm_pfn_t *pfn, int *max_order)
{
	return get_pfn(slot, gfn, pfn, max_order, kvm_private_get_shared_pfn);
}

struct populate_args {
	kvm_gmem_populate_cb post_populate;
	void *opaque;
	void __user *source;
	pgoff_t first;
};

/*
 * No lock of the file is held: the source may be one of its shared pages, and what
 * @post_populate waits for (sev_cmd_mutex) may be held by a task that writes to one.
 */
static int priv_populate_one(struct kvm_private_binding *binding,
			     pgoff_t index, unsigned long pfn,
			     unsigned int order, void *opaque)
{
	struct kvm_private_slot *priv = to_priv(binding);
	struct populate_args *args = opaque;
	void __user *source = args->source;
	gfn_t gfn = priv_gfn(priv, index);

	if (!kvm_private_slot_is_private(priv->slot, gfn))
		return -EINVAL;
	if (source) {
		source += (index - args->first) << PAGE_SHIFT;
		/* A copy that fails would leave zeros in a page that had content. */
		if (fault_in_readable(source, PAGE_SIZE))
			return -EFAULT;
	}

	return args->post_populate(priv->kvm, gfn, pfn, source, order,
				   args->opaque);
}

/**
 * kvm_private_slot_populate() - kvm_gmem_populate() for such a slot
 * @slot: has a kvm_private file
 * @start: first guest frame number, in the slot
 * @source: content, read through the caller's mappings; NULL: what is there
 * @npages: number of pages, clipped to the slot
 * @post_populate: fills and assigns one page
 * @opaque: handed to @post_populate
 *
 * Unlike kvm_gmem_populate() it takes pages that are there already.
 *
 * Context: slots_lock held; interruptible.
 * Return: as kvm_private_populate(); -EFAULT for a source that can't be read.
 */
long kvm_private_slot_populate(struct kvm_memory_slot *slot, gfn_t start,
			       void __user *source, long npages,
			       kvm_gmem_populate_cb post_populate,
			       void *opaque)
{
	struct kvm_private_slot *priv = slot->gmem.priv;
	struct populate_args args = {
		.post_populate	= post_populate,
		.opaque		= opaque,
		.source		= source,
		.first		= priv_index(priv, start),
	};
	unsigned long nr;

	lockdep_assert_held(&priv->kvm->slots_lock);

	nr = min_t(unsigned long, npages, priv->binding.end - args.first);
	if (!nr)
		return 0;
	return kvm_private_populate(&priv->binding, args.first, nr,
				    priv_populate_one, &args);
}

/**
 * kvm_private_slot_has_states() - does the guest know private memory?
 * @slot: any slot
 *
 * An ordinary VM doesn't: to KVM its memory is what is mapped at the host
 * address, as with every guest_memfd that it has. Only its own accesses, and
 * those that are emulated for it, need no such mapping.
 */
bool kvm_private_slot_has_states(const struct kvm_memory_slot *slot)
{
	return slot->gmem.priv && !is_stateless(slot->gmem.priv);
}

/**
 * kvm_private_slot_is_private() - what is the state of a page to the guest?
 * @slot: has a kvm_private file
 * @gfn: in the slot
 *
 * Context: any; the slot doesn't go.
 */
bool kvm_private_slot_is_private(const struct kvm_memory_slot *slot, gfn_t gfn)
{
	struct kvm_private_slot *priv = slot->gmem.priv;

	if (is_stateless(priv))
		return false;
	if (file_rules(priv))
		return kvm_private_is_private(priv->binding.file,
					      priv_index(priv, gfn));
	return kvm_get_memory_attributes(priv->kvm, gfn) &
	       KVM_MEMORY_ATTRIBUTE_PRIVATE;
}

/**
 * kvm_private_mem_is_private() - kvm_mem_is_private() for a VM with such slots
 * @kvm: the VM
 * @gfn: guest frame number
 *
 * Context: any; kvm->srcu or slots_lock held.
 */
bool kvm_private_mem_is_private(struct kvm *kvm, gfn_t gfn)
{
	struct kvm_memory_slot *slot = gfn_to_memslot(kvm, gfn);

	if (slot && slot->gmem.priv)
		return kvm_private_slot_is_private(slot, gfn);
	return kvm_get_memory_attributes(kvm, gfn) &
	       KVM_MEMORY_ATTRIBUTE_PRIVATE;
}
EXPORT_SYMBOL_GPL(kvm_private_mem_is_private);

/**
 * kvm_private_slot_gmem_only() - is all of a slot's memory in the file?
 * @slot: any slot
 *
 * Then the guest's shared pages are the file's as well, whatever is mapped at
 * the slot's host address. KVM's lpage_info doesn't know their states.
 */
bool kvm_private_slot_gmem_only(const struct kvm_memory_slot *slot)
{
	return slot->gmem.priv && file_rules(slot->gmem.priv);
}

/**
 * kvm_private_fault_raced() - will a fault in the wrong state be in the right one?
 * @vcpu: has faulted; what its fault was taken for contradicts the page's state
 *
 * A software-protected VM's guest doesn't say what kind of access it makes.
 * kvm_mmu_page_fault() asks for the state, and kvm_faultin_pfn() asks again: a
 * conversion, or a slot that came or went, was in between, and the next try gets
 * the same answer twice. Not so if the address is not that of the page: for a
 * nested guest's fault the first one asks about an address of L2's.
 */
bool kvm_private_fault_raced(struct kvm_vcpu *vcpu)
{
	return READ_ONCE(vcpu->kvm->private_by_file) &&
	       vcpu->kvm->arch.vm_type == KVM_X86_SW_PROTECTED_VM &&
	       vcpu->arch.mmu->root_role.direct;
}

/**
 * kvm_private_faults_private() - what an entry for MMIO that is old doesn't say
 * @vcpu: has faulted
 * @gfn: where
 *
 * In a VM for whose faults kvm_private_fault_raced() it has to be what
 * kvm_faultin_pfn() will find, with or without a slot there.
 *
 * Context: kvm->srcu held.
 * Return: whether any access of the guest to the page is one to private memory
 */
bool kvm_private_faults_private(struct kvm_vcpu *vcpu, gfn_t gfn)
{
	if (vcpu->kvm->arch.vm_type != KVM_X86_SW_PROTECTED_VM ||
	    !vcpu->arch.mmu->root_role.direct)
		return false;
	if (READ_ONCE(vcpu->kvm->private_by_file))
		return kvm_private_mem_is_private(vcpu->kvm, gfn);
	return kvm_private_slot_has(kvm_vcpu_gfn_to_memslot(vcpu, gfn), gfn);
}

/**
 * kvm_private_gpc_to_pfn() - the page for a cache of guest frames
 * @gpc: being refreshed; its slot and address are set
 *
 * Context: may sleep; kvm->srcu and refresh_lock held. What is found becomes
 * valid only if nothing was invalidated in the meantime.
 * Return: the pfn, to be released with kvm_release_pfn_clean();
 * %KVM_PFN_NOSLOT if the page is not private in a slot with a kvm_private file;
 * %KVM_PFN_ERR_FAULT.
 */
kvm_pfn_t kvm_private_gpc_to_pfn(struct gfn_to_pfn_cache *gpc)
{
	struct kvm_private_slot *priv;
	unsigned long pfn;
	int ret;

	lockdep_assert_held(&gpc->refresh_lock);

	if (kvm_is_error_gpa(gpc->gpa) ||
	    !kvm_private_slot_has(gpc->memslot, gpa_to_gfn(gpc->gpa)))
		return KVM_PFN_NOSLOT;

	/* The host writes through a cache, so its guest has to trust it. */
	priv = gpc->memslot->gmem.priv;
	if (priv->binding.ops != &trusting_ops)
		return KVM_PFN_ERR_FAULT;

	ret = kvm_private_get_pfn(&priv->binding,
				  priv_index(priv, gpa_to_gfn(gpc->gpa)),
				  &pfn, NULL);
	if (!ret)
		return pfn;
	/* It may just have become shared; in any other slot it contradicts. */
	return ret == -EACCES && file_rules(priv) ? KVM_PFN_NOSLOT :
						    KVM_PFN_ERR_FAULT;
}

/**
 * kvm_private_gpc_invalidate() - drop caches of guest frames
 * @kvm: the VM
 * @start: first guest frame number
 * @end: guest frame number after the last
 *
 * When this returns no cache of the range is valid and in use.
 *
 * Context: any in which a spinlock may be taken.
 */
void kvm_private_gpc_invalidate(struct kvm *kvm, gfn_t start, gfn_t end)
{
	struct gfn_to_pfn_cache *gpc;
	gfn_t gfn;

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
