// SPDX-License-Identifier: GPL-2.0-only
/*
 * Units that come apart in the store. Their pages stay where they are; lookups go
 * on meanwhile and find the page either way.
 */

#include <linux/sched/signal.h>

#include "debug/detour.h"
#include "debug/fail_point.h"
#include "internal.h"
#include "memory/unit.h"
#include "store/store.h"

/*
 * xas_split() adds one level of nodes, and a gigantic entry needs two of them. The entries
 * between the two steps equal the old one, and so stand for the same unit.
 */
static unsigned int split_order_between(const struct kvm_private_unit *unit)
{
	return kvm_private_unit_is_gigantic(unit) ?
	       unit->order - XA_CHUNK_SHIFT : unit->order;
}

/* split_entry() takes the nodes in the reverse of this order. */
static int split_alloc_nodes(struct xa_state *xas,
			     const struct kvm_private_unit *unit,
			     unsigned int order, gfp_t gfp)
{
	unsigned int between = split_order_between(unit);
	unsigned long nr = 1UL << (unit->order - between), i;
	void *entry = kvm_private_entry(unit);

	xas_set_order(xas, unit->index, order);
	for (i = 0; i < nr && !xas_error(xas); i++)
		kvm_private_xas_split_alloc(xas, entry, between, gfp);
	if (between != unit->order && !xas_error(xas)) {
		xas_set_order(xas, unit->index, between);
		kvm_private_xas_split_alloc(xas, entry, unit->order, gfp);
	}
	return xas_error(xas);
}

static void split_entry(struct xa_state *xas, const struct kvm_private_unit *unit,
			unsigned int order)
{
	unsigned int between = split_order_between(unit);
	void *entry = kvm_private_entry(unit);
	pgoff_t index;

	if (between != unit->order) {
		xas_set_order(xas, unit->index, between);
		xas_split(xas, entry, unit->order);
	}
	for (index = unit->index; index < kvm_private_unit_end(unit);
	     index += 1UL << between) {
		xas_set_order(xas, index, order);
		xas_split(xas, entry, between);
	}
}

/*
 * Stores the parts. Huge parts of an unsplit unit are unsplit, too: each goes back in one
 * piece.
 */
static void split_store_parts(struct xa_state *xas,
			      const struct kvm_private_unit *unit,
			      unsigned int order)
{
	struct kvm_private_unit part = *unit;

	part.order = order;
	part.unsplit = unit->unsplit && order;
	for (; part.index < kvm_private_unit_end(unit);
	     part.index += kvm_private_unit_nr(&part),
	     part.head += kvm_private_unit_nr(&part)) {
		xas_set_order(xas, part.index, order);
		xas_store(xas, kvm_private_entry(&part));
	}
}

/*
 * The unit's lock keeps it in one piece, but not in the store. A task that removes it
 * erases the entry first, and then waits for the lock with all of the unit in hand. So a
 * unit whose entry has gone isn't split.
 */
static int split_unit(struct kvm_private_file *f, struct kvm_private_unit *unit,
		      gfp_t gfp)
{
	unsigned int order = kvm_private_order_below(unit->order);
	bool breaks = unit->unsplit && !order;
	struct kvm_private_unit part = { .order = order };
	unsigned long nr = kvm_private_unit_nr(unit);
	XA_STATE(xas, &f->units, unit->index);

	kvm_private_unit_assert_locked(unit);

	if (split_alloc_nodes(&xas, unit, order, gfp))
		return -ENOMEM;
	xas_set(&xas, unit->index);
	xas_lock(&xas);
	if (unlikely(xas_load(&xas) != kvm_private_entry(unit)))
		goto unlock;

	if (breaks)
		kvm_private_unit_split_charge(unit);
	kvm_private_unit_share_guest(unit, order);
	split_entry(&xas, unit, order);
	split_store_parts(&xas, unit, order);
	if (breaks)
		kvm_private_unit_break(unit);
	kvm_private_unit_count(f, unit, -nr);
	kvm_private_unit_count(f, &part, nr);
unlock:
	xas_unlock(&xas);
	/* Frees the nodes, if they were of no use. */
	xas_nomem(&xas, gfp);
	return 0;
}

static bool split_is_needed(struct kvm_private_file *f, pgoff_t index)
{
	void *entry = xa_load(&f->units, index);

	return entry && kvm_private_entry_unit(entry, index).index != index;
}

/**
 * kvm_private_store_split() - let a unit end where a range begins or ends
 * @f: the file
 * @index: page offset
 * @gfp: for the entries that this takes; with __GFP_NOFAIL it can't fail
 *
 * Context: may sleep; no page is locked by the caller.
 * Return: 0, and no unit had pages on both sides of @index; one may since have been
 * allocated, or, unless the invalidate_lock is held, collapsed; -ENOMEM.
 */
int kvm_private_store_split(struct kvm_private_file *f, pgoff_t index,
			    gfp_t gfp)
{
	struct kvm_private_unit unit;
	int ret = 0;

	/*
	 * The wait for the lock may be long, so units that needn't be split aren't locked.
	 */
	while (!ret && split_is_needed(f, index) &&
	       kvm_private_store_lock_unit(f, index, &unit)) {
		if (unit.index != index)
			ret = split_unit(f, &unit, gfp);
		kvm_private_window(SPLIT);
		kvm_private_store_unlock(&unit);
	}
	return ret;
}

