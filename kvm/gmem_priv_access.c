// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM's emulator works in the file of a slot with a kvm_private file, as the guest's own
 * accesses do: on private pages, and on shared ones if priv_file_rules(). Other memory may
 * be mapped at the slot's host address, or none.
 */

#include <linux/kvm_host.h>
#include <linux/kvm_private.h>

#include "gmem_priv.h"
#include "gmem_priv_internal.h"

/*
 * The guest may read and write a page table entry at the same time, so data of such sizes
 * is copied in one access.
 */
static void access_copy(void *to, const void *from, int len)
{
	switch (len) {
	case 8:
		WRITE_ONCE(*(u64 *)to, READ_ONCE(*(const u64 *)from));
		break;
	case 4:
		WRITE_ONCE(*(u32 *)to, READ_ONCE(*(const u32 *)from));
		break;
	case 2:
		WRITE_ONCE(*(u16 *)to, READ_ONCE(*(const u16 *)from));
		break;
	default:
		memcpy(to, from, len);
	}
}

/* Returns the slot's record if the guest's page is in its file and nowhere else. */
static struct kvm_gmem_priv *access_get_priv(struct kvm_memory_slot *slot,
					     gfn_t gfn)
{
	struct kvm_gmem_priv *priv = slot ? slot->gmem.priv : NULL;

	if (!priv ||
	    (!priv_file_rules(priv) && !kvm_gmem_priv_is_private(slot, gfn)))
		return NULL;
	return priv;
}

/**
 * kvm_gmem_priv_read() - read from a page on the guest's behalf
 * @slot: any slot, or NULL
 * @gfn: in the slot
 * @data: where to
 * @offset: in the page
 * @len: bytes, inside the page
 *
 * A hole reads as zeros and stays one, unless the guest couldn't read it.
 *
 * Context: may sleep; kvm->srcu held.
 * Return: 0; -EFAULT; -EACCES where KVM itself has to do it: in a slot without a
 * kvm_private file, or in a page that the VM's attributes say is shared.
 */
int kvm_gmem_priv_read(struct kvm_memory_slot *slot, gfn_t gfn, void *data,
		       int offset, int len)
{
	struct kvm_gmem_priv *priv = access_get_priv(slot, gfn);
	struct page *page;

	if (!priv)
		return -EACCES;

	page = priv->module->lock_page(&priv->binding, priv_index(priv, gfn));
	if (IS_ERR(page))
		return -EFAULT;
	if (!page) {
		memset(data, 0, len);
		return 0;
	}

	access_copy(data, page_address(page) + offset, len);
	priv->module->unlock_page(page);
	return 0;
}

/**
 * kvm_gmem_priv_read_atomic() - kvm_gmem_priv_read() without sleeping
 * @slot: any slot, or NULL
 * @gfn: in the slot
 * @data: where to
 * @offset: in the page
 * @len: bytes, inside the page
 *
 * Context: any but interrupts; kvm->srcu held. The data is good if no invalidation of @gfn
 * has begun before the caller uses it.
 * Return: as kvm_gmem_priv_read()
 */
int kvm_gmem_priv_read_atomic(struct kvm_memory_slot *slot, gfn_t gfn,
			      void *data, int offset, int len)
{
	struct kvm_gmem_priv *priv = access_get_priv(slot, gfn);
	struct page *page;

	if (!priv)
		return -EACCES;

	page = priv->module->peek_page(&priv->binding, priv_index(priv, gfn));
	if (IS_ERR(page))
		return -EFAULT;
	if (!page) {
		memset(data, 0, len);
		return 0;
	}

	access_copy(data, page_address(page) + offset, len);
	priv->module->put_pfn(&priv->binding, page_to_pfn(page));
	return 0;
}

static int access_allocate(struct kvm_gmem_priv *priv, pgoff_t index)
{
	const struct kvm_private_interface *module = priv->module;
	struct kvm_private_binding *binding = &priv->binding;
	unsigned long pfn;
	int ret;

	ret = module->is_private(binding->file, index) ?
	      module->get_pfn(binding, index, &pfn, NULL) :
	      module->get_shared_pfn(binding, index, &pfn, NULL);
	if (!ret)
		module->put_pfn(binding, pfn);
	return ret;
}

/* A write to a hole allocates as the guest's own would. */
static struct page *access_lock_page(struct kvm_gmem_priv *priv,
				     gfn_t gfn)
{
	pgoff_t index = priv_index(priv, gfn);
	struct page *page;
	int ret;

	do {
		page = priv->module->lock_page(&priv->binding, index);
		if (page)
			return page;
		ret = access_allocate(priv, index);
		/*
		 * -EACCES: the page was converted after access_allocate() had looked at its
		 * attribute.
		 */
	} while (!ret || ret == -EACCES);

	return ERR_PTR(ret);
}

/**
 * kvm_gmem_priv_write() - write to a page on the guest's behalf
 * @slot: any slot, or NULL
 * @gfn: in the slot
 * @data: the bytes to write
 * @offset: in the page
 * @len: bytes, inside the page
 *
 * Context: may sleep; kvm->srcu held.
 * Return: as kvm_gmem_priv_read()
 */
int kvm_gmem_priv_write(struct kvm_memory_slot *slot, gfn_t gfn,
			const void *data, int offset, int len)
{
	struct kvm_gmem_priv *priv = access_get_priv(slot, gfn);
	struct page *page;

	if (!priv)
		return -EACCES;

	page = access_lock_page(priv, gfn);
	if (IS_ERR(page))
		return -EFAULT;

	access_copy(page_address(page) + offset, data, len);
	priv->module->unlock_page(page);
	return 0;
}

static bool access_try_cmpxchg(void *ptr, void *old, const void *new,
			       unsigned int bytes)
{
	switch (bytes) {
	case 1:
		return try_cmpxchg((u8 *)ptr, (u8 *)old, *(const u8 *)new);
	case 2:
		return try_cmpxchg((u16 *)ptr, (u16 *)old, *(const u16 *)new);
	case 4:
		return try_cmpxchg((u32 *)ptr, (u32 *)old, *(const u32 *)new);
	default:
		return try_cmpxchg((u64 *)ptr, (u64 *)old, *(const u64 *)new);
	}
}

/**
 * kvm_gmem_priv_cmpxchg() - compare and exchange on the guest's behalf
 * @vcpu: a vCPU of the guest
 * @gpa: guest physical address; the access doesn't cross a page
 * @old: in: expected; out: found
 * @new: to be written if @old was found
 * @bytes: 1, 2, 4 or 8
 * @ret: out: 0, 1 if something else was found, -EFAULT
 *
 * Context: may sleep; kvm->srcu held.
 * Return: false where kvm_gmem_priv_read() says -EACCES; nothing was done.
 */
bool kvm_gmem_priv_cmpxchg(struct kvm_vcpu *vcpu, gpa_t gpa, void *old,
			   const void *new, unsigned int bytes, int *ret)
{
	gfn_t gfn = gpa_to_gfn(gpa);
	struct kvm_memory_slot *slot = kvm_vcpu_gfn_to_memslot(vcpu, gfn);
	struct kvm_gmem_priv *priv = access_get_priv(slot, gfn);
	struct page *page;

	if (!priv)
		return false;

	page = access_lock_page(priv, gfn);
	if (IS_ERR(page)) {
		*ret = -EFAULT;
		return true;
	}

	*ret = !access_try_cmpxchg(page_address(page) + offset_in_page(gpa),
				   old, new, bytes);
	priv->module->unlock_page(page);
	return true;
}
