// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lock of a unit, which is that of its first page. A task that holds it, and has seen
 * the unit in the store since, knows that the unit stays the file's and in one piece.
 * split_unit() runs under the same lock. kvm_private_store_remove() passes through the lock
 * before it does anything to the pages. The store itself may have forgotten the unit by
 * then, unless the task holds the invalidate_lock.
 *
 * A task that holds the lock, or waits for it, has a reference of the first page for a
 * moment. To a conversion of that page it looks like the reference of a device, so these
 * tasks are counted: see lock_is_pinned().
 */

#include <linux/cache.h>
#include <linux/hash.h>
#include <linux/jiffies.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>

#include "debug/detour.h"
#include "internal.h"
#include "memory/unit.h"
#include "store/store.h"

/*
 * How long kvm_private_store_wait_unused() waits for a page that is pinned: by the lock of
 * its unit, or by a lookup
 */
#define LONGEST_LOCK	HZ
#define LONGEST_LOOKUP	msecs_to_jiffies(10)

#define NR_COUNTS_BITS	6

/* Tasks that hold the lock of a unit or wait for it; units with one hash share a count. */
static struct {
	atomic_t nr;
} ____cacheline_aligned_in_smp counts[1 << NR_COUNTS_BITS];

static atomic_t *lock_count(const struct page *head)
{
	return &counts[hash_ptr((void *)head, NR_COUNTS_BITS)].nr;
}

static void lock_uncount(const struct page *head)
{
	/*
	 * Pairs with the second smp_rmb() in lock_is_pinned(): the reference goes before
	 * the count.
	 */
	smp_mb__before_atomic();
	atomic_dec(lock_count(head));
}

/* Counts the task before it has the reference, unless the unit has just come or changed. */
static bool lock_get_counted(struct kvm_private_file *f, pgoff_t index,
			     struct kvm_private_unit *unit)
{
	struct page *expected = NULL, *head;
	void *entry = xa_load(&f->units, index);

	if (entry) {
		expected = kvm_private_entry_unit(entry, index).head;
		atomic_inc(lock_count(expected));
		/*
		 * Pairs with the first smp_rmb() in lock_is_pinned(): the count comes
		 * before the reference.
		 */
		smp_mb__after_atomic();
	}
	head = kvm_private_store_get_head(f, index, unit);
	if (head != expected) {
		if (head)
			atomic_inc(lock_count(head));
		if (expected)
			lock_uncount(expected);
	}
	return head;
}

/**
 * kvm_private_store_lock_unit() - keep the unit of a page the file's
 * @f: the file
 * @index: page offset, inside the file
 * @unit: out: the unit, locked
 *
 * The unit stays the file's, in one piece, and is not prepared or reclaimed by another task
 * until kvm_private_store_unlock(). It stays in the store as well if the caller holds the
 * invalidate_lock.
 *
 * Context: may sleep; the caller holds no page lock, and keeps this one for a moment.
 * Return: whether there is one.
 */
bool kvm_private_store_lock_unit(struct kvm_private_file *f, pgoff_t index,
				 struct kvm_private_unit *unit)
{
	while (lock_get_counted(f, index, unit)) {
		kvm_private_window(LOCK);
		lock_page(unit->head);
		if (likely(!kvm_private_should_retry(LOCK_UNIT,
						     xa_load(&f->units, index) !=
						     kvm_private_entry(unit))))
			return true;
		kvm_private_store_unlock_head(unit->head);
	}
	return false;
}

/**
 * kvm_private_store_unlock_head() - let go of a unit whose first page alone is known
 * @head: that page
 *
 * Context: any that can drop a page reference.
 */
void kvm_private_store_unlock_head(struct page *head)
{
	unlock_page(head);
	put_page(head);
	lock_uncount(head);
}

/**
 * kvm_private_store_unlock() - let go of a unit
 * @unit: from kvm_private_store_lock_unit(); may have left the file
 *
 * Context: may sleep.
 */
void kvm_private_store_unlock(const struct kvm_private_unit *unit)
{
	kvm_private_window(UNLOCK);
	kvm_private_store_unlock_head(unit->head);
}

/* Whether a page has a reference beside the store's; @locked: that may be a lock's */
static bool lock_is_pinned(struct kvm_private_file *f, pgoff_t index,
			   bool *locked)
{
	struct kvm_private_unit unit;
	bool pinned = false;
	void *entry;

	rcu_read_lock();
	entry = xa_load(&f->units, index);
	if (entry) {
		unit = kvm_private_entry_unit(entry, index);
		pinned = !kvm_private_page_is_unused(&unit, index);
		/*
		 * Pairs with smp_mb__after_atomic() in lock_get_counted(): if a lock's
		 * reference was seen above, its count is seen here, or has gone again.
		 */
		smp_rmb();
		*locked = atomic_read(lock_count(unit.head));
		/*
		 * Pairs with smp_mb__before_atomic() in lock_uncount(): if the count has
		 * gone again, so has the lock's reference.
		 */
		smp_rmb();
		if (pinned && !*locked)
			pinned = !kvm_private_page_is_unused(&unit, index);
	}
	rcu_read_unlock();
	return pinned;
}

/**
 * kvm_private_store_wait_unused() - wait for references of a page that last for a moment
 * @f: the file
 * @index: from kvm_private_check_unused(), which has returned -EAGAIN
 * @since: in/out: jiffies when it did so first, for this page or for another; 0: now
 *
 * Lookups hold a page for a moment, and a task that locks a unit, to split it say, holds
 * its first page. Neither is an error to the caller of an ioctl.
 *
 * Context: sleeps; the caller holds neither the invalidate_lock nor a claim.
 * Return: whether it is worth while to check the pages again.
 */
bool kvm_private_store_wait_unused(struct kvm_private_file *f, pgoff_t index,
				   unsigned long *since)
{
	bool locked = false;

	if (!*since)
		*since = jiffies;

	/*
	 * Sleeps at least once: otherwise a page that is looked up all the time would be
	 * checked in a busy loop.
	 */
	do {
		if (schedule_timeout_killable(1) && fatal_signal_pending(current))
			return false;
		if (!lock_is_pinned(f, index, &locked))
			return time_before(jiffies, *since + LONGEST_LOCK);
	} while (time_before(jiffies,
			     *since + (locked ? LONGEST_LOCK : LONGEST_LOOKUP)));

	return false;
}
