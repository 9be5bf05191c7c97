// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guests that pages are prepared for.
 *
 * A confidential platform assigns a page to a guest when the guest gets it and must be
 * notified before the host may use it again. That may be after the guest, its VM and its
 * bindings have gone. So the private field of the unit's first page points to a small
 * record with the operations to call. The record pins the module that they are in.
 *
 * The field changes under the unit's lock and is read without it. A lookup compares it with
 * the record of its binding: they are the same only if the page is ready for that guest.
 */

#include <linux/module.h>
#include <linux/rbtree.h>
#include <linux/slab.h>

#include "debug/fail_point.h"
#include "internal.h"
#include "memory/unit.h"
#include "store/store.h"
#include "trace.h"

static int guest_compare(const struct kvm_private_guest *a,
			 const struct kvm_private_guest *b)
{
	if (a->id != b->id)
		return a->id < b->id ? -1 : 1;
	if (a->offset != b->offset)
		return a->offset < b->offset ? -1 : 1;
	if (a->ops != b->ops)
		return a->ops < b->ops ? -1 : 1;
	return 0;
}

static struct kvm_private_guest *guest_of_node(struct rb_node *node)
{
	return node ? rb_entry(node, struct kvm_private_guest, node) : NULL;
}

static int guest_compare_nodes(struct rb_node *a, const struct rb_node *b)
{
	return guest_compare(rb_entry(a, struct kvm_private_guest, node),
			     rb_entry(b, struct kvm_private_guest, node));
}

static int guest_compare_key(const void *key, const struct rb_node *node)
{
	return guest_compare(key,
			     rb_entry(node, struct kvm_private_guest, node));
}

/* Takes a reference. */
static struct kvm_private_guest *
guest_find(struct kvm_private_file *f, const struct kvm_private_guest *like)
{
	struct kvm_private_guest *guest;

	spin_lock(&f->guests_lock);
	guest = guest_of_node(rb_find(like, &f->guests, guest_compare_key));
	if (guest)
		refcount_inc(&guest->refs);
	spin_unlock(&f->guests_lock);

	return guest;
}

/*
 * Returns the record that another task has inserted meanwhile, with a reference; or NULL.
 */
static struct kvm_private_guest *guest_insert(struct kvm_private_file *f,
					      struct kvm_private_guest *guest)
{
	struct kvm_private_guest *other;

	spin_lock(&f->guests_lock);
	other = guest_of_node(rb_find_add(&guest->node, &f->guests,
					  guest_compare_nodes));
	if (other)
		refcount_inc(&other->refs);
	spin_unlock(&f->guests_lock);

	return other;
}

static void guest_free(struct kvm_private_guest *guest)
{
	module_put(guest->ops->owner);
	kfree(guest);
}

/**
 * kvm_private_guest_get() - find or make the record for a binding's guest
 * @f: the file
 * @binding: the binding
 * @ops: the operations that prepare pages for it. If they aren't the binding's
 *	own its guest trusts the host.
 *
 * Context: may sleep.
 * Return: the record with a reference, to be given back with
 * kvm_private_guest_put(); ERR_PTR(-ENOMEM); ERR_PTR(-ENODEV) if the owner of
 * the operations is being unloaded.
 */
struct kvm_private_guest *
kvm_private_guest_get(struct kvm_private_file *f,
		      const struct kvm_private_binding *binding,
		      const struct kvm_private_binding_ops *ops)
{
	const struct kvm_private_guest like = {
		.id = binding->guest_id,
		.offset = binding->guest_offset,
		.ops = ops,
	};
	struct kvm_private_guest *guest, *other;

	guest = guest_find(f, &like);
	if (guest)
		return guest;

	if (kvm_private_should_fail(GUEST))
		return ERR_PTR(-ENOMEM);
	guest = kzalloc(sizeof(*guest), GFP_KERNEL_ACCOUNT);
	if (!guest)
		return ERR_PTR(-ENOMEM);
	if (kvm_private_should_fail(GUEST_MODULE) || !try_module_get(ops->owner)) {
		kfree(guest);
		return ERR_PTR(-ENODEV);
	}

	guest->id = binding->guest_id;
	guest->offset = binding->guest_offset;
	guest->ops = ops;
	guest->trusts_host = ops != binding->ops;
	refcount_set(&guest->refs, 1);

	other = guest_insert(f, guest);
	if (!other)
		return guest;
	guest_free(guest);
	return other;
}

