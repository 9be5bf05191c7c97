// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bindings: the ranges of a private file that consumers use, and their invalidation.
 *
 * A binding holds a reference of the file, the file holds none of the binding:
 * the consumer removes it before it frees it.
 */

#include <linux/file.h>
#include <linux/fs.h>
#include <linux/module.h>

#include "access/access.h"
#include "compat/export.h"
#include "debug/detour.h"
#include "debug/observer.h"
#include "internal.h"
#include "store/store.h"
#include "trace.h"

static struct kvm_private_binding *
binding_of_node(struct interval_tree_node *node)
{
	return node ? container_of(node, struct kvm_private_binding, node) :
		      NULL;
}

static struct kvm_private_binding *binding_first(struct kvm_private_file *f,
						 pgoff_t start, pgoff_t end)
{
	struct interval_tree_node *node;

	node = interval_tree_iter_first(&f->bindings, start, end - 1);
	return binding_of_node(node);
}

static struct kvm_private_binding *binding_next(struct kvm_private_binding *b,
						pgoff_t start, pgoff_t end)
{
	struct interval_tree_node *node;

	node = interval_tree_iter_next(&b->node, start, end - 1);
	return binding_of_node(node);
}

static bool binding_is_valid(struct file *file,
			     const struct kvm_private_binding *binding)
{
	const struct kvm_private_binding_ops *ops = binding->ops;
	pgoff_t size = i_size_read(file_inode(file)) >> PAGE_SHIFT;

	if (!ops || !ops->invalidate_begin || !ops->invalidate_end)
		return false;
	if (!ops->prepare != !ops->reclaim || !ops->join != !ops->joined ||
	    (ops->join && !ops->prepare))
		return false;
	if (binding->flags & ~(KVM_PRIVATE_BIND_FIRMWARE |
			       KVM_PRIVATE_BIND_NO_ATTRIBUTES |
			       KVM_PRIVATE_BIND_VOLATILE))
		return false;
	/* kvm_private_leak() marks a page as one with a memory error, or not at all. */
	if (!IS_ENABLED(CONFIG_MEMORY_FAILURE) &&
	    binding->flags & KVM_PRIVATE_BIND_VOLATILE)
		return false;
	/*
	 * Firmware that prepares pages protects private ones: the guest knows attributes.
	 */
	if (ops->prepare && binding->flags & KVM_PRIVATE_BIND_NO_ATTRIBUTES)
		return false;
	return binding->start < binding->end && binding->end <= size;
}

/**
 * kvm_private_bind() - put a range of a private file to use
 * @file: from kvm_private_fget()
 * @binding: filled in and kept by the caller, which must not change it until
 *	kvm_private_unbind()
 *
 * The binding takes a reference of @file of its own.
 *
 * Context: may sleep. Takes the file's invalidation lock.
 * Return: 0; -EINVAL if the binding is not well-formed, its range is empty or
 * not inside the file, or the file is another guest's guest_memfd; -EEXIST if it
 * overlaps with another binding; -ENOMEM; -ENODEV if the owner of the operations
 * is being unloaded.
 */
int kvm_private_bind(struct file *file, struct kvm_private_binding *binding)
{
	struct kvm_private_file *f = kvm_private_file(file);
	const struct kvm_private_binding_ops *ops;
	struct kvm_private_guest *guest = NULL;

	if (!binding_is_valid(file, binding))
		return -EINVAL;
	if (f->guest_id && f->guest_id != binding->guest_id)
		return -EINVAL;

	ops = kvm_private_observed_ops(binding);
	if (ops->prepare) {
		guest = kvm_private_guest_get(f, binding, ops);
		if (IS_ERR(guest))
			return PTR_ERR(guest);
	}

	down_write(&f->invalidate_lock);
	if (binding_first(f, binding->start, binding->end)) {
		up_write(&f->invalidate_lock);
		if (guest)
			kvm_private_guest_put(f, guest);
		return -EEXIST;
	}

	binding->file = get_file(file);
	binding->file_flags = f->flags;
	binding->file_order = f->order;
	binding->guest = guest;
	/* Computed here, once, since pfn_max_order() needs it in each lookup. */
	binding->is_aligned = IS_ALIGNED(binding->start | binding->end,
					 1UL << f->order);
	binding->node.start = binding->start;
	binding->node.last = binding->end - 1;
	interval_tree_insert(&binding->node, &f->bindings);
	WRITE_ONCE(f->nr_bindings, f->nr_bindings + 1);
	if (binding->flags & KVM_PRIVATE_BIND_FIRMWARE)
		atomic_inc(&f->firmware_bindings);
	up_write(&f->invalidate_lock);
	return 0;
}
EXPORT_SYMBOL_KVM_PRIVATE(kvm_private_bind);

/**
 * kvm_private_unbind() - end the use of a range
 * @binding: bound by kvm_private_bind(); the caller's to free afterwards
 *
 * The caller has no mapping of the range left and no call of another function on @binding
 * under way. kvm_private_unbind() waits for an invalidation that includes @binding, so that
 * the consumer gets its invalidate_end, and for claims, during which @join may be called.
 * Pages stay in the file, prepared ones stay
 * prepared.
 *
 * Context: may sleep. Takes the file's invalidation lock; may drop the last
 * reference of the file.
 */
