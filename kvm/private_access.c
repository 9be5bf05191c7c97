// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM's emulator works in the file of a slot with a kvm_private file, as the guest's own
 * accesses do: on private pages, and on shared ones if file_rules(). Other memory may be
 * mapped at the slot's host address, or none.
 */

#include <linux/kvm_host.h>
#include <linux/kvm_private.h>

#include "private_slot.h"
#include "private_slot_internal.h"

/*
 * The guest may read and write a page table entry at the same time, so data of such sizes
 * is copied in one access.
 */
static void copy_guest(void *to, const void *from, int len)
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
static struct kvm_private_slot *backed_by_file(struct kvm_memory_slot *slot,
					       gfn_t gfn)
{
	struct kvm_private_slot *priv = slot ? slot->gmem.priv : NULL;

	if (!priv || (!file_rules(priv) && !kvm_private_slot_is_private(slot, gfn)))
		return NULL;
	return priv;
}

/**
 * kvm_private_slot_read() - read from a page on the guest's behalf
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
int kvm_private_slot_read(struct kvm_memory_slot *slot, gfn_t gfn, void *data,
			  int offset, int len)
{
	struct kvm_private_slot *priv = backed_by_file(slot, gfn);
	struct page *page;

	if (!priv)
		return -EACCES;

	page = kvm_private_lock_page(&priv->binding, priv_index(priv, gfn));
	if (IS_ERR(page))
		return -EFAULT;
	if (!page) {
		memset(data, 0, len);
		return 0;
	}

	copy_guest(data, page_address(page) + offset, len);
	kvm_private_unlock_page(page);
	return 0;
}

/**
 * kvm_private_slot_read_atomic() - kvm_private_slot_read() without sleeping
 * @slot: any slot, or NULL
 * @gfn: in the slot
 * @data: where to
 * @offset: in the page
 * @len: bytes, inside the page
 *
 * Context: any but interrupts; kvm->srcu held. The data is good if no invalidation of @gfn
 * has begun before the caller uses it.
 * Return: as kvm_private_slot_read()
 */
int kvm_private_slot_read_atomic(struct kvm_memory_slot *slot, gfn_t gfn,
				 void *data, int offset, int len)
{
	struct kvm_private_slot *priv = backed_by_file(slot, gfn);
	struct page *page;

	if (!priv)
		return -EACCES;

	page = kvm_private_peek_page(&priv->binding, priv_index(priv, gfn));
	if (IS_ERR(page))
		return -EFAULT;
	if (!page) {
		memset(data, 0, len);
		return 0;
	}

	copy_guest(data, page_address(page) + offset, len);
	kvm_private_put_pfn(&priv->binding, page_to_pfn(page));
	return 0;
}

static int allocate(struct kvm_private_slot *priv, pgoff_t index)
{
	struct kvm_private_binding *binding = &priv->binding;
	unsigned long pfn;
	int ret;

	ret = kvm_private_is_private(binding->file, index) ?
	      kvm_private_get_pfn(binding, index, &pfn, NULL) :
	      kvm_private_get_shared_pfn(binding, index, &pfn, NULL);
	if (!ret)
		kvm_private_put_pfn(binding, pfn);
	return ret;
}

/* A write to a hole allocates as the guest's own would. */
static struct page *lock_page_for_write(struct kvm_private_slot *priv,
					gfn_t gfn)
{
	pgoff_t index = priv_index(priv, gfn);
	struct page *page;
	int ret;

	do {
		page = kvm_private_lock_page(&priv->binding, index);
		if (page)
			return page;
		ret = allocate(priv, index);
		/* -EACCES: the page was converted after allocate() had looked at its attribute. */
	} while (!ret || ret == -EACCES);

	return ERR_PTR(ret);
}

/**
 * kvm_private_slot_write() - write to a page on the guest's behalf
 * @slot: any slot, or NULL
 * @gfn: in the slot
 * @data: the bytes to write
 * @offset: in the page
 * @len: bytes, inside the page
 *
 * Context: may sleep; kvm->srcu held.
 * Return: as kvm_private_slot_read()
 */
int kvm_private_slot_write(struct kvm_memory_slot *slot, gfn_t gfn,
			   const void *data, int offset, int len)
{
	struct kvm_private_slot *priv = backed_by_file(slot, gfn);
	struct page *page;

	if (!priv)
		return -EACCES;

	page = lock_page_for_write(priv, gfn);
	if (IS_ERR(page))
		return -EFAULT;

	copy_guest(page_address(page) + offset, data, len);
	kvm_private_unlock_page(page);
	return 0;
}

static bool try_cmpxchg_bytes(void *ptr, void *old, const void *new,
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
 * kvm_private_cmpxchg() - compare and exchange on the guest's behalf
 * @vcpu: a vCPU of the guest
 * @gpa: guest physical address; the access doesn't cross a page
 * @old: in: expected; out: found
 * @new: to be written if @old was found
 * @bytes: 1, 2, 4 or 8
 * @ret: out: 0, 1 if something else was found, -EFAULT
 *
 * Context: may sleep; kvm->srcu held.
 * Return: false where kvm_private_slot_read() says -EACCES; nothing was done.
 */
bool kvm_private_cmpxchg(struct kvm_vcpu *vcpu, gpa_t gpa, void *old,
			 const void *new, unsigned int bytes, int *ret)
{
	gfn_t gfn = gpa_to_gfn(gpa);
	struct kvm_memory_slot *slot = kvm_vcpu_gfn_to_memslot(vcpu, gfn);
	struct kvm_private_slot *priv = backed_by_file(slot, gfn);
	struct page *page;

	if (!priv)
		return false;

	page = lock_page_for_write(priv, gfn);
	if (IS_ERR(page)) {
		*ret = -EFAULT;
		return true;
	}

	*ret = !try_cmpxchg_bytes(page_address(page) + offset_in_page(gpa),
				  old, new, bytes);
	kvm_private_unlock_page(page);
	return true;
}
