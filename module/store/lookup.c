// SPDX-License-Identifier: GPL-2.0-only
/*
 * The store of a private file's pages, and lookups in it.
 *
 * The store's references keep the pages of a unit allocated. Lookups take another one under
 * RCU and check that the page's unit is still in the store, as the page cache does. A page
 * that was freed in between may already have another owner.
 *
 * A walk over the store that lets go of the RCU read lock or the xa_lock goes on at the end
 * of the last entry, by kvm_private_walk_set(). It never uses xas_pause(), which adds the
 * length of the entry to wherever in the entry the walk is. Units come apart and grow
 * together meanwhile, so the walk may come to the middle of one.
 */

#include <linux/mm.h>
#include <linux/rcupdate.h>

#include "debug/detour.h"
#include "internal.h"
#include "memory/unit.h"
#include "store/store.h"
#include "store/walk.h"

/*
 * xas_reload() without looking for the entry's first slot a second time: that is where
 * xas_load() has left the state. An entry is in the store for as long as that slot has it.
 */
static __always_inline void *lookup_reload(const struct xa_state *xas)
{
	return xas->xa_node ? xa_entry(xas->xa, xas->xa_node, xas->xa_offset) :
			      xa_head(xas->xa);
}

/*
 * Takes no lock. The reference for the caller is of the page, or if @locking of its unit's
 * head. Inlined, since a guest's fault spends most of its time in the module here.
 */
static __always_inline struct page *
store_lookup(struct kvm_private_file *f, pgoff_t index,
	     struct kvm_private_unit *unit, bool locking)
{
	XA_STATE(xas, &f->units, index);
	struct page *page = NULL;
	bool changed;
	void *entry;
	pgoff_t at;

	rcu_read_lock();
	for (;;) {
		xas_reset(&xas);
		entry = xas_load(&xas);
		if (kvm_private_walk_retry(&xas, entry))
			continue;
		if (!entry) {
			*unit = (struct kvm_private_unit){
				.claims = READ_ONCE(f->nr_claims),
			};
			break;
		}
		*unit = kvm_private_entry_unit(entry, index);
		at = locking ? unit->index : index;
		page = kvm_private_unit_page(unit, at);
		if (!kvm_private_unit_get_page(unit, at))
			continue;
		/*
		 * Pairs with smp_mb() in kvm_private_claim(), and with that in
		 * remove_wait_for_lock(): the reference comes before the look for claims,
		 * and at the entry again.
		 */
		smp_mb__after_atomic();
		unit->claims = READ_ONCE(f->nr_claims);
		/*
		 * Pairs with smp_store_release() in kvm_private_release_claim(): the look
		 * for claims comes before the second one at the entry.
		 */
		smp_rmb();
		changed = entry != lookup_reload(&xas);
		if (likely(!kvm_private_should_retry(LOOKUP, changed)))
			break;
		put_page(page);
	}
	rcu_read_unlock();

	return entry ? page : NULL;
}

/**
 * kvm_private_store_get() - look a page up
 * @f: the file
 * @index: page offset, inside the file
 * @unit: out: the unit that it is in
 *
 * Context: any but interrupts. Takes no lock. A caller that doesn't hold the
 * invalidate_lock asks kvm_private_store_is_claimed().
 * Return: the page with a reference for the caller; NULL for a hole.
 */
struct page *kvm_private_store_get(struct kvm_private_file *f, pgoff_t index,
				   struct kvm_private_unit *unit)
{
	return store_lookup(f, index, unit, false);
}

/**
 * kvm_private_store_get_head() - look the unit of a page up
 * @f: the file
 * @index: page offset of the page, inside the file
 * @unit: out: the unit
 *
 * Context: as kvm_private_store_get().
 * Return: the unit's first page with a reference for the caller; NULL for a hole.
 */
struct page *kvm_private_store_get_head(struct kvm_private_file *f, pgoff_t index,
					struct kvm_private_unit *unit)
{
	return store_lookup(f, index, unit, true);
}

/* kvm_private_store_is_claimed() of a file that had claims */
bool kvm_private_store_look_for_claims(struct kvm_private_file *f, pgoff_t index,
				       const struct kvm_private_unit *unit,
				       bool *own)
{
	if (kvm_private_page_claimed(f, index, own))
		return true;
	return !*own && unit->head &&
	       xa_load(&f->units, index) != kvm_private_entry(unit);
}