/**
 * kvm_private_store_split_range() - let units end where a range does
 * @f: the file
 * @start: first page offset
 * @end: page offset after the last
 *
 * Context: may sleep, for memory too; the caller doesn't hold the invalidate_lock.
 * Return: as kvm_private_store_split().
 */
int kvm_private_store_split_range(struct kvm_private_file *f, pgoff_t start,
				  pgoff_t end)
{
	int ret;

	ret = kvm_private_store_split(f, start, KVM_PRIVATE_GFP_NODE);
	if (!ret)
		ret = kvm_private_store_split(f, end, KVM_PRIVATE_GFP_NODE);
	return ret;
}

/**
 * kvm_private_store_is_split() - see whether units end where a range does
 * @f: the file
 * @start: first page offset
 * @end: page offset after the last
 *
 * Context: any. With the invalidate_lock held for writing the answer stays true but for
 * units that are allocated from now on.
 */
bool kvm_private_store_is_split(struct kvm_private_file *f, pgoff_t start,
				pgoff_t end)
{
	return !kvm_private_should_retry(SPLIT, split_is_needed(f, start) ||
						split_is_needed(f, end));
}

/**
 * kvm_private_store_lock_split() - let units end where a range does, and keep it so
 * @f: the file
 * @start: first page offset
 * @end: page offset after the last
 *
 * Context: sleeps. As kvm_private_lock_unclaimed().
 * Return: 0, and the invalidate_lock is held for writing, nothing is claimed and
 * kvm_private_store_is_split(); -ENOMEM; -EINTR.
 */
int kvm_private_store_lock_split(struct kvm_private_file *f, pgoff_t start,
				 pgoff_t end)
{
	int ret;

	for (;;) {
		ret = kvm_private_store_split_range(f, start, end);
		if (!ret)
			ret = kvm_private_lock_unclaimed(f, start, end);
		if (ret || kvm_private_store_is_split(f, start, end))
			return ret;
		up_write(&f->invalidate_lock);
		if (fatal_signal_pending(current))
			return -EINTR;
	}
}

/**
 * kvm_private_store_split_locked() - take a locked unit to pieces
 * @f: the file
 * @unit: locked by kvm_private_store_lock(), not to be used any more
 * @gfp: for the entries that this takes; with __GFP_NOFAIL it can't fail
 *
 * Context: may sleep; unlocks.
 * Return: 0, and the unit has come apart into smaller ones, or is none of the
 * file's any more; -ENOMEM.
 */
int kvm_private_store_split_locked(struct kvm_private_file *f,
				   struct kvm_private_unit *unit, gfp_t gfp)
{
	int ret = split_unit(f, unit, gfp);

	kvm_private_store_unlock(unit);
	return ret;
}

/*
 * Changes the entry of @old, which is locked, unless it has left the store. A task that
 * removes it waits for the lock, and another unit may have its place by now.
 */
static void split_change_entry(struct kvm_private_file *f,
			       const struct kvm_private_unit *old,
			       const struct kvm_private_unit *unit)
{
	XA_STATE_ORDER(xas, &f->units, unit->index, unit->order);

	kvm_private_unit_assert_locked(old);

	xas_lock(&xas);
	if (likely(xas_load(&xas) == kvm_private_entry(old)))
		xas_store(&xas, kvm_private_entry(unit));
	xas_unlock(&xas);
}

/**
 * kvm_private_store_note_poison() - note that a page has a hardware memory error
 * @f: the file
 * @index: page offset
 *
 * Context: may sleep; no page is locked by the caller.
 */
void kvm_private_store_note_poison(struct kvm_private_file *f, pgoff_t index)
{
	struct kvm_private_unit unit, poisoned;

	/* Lookups of base pages look at the mark itself, and need no note. */
	if (!f->order)
		return;
	if (!kvm_private_store_lock_unit(f, index, &unit))
		return;
	poisoned = unit;
	poisoned.poisoned = true;
	split_change_entry(f, &unit, &poisoned);
	kvm_private_store_unlock(&unit);
}

/**
 * kvm_private_store_break() - have a unit broken before the host maps a page of it
 * @f: the file
 * @index: page offset in a unit that is unsplit, or was
 *
 * A mapping of a page is accounted to the memory cgroup that pays for that very page. Also,
 * a pinned page of an unsplit unit keeps all pages of its block from going back.
 *
 * Context: may sleep; no page is locked by the caller. The invalidate_lock is held:
 * nothing leaves the store.
 */
void kvm_private_store_break(struct kvm_private_file *f, pgoff_t index)
{
	struct kvm_private_unit unit, broken;

	lockdep_assert_held(&f->invalidate_lock);

	if (!kvm_private_store_lock_unit(f, index, &unit))
		return;
	if (unit.unsplit) {
		kvm_private_unit_split_charge(&unit);
		broken = unit;
		broken.unsplit = false;
		split_change_entry(f, &unit, &broken);
		kvm_private_unit_break(&unit);
	}
	kvm_private_store_unlock(&unit);
}
