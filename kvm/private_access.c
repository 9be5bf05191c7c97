// SPDX-License-Identifier: GPL-2.0-only
/*
 * What KVM's emulator does for a guest in a slot with a kvm_private file: to
 * private pages through the file, and to shared ones of a file that rules
 * through the slot's host address, which is a mapping of it.
 */

#include <linux/kvm_host.h>
#include <linux/kvm_private.h>
#include <linux/uaccess.h>

#include "private_slot.h"
#include "private_slot_internal.h"

/*
 * Page table entries are read and written by the guest at the same time, so
 * what can be copied in one access is.
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

/*
 * In a slot whose file rules a page may be converted between the look at its
 * state and the access to it in the file, or at the slot's host address. Then
 * that fails, and it is time to look again.
 */
static unsigned long race_seq(const struct kvm_private_slot *priv)
{
	unsigned long seq = READ_ONCE(priv->kvm->mmu_invalidate_seq);

	/* Pairs with the one in kvm_mmu_invalidate_end(). */
	smp_rmb();
	return seq;
}

static bool has_raced(const struct kvm_private_slot *priv, gfn_t gfn,
		      unsigned long seq)
{
	/* Who converts may be waiting for this processor. */
	cond_resched();
	return mmu_invalidate_retry_gfn_unsafe(priv->kvm, seq, gfn);
}

static void __user *shared_address(const struct kvm_private_slot *priv,
				   gfn_t gfn, int offset)
{
	return (void __user *)__gfn_to_hva_memslot(priv->slot, gfn) + offset;
}

/* As copy_guest() */
static int copy_from_shared(void *to, const void __user *from, int len)
{
	switch (len) {
	case 8:
		return __get_user(*(u64 *)to, (const u64 __user *)from);
	case 4:
		return __get_user(*(u32 *)to, (const u32 __user *)from);
	case 2:
		return __get_user(*(u16 *)to, (const u16 __user *)from);
	default:
		return __copy_from_user(to, from, len) ? -EFAULT : 0;
	}
}

static int read_private(struct kvm_private_slot *priv, gfn_t gfn, void *data,
			int offset, int len)
{
	struct page *page;

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
 * kvm_private_slot_read() - read from a page on the guest's behalf
 * @slot: any slot, or NULL
 * @gfn: in the slot
 * @data: where to
 * @offset: in the page
 * @len: bytes, inside the page
 *
 * A private hole reads as zeros and stays one, unless the guest couldn't read
 * it.
 *
 * Context: may sleep; kvm->srcu held.
 * Return: 0; -EFAULT; -EACCES for what KVM itself sees to: a slot without a
 * kvm_private file, or a page that the VM's attributes say is shared.
 */
int kvm_private_slot_read(struct kvm_memory_slot *slot, gfn_t gfn, void *data,
			  int offset, int len)
{
	struct kvm_private_slot *priv = slot ? slot->gmem.priv : NULL;
	unsigned long seq;
	int ret;

	if (!priv)
		return -EACCES;

	do {
		seq = race_seq(priv);
		if (kvm_private_slot_is_private(slot, gfn))
			ret = read_private(priv, gfn, data, offset, len);
		else if (file_rules(priv))
			ret = copy_from_shared(data, shared_address(priv, gfn,
								    offset), len);
		else
			return -EACCES;
	} while (ret && has_raced(priv, gfn, seq));

	return ret;
}

/* A write to a hole allocates as the guest's own would. */
static struct page *lock_page_for_write(struct kvm_private_slot *priv,
					pgoff_t index)
{
	struct page *page;
	unsigned long pfn;
	int ret;

	for (;;) {
		page = kvm_private_lock_page(&priv->binding, index);
		if (page)
			return page;

		ret = kvm_private_get_pfn(&priv->binding, index, &pfn, NULL);
		if (ret)
			return ERR_PTR(ret);
		kvm_private_put_pfn(&priv->binding, pfn);
	}
}

static int write_private(struct kvm_private_slot *priv, gfn_t gfn,
			 const void *data, int offset, int len)
{
	struct page *page = lock_page_for_write(priv, priv_index(priv, gfn));

	if (IS_ERR(page))
		return -EFAULT;

	copy_guest(page_address(page) + offset, data, len);
	kvm_private_unlock_page(page);
	return 0;
}

/**
 * kvm_private_slot_write() - write to a page on the guest's behalf
 * @slot: any slot, or NULL
 * @gfn: in the slot
 * @data: what to write
 * @offset: in the page
 * @len: bytes, inside the page
 *
 * Context: may sleep; kvm->srcu held.
 * Return: as kvm_private_slot_read()
 */
int kvm_private_slot_write(struct kvm_memory_slot *slot, gfn_t gfn,
			   const void *data, int offset, int len)
{
	struct kvm_private_slot *priv = slot ? slot->gmem.priv : NULL;
	unsigned long seq;
	int ret;

	if (!priv)
		return -EACCES;

	do {
		seq = race_seq(priv);
		if (kvm_private_slot_is_private(slot, gfn))
			ret = write_private(priv, gfn, data, offset, len);
		else if (file_rules(priv))
			ret = __copy_to_user(shared_address(priv, gfn, offset),
					     data, len) ? -EFAULT : 0;
		else
			return -EACCES;
	} while (ret && has_raced(priv, gfn, seq));

	return ret;
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

static int cmpxchg_private(struct kvm_private_slot *priv, gpa_t gpa, void *old,
			   const void *new, unsigned int bytes)
{
	struct page *page;
	int ret;

	page = lock_page_for_write(priv, priv_index(priv, gpa_to_gfn(gpa)));
	if (IS_ERR(page))
		return -EFAULT;

	ret = !try_cmpxchg_bytes(page_address(page) + offset_in_page(gpa),
				 old, new, bytes);
	kvm_private_unlock_page(page);
	return ret;
}

#define cmpxchg_user(type, address, old, new)				\
	__try_cmpxchg_user((type __user *)(address), (type *)(old),	\
			   *(const type *)(new), label_##type)

static int cmpxchg_shared(struct kvm_private_slot *priv, gpa_t gpa, void *old,
			  const void *new, unsigned int bytes)
{
	void __user *address = shared_address(priv, gpa_to_gfn(gpa),
					      offset_in_page(gpa));

	switch (bytes) {
	case 1:
		return cmpxchg_user(u8, address, old, new);
	case 2:
		return cmpxchg_user(u16, address, old, new);
	case 4:
		return cmpxchg_user(u32, address, old, new);
	default:
		return cmpxchg_user(u64, address, old, new);
	}
}

/**
 * kvm_private_cmpxchg() - compare and exchange on the guest's behalf
 * @vcpu: whose guest
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
	struct kvm_private_slot *priv = slot ? slot->gmem.priv : NULL;
	unsigned long seq;

	if (!priv)
		return false;

	do {
		seq = race_seq(priv);
		if (kvm_private_slot_is_private(slot, gfn))
			*ret = cmpxchg_private(priv, gpa, old, new, bytes);
		else if (file_rules(priv))
			*ret = cmpxchg_shared(priv, gpa, old, new, bytes);
		else
			return false;
	} while (*ret < 0 && has_raced(priv, gfn, seq));

	return true;
}
