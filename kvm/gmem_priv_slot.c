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
#include <linux/slab.h>

#include "gmem_priv.h"
#include "gmem_priv_compat.h"
#include "gmem_priv_internal.h"
#include "kvm_mm.h"
#include "mmu.h"

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
 * Context: slots_lock held; since 6.12.118 slots_arch_lock, too.
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
	kvm_gmem_priv_init_ops(kvm, &priv->binding);
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
