// SPDX-License-Identifier: GPL-2.0-only
/*
 * The store: which pages a private file has, and finding them.
 *
 * The store's references keep the pages of a unit allocated. Lookups take another
 * one under RCU and check that the page's unit is still in the store, as the page
 * cache does: a page that was freed in between may already be somebody else's.
 * Whoever holds the lock of a unit, which is that of its head, and has seen the
 * unit in the store after taking it knows that it stays the file's, and in one
 * piece, until the lock is dropped: who splits it holds that lock, and who
 * removes it passes through it before anything is done to the pages. The store
 * itself may have forgotten the unit by then, unless the invalidate_lock is held.
 *
 * A walk over the store that lets go of the RCU read lock or the xa_lock goes on at the
 * end of what it has seen, by kvm_private_walk_set(), and never by xas_pause(): that
 * adds the length of the entry to wherever in the entry the walk is. Units come apart
 * and grow together meanwhile, so the walk may come to the middle of one.
 */

#include <linux/pagemap.h>
#include <linux/sched/signal.h>

#include "detour.h"
#include "internal.h"
#include "unit.h"

/* How long a conversion waits for a unit's lock before it says that a page is held */
#define LONGEST_LOCK	HZ

/*
 * xas_reload() without looking for the entry's first slot a second time: that is where
 * xas_load() has left the state. An entry is there as long as all of it is.
 */
static __always_inline void *reload(const struct xa_state *xas)
{
	return xas->xa_node ? xa_entry(xas->xa, xas->xa_node, xas->xa_offset) :
			      xa_head(xas->xa);
}

/*
 * Takes no lock. The reference for the caller is of the page, or if @locking of
 * its unit's head. Inlined, since it is most of what a guest's fault costs here.
 */
