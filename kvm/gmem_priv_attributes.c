// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which pages of a slot with a kvm_private file are private to the guest: its file says so,
 * or the VM's memory attributes do.
 */

#include <linux/kvm_host.h>
#include <linux/kvm_private.h>

#include "gmem_priv_attributes.h"
#include "gmem_priv_compat.h"
#include "gmem_priv_internal.h"
#include "mmu.h"

/**
 * kvm_gmem_priv_has_attributes() - see whether the guest knows private memory
 * @slot: any slot
 *
 * An ordinary VM's guest doesn't. To KVM its memory is the one that is mapped at the slot's
 * host address, as with every guest_memfd that it has. Only its own accesses, and those
 * that are emulated for it, need no such mapping.
 */
bool kvm_gmem_priv_has_attributes(const struct kvm_memory_slot *slot)
{
	return slot->gmem.priv && !priv_has_no_attributes(slot->gmem.priv);
}

/**
 * kvm_gmem_priv_is_private() - see whether a page is private to the guest
 * @slot: has a kvm_private file
 * @gfn: in the slot
 *
 * Context: any; the slot doesn't go.
 */
bool kvm_gmem_priv_is_private(const struct kvm_memory_slot *slot, gfn_t gfn)
{
	struct kvm_gmem_priv *priv = slot->gmem.priv;

	if (priv_has_no_attributes(priv))
		return false;
	if (priv_file_rules(priv))
		return priv->module->is_private(priv->binding.file,
						priv_index(priv, gfn));
	return kvm_get_memory_attributes(priv->kvm, gfn) &
	       KVM_MEMORY_ATTRIBUTE_PRIVATE;
}

/**
 * kvm_gmem_priv_mem_is_private() - kvm_mem_is_private() for a VM with such slots
 * @kvm: the VM
 * @gfn: guest frame number
 *
 * Context: any; kvm->srcu or slots_lock held.
 */
bool kvm_gmem_priv_mem_is_private(struct kvm *kvm, gfn_t gfn)
{
	struct kvm_memory_slot *slot = gfn_to_memslot(kvm, gfn);

	if (slot && slot->gmem.priv)
		return kvm_gmem_priv_is_private(slot, gfn);
	return kvm_get_memory_attributes(kvm, gfn) &
	       KVM_MEMORY_ATTRIBUTE_PRIVATE;
}
EXPORT_SYMBOL_FOR_KVM_INTERNAL(kvm_gmem_priv_mem_is_private);

/**
 * kvm_gmem_priv_gmem_only() - see whether all of a slot's memory is in the file
 * @slot: any slot
 *
 * Then the guest's shared pages are the file's as well, with other memory at the slot's
 * host address or none. KVM's lpage_info doesn't know their attributes.
 */
bool kvm_gmem_priv_gmem_only(const struct kvm_memory_slot *slot)
{
	return slot->gmem.priv && priv_file_rules(slot->gmem.priv);
}

/**
 * kvm_gmem_priv_fault_raced() - see whether a fault for the wrong attribute is to be tried
 * again
 * @vcpu: has faulted; the access that its fault was taken for contradicts the page's attribute
 *
 * A software-protected VM's guest doesn't say what kind of access it makes.
 * kvm_mmu_page_fault() asks for the page's attribute, and kvm_faultin_pfn() asks again. If
 * the answers differ, a conversion, or a slot that came or went, was in between, and the
 * next try gets the same answer twice. That isn't so where the two ask about different
 * addresses: in the fault of a nested guest kvm_mmu_page_fault() asks about an address of
 * L2's.
 */
bool kvm_gmem_priv_fault_raced(struct kvm_vcpu *vcpu)
{
	return READ_ONCE(vcpu->kvm->gmem_priv_by_file) &&
	       vcpu->kvm->arch.vm_type == KVM_X86_SW_PROTECTED_VM &&
	       vcpu->arch.mmu->root_role.direct;
}

/**
 * kvm_gmem_priv_faults_private() - find the kind of access of a fault at an old MMIO entry
 * @vcpu: has faulted
 * @gfn: where
 *
 * In a VM for which kvm_gmem_priv_fault_raced() may be true the answer has to be the one
 * that kvm_faultin_pfn() will get, with or without a slot there.
 *
 * Context: kvm->srcu held.
 * Return: whether any access of the guest to the page is one to private memory
 */
bool kvm_gmem_priv_faults_private(struct kvm_vcpu *vcpu, gfn_t gfn)
{
	if (vcpu->kvm->arch.vm_type != KVM_X86_SW_PROTECTED_VM ||
	    !vcpu->arch.mmu->root_role.direct)
		return false;
	if (READ_ONCE(vcpu->kvm->gmem_priv_by_file))
		return kvm_gmem_priv_mem_is_private(vcpu->kvm, gfn);
	return kvm_gmem_priv_has_private(kvm_vcpu_gfn_to_memslot(vcpu, gfn),
					 gfn);
}
