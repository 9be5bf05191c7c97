// SPDX-License-Identifier: GPL-2.0-only
/* Pages that leave the store. */

#include <linux/pagemap.h>

#include "internal.h"
#include "memory/memory.h"
#include "memory/unit.h"
#include "store/store.h"
#include "store/walk.h"

/*
 * Who holds a reference may hold the lock: a lookup that found the unit while it
 * was in the store. One that comes by later sees that it is gone.
 */
static void wait_for_lock(const struct kvm_private_unit *unit)
{
	smp_mb();	/* gone from the store before its users are counted */
	if (kvm_private_page_is_unused(unit, unit->index))
		return;
	lock_page(unit->head);
	unlock_page(unit->head);
}

static void drop_units(struct kvm_private_file *f,
		       struct kvm_private_unit *units, unsigned int nr)
{
	unsigned long pages = 0;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		wait_for_lock(&units[i]);
		kvm_private_unit_reclaim(f, &units[i]);
		pages += kvm_private_unit_nr(&units[i]);
	}
	kvm_private_units_free(f, units, nr);
	kvm_private_uncharge(f, pages);
}

/*
 * A unit that reaches beyond the range was allocated after those at its borders
 * were split. It comes apart first; returns whether there is one.
 */
static bool split_straddling(struct kvm_private_file *f,
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
 * Reclaims what was prepared. A page that a lookup holds a reference of is
 * freed when that is dropped, which is soon: no lookup keeps its reference
 * past the invalidation that it races with.
 *
 * Context: may sleep, for long. The caller holds the invalidate_lock for writing, no
 * page of the range is claimed, and the invalidation has begun.
 */
void kvm_private_store_remove(struct kvm_private_file *f, pgoff_t start,
			      pgoff_t end)
{
	struct kvm_private_unit units[KVM_PRIVATE_BATCH], unit;
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

		drop_units(f, units, nr);
	} while (entry && (nr == ARRAY_SIZE(units) ||
			   split_straddling(f, &unit, start, end)));
}
