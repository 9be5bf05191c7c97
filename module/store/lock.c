// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lock of a unit, which is that of its first page. A task that holds it, and has seen
 * the unit in the store after it took it, knows that the unit stays the file's and in
 * one piece: a task that splits it holds the same lock, and one that removes it passes
 * through the lock before it does anything to the pages. The store itself may have
 * forgotten the unit by then, unless the task holds the invalidate_lock.
 *
 * With the lock the task has a reference of the first page, for a moment. For a conversion
 * of that page it is as good as one of a device, so locks are counted.
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
 * How long a page may be held before it is no moment any more: by the lock of its unit, or
 * by a lookup
 */
#define LONGEST_LOCK	HZ
#define LONGEST_LOOKUP	msecs_to_jiffies(10)

#define NR_COUNTS_BITS	6

/* Tasks that lock a unit, or wait for the lock; with some other units' */
static struct {
	atomic_t nr;
} ____cacheline_aligned_in_smp counts[1 << NR_COUNTS_BITS];

static atomic_t *count_of(const struct page *head)
{
	return &counts[hash_ptr((void *)head, NR_COUNTS_BITS)].nr;
}

static void uncount(const struct page *head)
{
	/* The reference first: as long as it is there it is counted. */
	smp_mb__before_atomic();
	atomic_dec(count_of(head));
}

/* The count comes before the reference, unless the unit has just come or changed. */
static bool get_counted(struct kvm_private_file *f, pgoff_t index,
			struct kvm_private_unit *unit)
{
	struct page *expected = NULL, *head;
	void *entry = xa_load(&f->units, index);

	if (entry) {
		expected = kvm_private_entry_unit(entry, index).head;
		atomic_inc(count_of(expected));
		/* Pairs with is_held(), which looks for the count after the reference. */
		smp_mb__after_atomic();
	}
	head = kvm_private_store_get_head(f, index, unit);
	if (head != expected) {
		if (head)
			atomic_inc(count_of(head));
		if (expected)
			uncount(expected);
	}
	return head;
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
	while (get_counted(f, index, unit)) {
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
	uncount(head);
}

/**
 * kvm_private_store_unlock() - let go of a unit
 * @unit: from kvm_private_store_lock_unit(); may be the file's no more
 *
 * Context: may sleep.
 */
void kvm_private_store_unlock(const struct kvm_private_unit *unit)
{
	kvm_private_window(UNLOCK);
	kvm_private_store_unlock_head(unit->head);
}

/* Does something beside the store hold a page, and may that be a lock? */
static bool is_held(struct kvm_private_file *f, pgoff_t index, bool *locked)
{
	struct kvm_private_unit unit;
	bool held = false;
	void *entry;

	rcu_read_lock();
	entry = xa_load(&f->units, index);
	if (entry) {
		unit = kvm_private_entry_unit(entry, index);
		held = !kvm_private_page_is_unused(&unit, index);
		/* A lock whose reference has been seen is counted until that has gone. */
		smp_rmb();
		*locked = atomic_read(count_of(unit.head));
		/* It may have gone before the count was looked at. */
		smp_rmb();
		if (held && !*locked)
			held = !kvm_private_page_is_unused(&unit, index);
	}
	rcu_read_unlock();
	return held;
}

/**
 * kvm_private_store_wait_unused() - wait for what holds a page for a moment
 * @f: the file
 * @index: from kvm_private_check_unused(), which has said -EAGAIN
 * @since: jiffies when that said so first, of this page or of another
 *
 * Lookups hold a page for a moment, and a task that locks a unit, to split it say, holds
 * its first page. Neither is for the caller of an ioctl to know.
 *
 * Context: sleeps; the caller holds neither the invalidate_lock nor a claim.
 * Return: whether it is worth while to check the pages again.
 */
bool kvm_private_store_wait_unused(struct kvm_private_file *f, pgoff_t index,
				   unsigned long since)
{
	bool locked = false;

	/* Once at least, so that a page that is looked up all the time isn't checked so. */
	do {
		if (schedule_timeout_killable(1) && fatal_signal_pending(current))
			return false;
		if (!is_held(f, index, &locked))
			return time_before(jiffies, since + LONGEST_LOCK);
	} while (time_before(jiffies,
			     since + (locked ? LONGEST_LOCK : LONGEST_LOOKUP)));

	return false;
}
