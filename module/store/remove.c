// SPDX-License-Identifier: GPL-2.0-only
/* Pages that leave the store. */

#include <linux/pagemap.h>

#include "internal.h"
#include "memory/memory.h"
#include "memory/unit.h"
#include "store/store.h"
#include "store/walk.h"

/*
 * A task that has locked the unit found it while it was in the store, and has a reference
 * since. Either remove_wait_for_lock() sees the reference and waits for the task. Or the
 * task takes it later, looks at the entry once more, and sees that the unit has left the
 * store.
 */
static void remove_wait_for_lock(const struct kvm_private_unit *unit)
{
	/*
	 * Pairs with smp_mb__after_atomic() in store_lookup(), between its reference and
	 * its second look at the entry: the entry is erased before references are counted
	 * here.
	 */
	smp_mb();
	if (kvm_private_page_is_unused(unit, unit->index))
		return;
	lock_page(unit->head);
	unlock_page(unit->head);
}

static void remove_units(struct kvm_private_file *f,
			 struct kvm_private_unit *units, unsigned int nr)
{
	unsigned long pages = 0;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		remove_wait_for_lock(&units[i]);
		kvm_private_unit_reclaim(f, &units[i]);
		pages += kvm_private_unit_nr(&units[i]);
	}
	kvm_private_units_free(f, units, nr);
	kvm_private_uncharge(f, pages);
}

/*
 * Splits a unit that reaches beyond the range, and returns whether it did. Such a unit was
 * allocated after kvm_private_store_lock_split() had split those at the borders.
 */
static bool remove_split_straddling(struct kvm_private_file *f,
				    const struct kvm_private_unit *unit,
				    pgoff_t start, pgoff_t end)
{
	const gfp_t gfp = GFP_KERNEL | __GFP_NOFAIL;

	if (likely(unit->index >= start && kvm_private_unit_end(unit) <= end))
		return false;

	kvm_private_store_split(f, start, gfp);
	kvm_private_store_split(f, end, gfp);
	return true;
}

/**
 * kvm_private_store_remove() - free all pages of a range
 * @f: the file
 * @start: first page offset
 * @end: page offset after the last
 *
 * Reclaims prepared pages. A page that a lookup holds a reference of is freed when that is
 * dropped, which is soon: no lookup keeps its reference past the invalidation that it races
 * with.
 *
 * Context: may sleep, for long. The caller holds the invalidate_lock for writing, no
 * page of the range is claimed, and the invalidation has begun.
 */
void kvm_private_store_remove(struct kvm_private_file *f, pgoff_t start,
			      pgoff_t end)
{
	struct kvm_private_unit units[KVM_PRIVATE_RESCHED_PERIOD], unit;
	XA_STATE(xas, &f->units, start);
	pgoff_t next = start;
	unsigned int nr;
	void *entry;

	lockdep_assert_held_write(&f->invalidate_lock);

	do {
		nr = 0;
		xas_lock(&xas);
		xas_for_each(&xas, entry, end - 1) {
			unit = kvm_private_entry_unit(entry, xas.xa_index);
			if (unit.index < start ||
			    kvm_private_unit_end(&unit) > end)
				break;
			next = kvm_private_unit_end(&unit);
			units[nr++] = unit;
			xas_store(&xas, NULL);
			if (nr == ARRAY_SIZE(units))
				break;
		}
		kvm_private_walk_set(&xas, next);
		xas_unlock(&xas);

		remove_units(f, units, nr);
	} while (entry && (nr == ARRAY_SIZE(units) ||
			   remove_split_straddling(f, &unit, start, end)));
}