void kvm_private_unbind(struct kvm_private_binding *binding)
{
	struct kvm_private_file *f = kvm_private_file(binding->file);

	kvm_private_lock_unclaimed_uninterruptible(f, binding->start,
						   binding->end);
	interval_tree_remove(&binding->node, &f->bindings);
	WRITE_ONCE(f->nr_bindings, f->nr_bindings - 1);
	if (binding->flags & KVM_PRIVATE_BIND_FIRMWARE)
		atomic_dec(&f->firmware_bindings);
	kvm_private_notify_unbound(binding);
	up_write(&f->invalidate_lock);

	if (binding->guest)
		kvm_private_guest_put(f, binding->guest);
	fput(binding->file);
}
EXPORT_SYMBOL_KVM_PRIVATE(kvm_private_unbind);

typedef void (*begin_fn)(struct kvm_private_binding *binding, pgoff_t start,
			 pgoff_t end);

/* Has the consumers of overlapping bindings unmap [start, end), by the one or the other op. */
static void binding_begin_all(struct kvm_private_file *f, pgoff_t start, pgoff_t end,
			      bool shared)
{
	struct kvm_private_binding *b;
	begin_fn begin;

	lockdep_assert_held_write(&f->invalidate_lock);

	trace_kvm_private_invalidate_begin(f, start, end);
	for (b = binding_first(f, start, end); b;
	     b = binding_next(b, start, end)) {
		kvm_private_notify_begin(b, max(start, b->start),
					 min(end, b->end));
		begin = shared && b->ops->invalidate_shared_begin ?
			b->ops->invalidate_shared_begin : b->ops->invalidate_begin;
		begin(b, max(start, b->start), min(end, b->end));
		kvm_private_cond_resched(BINDINGS);
	}
}

/* The caller holds the invalidate_lock for writing until after kvm_private_invalidate_end(). */
void kvm_private_invalidate_begin(struct kvm_private_file *f, pgoff_t start,
				  pgoff_t end)
{
	binding_begin_all(f, start, end, false);
}

/* The same where the shared pages of the range are about to become private */
void kvm_private_invalidate_shared_begin(struct kvm_private_file *f,
					 pgoff_t start, pgoff_t end)
{
	binding_begin_all(f, start, end, true);
}

void kvm_private_invalidate_end(struct kvm_private_file *f, pgoff_t start,
				pgoff_t end)
{
	struct kvm_private_binding *b;

	lockdep_assert_held_write(&f->invalidate_lock);

	for (b = binding_first(f, start, end); b;
	     b = binding_next(b, start, end)) {
		b->ops->invalidate_end(b, max(start, b->start),
				       min(end, b->end));
		kvm_private_notify_end(b, max(start, b->start),
				       min(end, b->end));
		kvm_private_cond_resched(BINDINGS);
	}
	trace_kvm_private_invalidate_end(f, start, end);
}

/*
 * Whether the guest encrypts its memory by its physical address: a copy in another page
 * is garbage.
 */
static bool binding_encrypts(struct kvm_private_binding *binding)
{
	return binding->ops->encrypts && binding->ops->encrypts(binding);
}

static bool binding_preserves(struct kvm_private_binding *binding,
			      bool to_private)
{
	if (!binding->guest || binding->guest->trusts_host)
		return !binding_encrypts(binding);
	return to_private && binding->ops->preserves &&
	       binding->ops->preserves(binding);
}

/*
 * Whether the guests that use [start, end) let the content of its pages move to other
 * pages. kvm_private_unit_is_assigned() answers that for prepared pages, which this
 * function doesn't look at. The caller holds the invalidate_lock.
 */
bool kvm_private_bindings_preserve(struct kvm_private_file *f, pgoff_t start,
				   pgoff_t end, bool to_private)
{
	struct kvm_private_binding *b;

	lockdep_assert_held(&f->invalidate_lock);

	for (b = binding_first(f, start, end); b;
	     b = binding_next(b, start, end)) {
		if (!binding_preserves(b, to_private))
			return false;
		kvm_private_cond_resched(BINDINGS);
	}
	return true;
}

/*
 * Whether the guests that use [start, end) let its content be copied to other pages and
 * places. Of prepared pages kvm_private_unit_is_assigned() tells, which this function
 * doesn't ask. The caller holds the invalidate_lock.
 */
bool kvm_private_bindings_movable(struct kvm_private_file *f, pgoff_t start,
				  pgoff_t end)
{
	struct kvm_private_binding *b;

	lockdep_assert_held(&f->invalidate_lock);

	for (b = binding_first(f, start, end); b;
	     b = binding_next(b, start, end)) {
		if (binding_encrypts(b))
			return false;
		kvm_private_cond_resched(BINDINGS);
	}
	return true;
}

/*
 * Whether a guest that uses [start, end) loses its private pages' content if they are
 * unmapped. The caller holds the invalidate_lock.
 */
bool kvm_private_bindings_volatile(struct kvm_private_file *f, pgoff_t start,
				   pgoff_t end)
{
	struct kvm_private_binding *b;

	lockdep_assert_held(&f->invalidate_lock);

	for (b = binding_first(f, start, end); b;
	     b = binding_next(b, start, end)) {
		if (b->flags & KVM_PRIVATE_BIND_VOLATILE)
			return true;
		kvm_private_cond_resched(BINDINGS);
	}
	return false;
}

/**
 * kvm_private_joining_binding() - find the binding through which a block can be joined
 * @f: the file
 * @block: index and order of the unit that its pages are to be
 *
 * Context: invalidate_lock held.
 * Return: a binding with all of the block and a join operation; or NULL.
 */
struct kvm_private_binding *
kvm_private_joining_binding(struct kvm_private_file *f,
			    const struct kvm_private_unit *block)
{
	pgoff_t end = kvm_private_unit_end(block);
	struct kvm_private_binding *b;

	lockdep_assert_held(&f->invalidate_lock);

	b = binding_first(f, block->index, end);
	if (!b || b->start > block->index || b->end < end || !b->ops->join)
		return NULL;
	return b;
}
