// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that a consumer fills through a callback, for example to have firmware encrypt
 * them.
 */

#include <linux/module.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>

#include "access/access.h"
#include "compat/export.h"
#include "debug/detour.h"
#include "internal.h"
#include "memory/unit.h"
#include "attribute.h"
#include "store/store.h"
#include "trace.h"

/* Reclaims a unit during an invalidation: no guest may have it mapped by then. */
static void fill_reclaim(struct kvm_private_file *f,
			 const struct kvm_private_unit *prepared)
{
	pgoff_t end = kvm_private_unit_end(prepared);
	struct kvm_private_unit unit;

	down_write(&f->invalidate_lock);
	kvm_private_invalidate_begin(f, prepared->index, end);
	if (kvm_private_store_lock_unit(f, prepared->index, &unit)) {
		kvm_private_unit_reclaim(f, &unit);
		kvm_private_store_unlock(&unit);
	}
	kvm_private_invalidate_end(f, prepared->index, end);
	up_write(&f->invalidate_lock);
}

/*
 * Locks the unit of a claimed page, after reclaiming it if it was prepared. For a binding
 * with a guest the unit is split first, down to the one page that fill_page() prepares.
 */
static int fill_lock(struct kvm_private_file *f,
		     const struct kvm_private_binding *binding,
		     pgoff_t index, struct kvm_private_unit *unit)
{
	int ret;

	for (;;) {
		ret = kvm_private_store_lock(f, index, index + 1, unit);
		if (ret)
			return ret;
		if (unit->order && binding->guest) {
			ret = kvm_private_store_split_locked(f, unit,
							     KVM_PRIVATE_GFP_NODE);
			if (ret)
				return ret;
			continue;
		}
		if (!kvm_private_unit_guest(unit))
			return 0;
		kvm_private_store_unlock(unit);
		fill_reclaim(f, unit);
	}
}

/*
 * Where the binding has a prepare operation the callback has done its work, for this page
 * alone. The pages beside it have other content, or none, and aren't prepared with it.
 */
static int fill_page(struct kvm_private_file *f,
		     struct kvm_private_binding *binding, pgoff_t index,
		     kvm_private_populate_cb cb, void *opaque)
{
	struct kvm_private_unit unit;
	struct page *page;
	int ret;

	ret = fill_lock(f, binding, index, &unit);
	if (ret)
		return ret;
	page = kvm_private_unit_page(&unit, index);
	get_page(page);
	kvm_private_store_unlock(&unit);

	ret = cb(binding, index, page_to_pfn(page), 0, opaque);
	if (!ret && binding->ops->prepare) {
		lock_page(unit.head);
		trace_kvm_private_prepare(f, &unit, binding->guest_id, ret);
		kvm_private_unit_set_guest(&unit, binding->guest);
		unlock_page(unit.head);
	}
	put_page(page);
	return ret;
}

static long fill_claimed(struct kvm_private_file *f,
			 struct kvm_private_binding *binding, pgoff_t index,
			 unsigned long nr, kvm_private_populate_cb cb,
			 void *opaque)
{
	unsigned long done;
	int ret = 0;

	for (done = 0; done < nr; done++) {
		if (signal_pending(current))
			ret = -EINTR;
		else
			ret = fill_page(f, binding, index + done, cb, opaque);
		if (ret)
			break;
		kvm_private_cond_resched(FILL);
	}
	return done ?: ret;
}

/*
 * Claims the range up to its first shared page. That one is left alone, because a task that
 * waits for a claim of a shared page may hold a lock that the callback takes.
 */
static int fill_begin(struct kvm_private_file *f,
		      struct kvm_private_claim *claim, pgoff_t start,
		      pgoff_t *end)
{
	pgoff_t shared = start, shared_end = *end;
	int ret;

	ret = kvm_private_lock_unclaimed(f, start, *end);
	if (ret)
		return ret;

	if (kvm_private_attribute_find(f, false, &shared, &shared_end))
		*end = shared;
	if (start < *end) {
		kvm_private_invalidate_begin(f, start, *end);
		kvm_private_claim(f, claim, start, *end);
		kvm_private_invalidate_end(f, start, *end);
	} else {
		ret = -EINVAL;
	}
	up_write(&f->invalidate_lock);

	return ret;
}

/**
 * kvm_private_populate() - fill pages through a callback
 * @binding: the range that the pages are in, bound
 * @index: first page offset in the file
 * @nr: number of pages; they are all inside the binding
 * @cb: fills one page
 * @opaque: handed to @cb
 *
 * Allocates the pages that are missing. Pages that are there already are filled like any
 * other; prepared ones are reclaimed first. Nothing is undone after a failure. The
 * binding's mappings of the range are invalidated before. All pages are private, and stay
 * so while @cb works on them: another task that wants to convert, remove or look up one of
 * them waits.
 *
 * Context: may sleep, for long; interruptible. Holds no lock of the file around @cb.
 * Return: the number of pages filled if there is one, else a negative errno: -EINVAL for a
 * range that is empty or not inside the binding, and for a page that is shared; -EINTR;
 * -ENOMEM; -EHWPOISON; the error of @cb.
 */
long kvm_private_populate(struct kvm_private_binding *binding, pgoff_t index,
			  unsigned long nr, kvm_private_populate_cb cb,
			  void *opaque)
{
	struct kvm_private_file *f = kvm_private_file(binding->file);
	struct kvm_private_claim claim;
	pgoff_t end = index + nr;
	long ret;

	if (index < binding->start || index >= binding->end ||
	    !nr || nr > binding->end - index)
		return -EINVAL;

	ret = fill_begin(f, &claim, index, &end);
	if (ret)
		return ret;
	ret = fill_claimed(f, binding, index, end - index, cb, opaque);
	kvm_private_release_claim(f, &claim);

	return ret;
}
EXPORT_SYMBOL_KVM_PRIVATE(kvm_private_populate);