void kvm_private_guest_put(struct kvm_private_file *f,
			   struct kvm_private_guest *guest)
{
	bool last;

	spin_lock(&f->guests_lock);
	last = refcount_dec_and_test(&guest->refs);
	if (last)
		rb_erase(&guest->node, &f->guests);
	spin_unlock(&f->guests_lock);

	if (last)
		guest_free(guest);
}

/**
 * kvm_private_has_guests() - see whether a page of a file may be prepared for a guest
 * @f: the file
 *
 * Context: invalidate_lock held for writing, so that no binding brings another guest.
 */
bool kvm_private_has_guests(struct kvm_private_file *f)
{
	lockdep_assert_held_write(&f->invalidate_lock);

	return !RB_EMPTY_ROOT(&f->guests);
}

/**
 * kvm_private_unit_is_assigned() - see whether the host must keep its hands off a unit
 * @unit: locked, in the store
 *
 * Return: whether it is prepared for a guest that doesn't trust the host.
 */
bool kvm_private_unit_is_assigned(const struct kvm_private_unit *unit)
{
	struct kvm_private_guest *guest = kvm_private_unit_guest(unit);

	kvm_private_unit_assert_locked(unit);

	return guest && !guest->trusts_host;
}

static void guest_note(struct page *page, struct kvm_private_guest *guest)
{
	/* Pairs with smp_load_acquire() in kvm_private_unit_guest(). */
	smp_store_release(&page->private, (unsigned long)guest);
}

/**
 * kvm_private_unit_set_guest() - note that a unit has been prepared
 * @unit: locked, prepared for no guest by now
 * @guest: its guest; the unit takes a reference of its own
 */
void kvm_private_unit_set_guest(const struct kvm_private_unit *unit,
				struct kvm_private_guest *guest)
{
	kvm_private_unit_assert_locked(unit);

	refcount_inc(&guest->refs);
	guest_note(unit->head, guest);
}

/**
 * kvm_private_unit_share_guest() - note the guest of a unit in each of its parts
 * @unit: locked, about to come apart
 * @order: log2 of the number of pages in a part
 */
void kvm_private_unit_share_guest(const struct kvm_private_unit *unit,
				  unsigned int order)
{
	struct kvm_private_guest *guest = kvm_private_unit_guest(unit);
	unsigned long nr = kvm_private_unit_nr(unit), i;

	kvm_private_unit_assert_locked(unit);

	if (guest)
		refcount_add((nr >> order) - 1, &guest->refs);
	for (i = 1UL << order; i < nr; i += 1UL << order)
		guest_note(unit->head + i, guest);
}

/**
 * kvm_private_units_join_guest() - note the guest of several units in the first alone
 * @units: locked, prepared for one guest, about to become one
 * @nr: number of @units
 */
void kvm_private_units_join_guest(const struct kvm_private_unit *units,
				  unsigned int nr)
{
	struct kvm_private_guest *guest = kvm_private_unit_guest(&units[0]);
	unsigned int i;

	for (i = 1; i < nr; i++) {
		kvm_private_unit_assert_locked(&units[i]);
		guest_note(units[i].head, NULL);
	}
	WARN_ON_ONCE(refcount_sub_and_test(nr - 1, &guest->refs));
}

/**
 * kvm_private_unit_reclaim() - give a unit back to the host if it is prepared
 * @f: the file
 * @unit: locked, or in no store any more; no guest has it mapped
 *
 * Context: may sleep.
 */
void kvm_private_unit_reclaim(struct kvm_private_file *f,
			      const struct kvm_private_unit *unit)
{
	struct kvm_private_guest *guest = kvm_private_unit_guest(unit);

	if (!guest)
		return;

	trace_kvm_private_reclaim(f, unit);
	guest->ops->reclaim(page_to_pfn(unit->head), kvm_private_unit_nr(unit));
	guest_note(unit->head, NULL);
	kvm_private_guest_put(f, guest);
}
