// SPDX-License-Identifier: GPL-2.0-only
/*
 * Claims: ranges of a file whose pages one task works on without the invalidate_lock, for
 * which other tasks spin or sleep. The task copies them to a huge page, for example, or has
 * a consumer's callback fill them. While a range is claimed its pages stay in the store,
 * keep their attribute, and no lookup but the claiming task's own returns one of them.
 *
 * kvm_private_claim() and a lookup that takes no lock race like this. The claim is visible
 * before the task looks at a page's reference count. A lookup takes its reference before it
 * looks for claims. So either the task sees the reference, or the lookup sees the claim,
 * drops the reference and waits. The full barriers are smp_mb() in kvm_private_claim() and
 * smp_mb__after_atomic() after the lookup's atomic increment.
 *
 * When a claim ends after the pages have been replaced, the store is changed first.
 * smp_store_release() in kvm_private_release_claim() pairs with smp_rmb() in
 * store_lookup(), which looks for claims before it looks at the entry the second time: it
 * finds the claim or the new entry.
 *
 * A task that holds the invalidate_lock for reading or writing never waits for a claim: it
 * lets go of the lock first. So a claiming task may wait for any lock that other tasks take
 * before the invalidate_lock, such as one of the firmware's.
 */

#include <linux/interval_tree.h>
#include <linux/sched/signal.h>

#include "debug/detour.h"
#include "internal.h"
#include "store/store.h"

static bool claims_overlap(struct kvm_private_file *f, pgoff_t start,
			   pgoff_t end, bool *own)
{
	struct interval_tree_node *node;
	struct kvm_private_claim *claim;

	spin_lock(&f->claims_lock);
	node = interval_tree_iter_first(&f->claims, start, end - 1);
	if (node && own) {
		claim = container_of(node, struct kvm_private_claim, range);
		*own = claim->owner == current;
	}
	spin_unlock(&f->claims_lock);

	return node;
}

/**
 * kvm_private_claim() - claim a range for the current task
 * @f: the file
 * @claim: filled in here; stays the caller's, until kvm_private_release_claim()
 * @start: first page offset
 * @end: page offset after the last; no other claim overlaps the range
 *
 * If the bindings of the range have an invalidation under way, their consumers drop the
 * pages that they looked up before they saw the claim.
 *
 * Context: invalidate_lock held for writing; it may be dropped afterwards.
 */
void kvm_private_claim(struct kvm_private_file *f,
		       struct kvm_private_claim *claim, pgoff_t start,
		       pgoff_t end)
{
	lockdep_assert_held_write(&f->invalidate_lock);

	claim->owner = current;
	claim->range.start = start;
	claim->range.last = end - 1;
	spin_lock(&f->claims_lock);
	WARN_ON_ONCE(interval_tree_iter_first(&f->claims, start, end - 1));
	interval_tree_insert(&claim->range, &f->claims);
	WRITE_ONCE(f->nr_claims, f->nr_claims + 1);
	spin_unlock(&f->claims_lock);
	/*
	 * Pairs with smp_mb__after_atomic() in store_lookup() and
	 * kvm_private_claimed_by_other(), which comes between a lookup's reference and its
	 * look for claims.
	 */
	smp_mb();
}

/**
 * kvm_private_release_claim() - let other tasks have the pages again
 * @f: the file
 * @claim: from kvm_private_claim()
 *
 * Context: may sleep.
 */
void kvm_private_release_claim(struct kvm_private_file *f,
			       struct kvm_private_claim *claim)
{
	spin_lock(&f->claims_lock);
	interval_tree_remove(&claim->range, &f->claims);
	/*
	 * Pairs with smp_rmb() in store_lookup(): a lookup that doesn't see the claim sees
	 * all that the task has changed, entries and attributes.
	 */
	smp_store_release(&f->nr_claims, f->nr_claims - 1);
	spin_unlock(&f->claims_lock);
	wake_up_all(&f->claim_released);
}

/**
 * kvm_private_page_claimed() - see whether another task has claimed a page
 * @f: the file, which has claims
 * @index: page offset
 * @own: out: the current task has claimed it
 *
 * Callers look at nr_claims first: mostly there are none.
 *
 * Context: any but interrupts.
 */
bool kvm_private_page_claimed(struct kvm_private_file *f, pgoff_t index,
			      bool *own)
{
	*own = false;
	return claims_overlap(f, index, index + 1, own) && !*own;
}

/**
 * kvm_private_wait_for_claims() - wait until no page of a range is claimed
 * @f: the file
 * @start: first page offset
 * @end: page offset after the last
 *
 * Another claim may come before the caller has looked.
 *
 * Context: sleeps. The caller has claimed none of the pages, and holds neither the
 * invalidate_lock nor the lock of a unit.
 * Return: 0, or -EINTR if a fatal signal is pending.
 */
int kvm_private_wait_for_claims(struct kvm_private_file *f, pgoff_t start,
				pgoff_t end)
{
	return wait_event_killable(f->claim_released,
				   !claims_overlap(f, start, end, NULL)) ?
	       -EINTR : 0;
}

/* kvm_private_wait_for_claims(), which any signal ends */
int kvm_private_wait_for_claims_interruptible(struct kvm_private_file *f,
					      pgoff_t start, pgoff_t end)
{
	return wait_event_interruptible(f->claim_released,
					!claims_overlap(f, start, end, NULL)) ?
	       -EINTR : 0;
}

static bool claims_exist(struct kvm_private_file *f, pgoff_t start, pgoff_t end)
{
	bool claimed = READ_ONCE(f->nr_claims) &&
		       claims_overlap(f, start, end, NULL);

	return kvm_private_should_retry(LOCK, claimed);
}

/**
 * kvm_private_lock_unclaimed() - take the invalidate_lock to change a range
 * @f: the file
 * @start: first page offset
 * @end: page offset after the last
 *
 * Context: sleeps. The caller drops the lock with up_write().
 * Return: 0, and the lock is held for writing and no page of the range is claimed;
 * -EINTR if a fatal signal is pending.
 */
int kvm_private_lock_unclaimed(struct kvm_private_file *f, pgoff_t start,
			       pgoff_t end)
{
	for (;;) {
		if (down_write_killable(&f->invalidate_lock))
			return -EINTR;
		if (likely(!claims_exist(f, start, end)))
			return 0;
		up_write(&f->invalidate_lock);
		if (kvm_private_wait_for_claims(f, start, end))
			return -EINTR;
	}
}

/* kvm_private_lock_unclaimed(), which no signal ends */
void kvm_private_lock_unclaimed_uninterruptible(struct kvm_private_file *f,
						pgoff_t start, pgoff_t end)
{
	for (;;) {
		down_write(&f->invalidate_lock);
		if (likely(!claims_exist(f, start, end)))
			return;
		up_write(&f->invalidate_lock);
		wait_event(f->claim_released,
			   !claims_overlap(f, start, end, NULL));
	}
}
