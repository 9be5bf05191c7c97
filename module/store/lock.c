// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lock of a unit, which is that of its first page. A task that holds it, and has seen
 * the unit in the store after it took it, knows that the unit stays the file's and in
 * one piece: a task that splits it holds the same lock, and one that removes it passes
 * through the lock before it does anything to the pages. The store itself may have
 * forgotten the unit by then, unless the task holds the invalidate_lock.
 */

#include <linux/pagemap.h>
#include <linux/wait.h>

#include "debug/detour.h"
#include "internal.h"
#include "memory/unit.h"
#include "store/store.h"

/* How long a conversion waits for a unit's lock before it says that a page is held */
#define LONGEST_LOCK	HZ

/* Before the reference of the unit's first page is taken */
static void lock_begins(struct kvm_private_file *f)
{
	atomic_inc(&f->locks_begun);
	/* Pairs with the barriers in kvm_private_check_unused(). */
	smp_mb__after_atomic();
}

/* After the reference has been dropped */
static void lock_ends(struct kvm_private_file *f)
{
	/* Pairs with the barriers in kvm_private_check_unused(). */
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
	while (kvm_private_store_get_head(f, index, unit)) {
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
 * @held: from kvm_private_check_unused()
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