static __always_inline struct page *
store_lookup(struct kvm_private_file *f, pgoff_t index,
	     struct kvm_private_unit *unit, bool locking)
{
	XA_STATE(xas, &f->units, index);
	struct page *page = NULL;
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
		/* After the reference; pairs with kvm_private_claim(). */
		smp_mb__after_atomic();
		unit->claims = READ_ONCE(f->nr_claims);
		/* Before the entry; pairs with kvm_private_release_claim(). */
		smp_rmb();
		if (likely(!kvm_private_should_retry(LOOKUP,
						     entry != reload(&xas))))
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
 * @until: allocate the page if it is missing, charged to the current task's
 *	memory cgroup, and maybe others before this page offset; 0: don't
 * @unit: out: the unit that it is in
 *
 * Context: may sleep to allocate. Takes no lock for a page that is there. A caller that
 * doesn't hold the invalidate_lock asks kvm_private_store_is_claimed().
 * Return: the page with a reference for the caller; NULL for a hole unless
 * @until; ERR_PTR(-ENOMEM).
 */
struct page *kvm_private_store_get(struct kvm_private_file *f, pgoff_t index,
				   pgoff_t until, struct kvm_private_unit *unit)
{
	struct page *page;
	int ret;

	while (!(page = store_lookup(f, index, unit, false)) && until) {
		ret = kvm_private_store_add(f, index, until);
		if (ret && ret != -EEXIST)
			return ERR_PTR(ret);
	}
	return page;
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

/* Before the reference of the unit's first page is taken */
static void lock_begins(struct kvm_private_file *f)
{
	atomic_inc(&f->locks_begun);
	/* Pairs with the barriers in kvm_private_store_check_unused(). */
	smp_mb__after_atomic();
}

/* After the reference has been dropped */
static void lock_ends(struct kvm_private_file *f)
{
	/* Pairs with the barriers in kvm_private_store_check_unused(). */
	smp_mb__before_atomic();
	atomic_inc(&f->locks_ended);
	if (wq_has_sleeper(&f->lock_ended))
		wake_up_all(&f->lock_ended);
}

/**
 * kvm_private_store_lock_unit() - keep the unit of a page the file's
 * @f: the file
 * @index: page offset, inside the file
 * @unit: out: what is locked
 *
 * The unit stays the file's, in one piece, and is not prepared or reclaimed by
 * anybody else until kvm_private_store_unlock(). It stays in the store as well if
 * the caller holds the invalidate_lock.
 *
 * Context: may sleep; the caller holds no page lock, and keeps this one for a moment.
 * Return: whether there is one.
 */
bool kvm_private_store_lock_unit(struct kvm_private_file *f, pgoff_t index,
				 struct kvm_private_unit *unit)
{
	lock_begins(f);
	while (store_lookup(f, index, unit, true)) {
		kvm_private_window(LOCK);
		lock_page(unit->head);
		if (likely(!kvm_private_should_retry(LOCK_UNIT,
						     xa_load(&f->units, index) !=
						     kvm_private_entry(unit))))
			return true;
		unlock_page(unit->head);
		put_page(unit->head);
	}
	lock_ends(f);
	return false;
}

/**
 * kvm_private_store_unlock() - let go of a unit
 * @f: the file
 * @unit: from kvm_private_store_lock_unit(); may be the file's no more
 *
 * Context: may sleep.
 */
void kvm_private_store_unlock(struct kvm_private_file *f,
			      const struct kvm_private_unit *unit)
{
	unlock_page(unit->head);
	kvm_private_window(UNLOCK);
	put_page(unit->head);
	lock_ends(f);
}

/**
 * kvm_private_store_keep_locked() - the lock of a unit is to last
 * @f: the file
 *
 * A conversion doesn't wait for it any more. The caller of kvm_private_store_lock_unit()
 * drops the lock and the reference itself, and needs no file for that.
 */
void kvm_private_store_keep_locked(struct kvm_private_file *f)
{
	lock_ends(f);
}

/**
 * kvm_private_store_was_locked() - may it be a lock that held a page?
 * @f: the file
 * @held: from kvm_private_store_check_unused()
 *
 * A task that has locked a unit for a moment, to split it say, holds a reference of the
 * unit's first page. That isn't for a caller of an ioctl to know: the task will drop it,
 * unless it waits for a lock that kvm_private_lock_page() has made last.
 *
 * Context: sleeps; the caller holds neither the invalidate_lock nor a claim.
 * Return: whether it is worth while to look at the pages again.
 */
bool kvm_private_store_was_locked(struct kvm_private_file *f,
				  const struct kvm_private_held *held)
{
	return held->locks_begun != held->locks_ended &&
	       wait_event_killable_timeout(f->lock_ended,
					   atomic_read(&f->locks_ended) !=
					   held->locks_ended,
					   LONGEST_LOCK) > 0;
}

/**
 * kvm_private_store_lock() - look a page up and keep its unit the file's
 * @f: the file
 * @index: page offset, inside the file
 * @until: as for kvm_private_store_get()
 * @unit: out: what is locked, as by kvm_private_store_lock_unit()
 *
 * Context: may sleep; the caller holds no page lock.
 * Return: 0; -ENOENT for a hole unless @until; -ENOMEM; -EHWPOISON.
 */
int kvm_private_store_lock(struct kvm_private_file *f, pgoff_t index,
			   pgoff_t until, struct kvm_private_unit *unit)
{
	int ret;

	while (!kvm_private_store_lock_unit(f, index, unit)) {
		if (!until)
			return -ENOENT;
		ret = kvm_private_store_add(f, index, until);
		if (ret && ret != -EEXIST)
			return ret;
	}

	if (unlikely(PageHWPoison(kvm_private_unit_page(unit, index)))) {
		kvm_private_store_unlock(f, unit);
		return -EHWPOISON;
	}
	return 0;
}

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
 * Context: may sleep, for long. The caller holds the invalidate_lock for
 * writing, no page of the range is claimed and the invalidation has begun; or the
 * caller is the last user of the file.
 */
void kvm_private_store_remove(struct kvm_private_file *f, pgoff_t start,
			      pgoff_t end)
{
	struct kvm_private_unit units[KVM_PRIVATE_BATCH], unit;
	XA_STATE(xas, &f->units, start);
	pgoff_t next = start;
	unsigned int nr;
	void *entry;

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
