// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which guest a page was prepared for.
 *
 * A confidential platform assigns a page to a guest when the guest gets it and
 * must be told before the host may use it again. That may be after the guest,
 * its VM and its bindings have gone, so the page itself remembers, in its
 * private field, a small record with the operations to call. The record pins
 * the module that they are in.
 *
 * The field changes under the page's lock and is read without it: it differs
 * from the record of a binding unless the page is ready for it.
 */

#include <linux/module.h>
#include <linux/slab.h>

#include "internal.h"

/**
 * kvm_private_guest_get() - find or make the record for a binding's guest
 * @f: the file
 * @binding: the binding
 * @ops: the operations that prepare pages for it. If they aren't the binding's
 *	own its guest trusts the host.
 *
 * Context: may sleep, invalidate_lock held for writing.
 * Return: the record with a reference, to be given back with
 * kvm_private_guest_put(); ERR_PTR(-ENOMEM); ERR_PTR(-ENODEV) if the owner of
 * the operations is being unloaded.
 */
struct kvm_private_guest *
kvm_private_guest_get(struct kvm_private_file *f,
		      const struct kvm_private_binding *binding,
		      const struct kvm_private_binding_ops *ops)
{
	struct kvm_private_guest *guest;

	lockdep_assert_held_write(&f->invalidate_lock);

	spin_lock(&f->guests_lock);
	list_for_each_entry(guest, &f->guests, node) {
		if (guest->id == binding->guest_id &&
		    guest->ops == ops) {
			refcount_inc(&guest->refs);
			spin_unlock(&f->guests_lock);
			return guest;
		}
	}
	spin_unlock(&f->guests_lock);

	guest = kzalloc(sizeof(*guest), GFP_KERNEL_ACCOUNT);
	if (!guest)
		return ERR_PTR(-ENOMEM);
	if (!try_module_get(ops->owner)) {
		kfree(guest);
		return ERR_PTR(-ENODEV);
	}

	guest->id = binding->guest_id;
	guest->ops = ops;
	guest->trusts_host = ops != binding->ops;
	refcount_set(&guest->refs, 1);

	spin_lock(&f->guests_lock);
	list_add(&guest->node, &f->guests);
	spin_unlock(&f->guests_lock);
	return guest;
}

void kvm_private_guest_put(struct kvm_private_file *f,
			   struct kvm_private_guest *guest)
{
	bool last;

	spin_lock(&f->guests_lock);
	last = refcount_dec_and_test(&guest->refs);
	if (last)
		list_del(&guest->node);
	spin_unlock(&f->guests_lock);
	if (!last)
		return;

	module_put(guest->ops->owner);
	kfree(guest);
}

/**
 * kvm_private_folio_guest() - the guest that a page is prepared for
 * @folio: a page in the store
 *
 * Return: its record or NULL. Without the page's lock it may be used for
 * nothing but a comparison.
 */
struct kvm_private_guest *kvm_private_folio_guest(struct folio *folio)
{
	/* Pairs with kvm_private_folio_assign(): prepared before it says so. */
	return smp_load_acquire(&folio->private);
}

/**
 * kvm_private_folio_assign() - note that a page has been prepared
 * @folio: locked, prepared for nobody
 * @guest: for whom; the page takes a reference of its own
 */
void kvm_private_folio_assign(struct folio *folio,
			      struct kvm_private_guest *guest)
{
	refcount_inc(&guest->refs);
	/* Pairs with kvm_private_folio_guest(). */
	smp_store_release(&folio->private, guest);
}

/**
 * kvm_private_folio_reclaim() - give a page back to the host if it must be
 * @f: the file
 * @folio: locked; no guest has it mapped
 *
 * Context: may sleep.
 */
void kvm_private_folio_reclaim(struct kvm_private_file *f, struct folio *folio)
{
	struct kvm_private_guest *guest = kvm_private_folio_guest(folio);

	if (!guest)
		return;

	guest->ops->reclaim(folio_pfn(folio), folio_nr_pages(folio));
	WRITE_ONCE(folio->private, NULL);
	kvm_private_guest_put(f, guest);
}
