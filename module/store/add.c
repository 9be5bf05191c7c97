// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages for holes of the store.
 *
 * In a file with huge pages a block, the range that one huge page backs, gets one when any
 * part of it is wanted and all of it is a hole. If none can be had, or the block has pages
 * already, it gets base pages. In a file with gigantic pages huge ones are tried before
 * base pages, by the same rule.
 */

#include <linux/sched/signal.h>

#include "debug/detour.h"
#include "debug/fail_point.h"
#include "internal.h"
#include "memory/memory.h"
#include "memory/pages.h"
#include "memory/poison.h"
#include "memory/unit.h"
#include "store/store.h"

/* For allocations that have smaller pages to fall back on */
#define KVM_PRIVATE_GFP_HUGE	(GFP_USER | __GFP_ACCOUNT | __GFP_ZERO | \
				 __GFP_NORETRY | __GFP_NOWARN)
#define KVM_PRIVATE_GFP_BATCH	(KVM_PRIVATE_GFP_HUGE & ~__GFP_DIRECT_RECLAIM)

/*
 * Returns 0, -EEXIST if there are pages already, or -ENOMEM. After 0 another task may
 * remove the unit at any time.
 */
static int store_insert(struct kvm_private_file *f,
			const struct kvm_private_unit *unit)
{
	XA_STATE_ORDER(xas, &f->units, unit->index, unit->order);
	void *entry = kvm_private_entry(unit);
	bool conflict;

	do {
		xas_lock(&xas);
		/* xas_load() tells the same of one page, and is faster. */
		conflict = unit->order ? xas_find_conflict(&xas) :
					 xas_load(&xas);
		if (!conflict) {
			kvm_private_xas_may_fail(&xas, KVM_PRIVATE_FAIL_INSERT);
			xas_store(&xas, entry);
		}
		xas_unlock(&xas);
	} while (kvm_private_xas_nomem(&xas, KVM_PRIVATE_GFP_NODE,
				       KVM_PRIVATE_FAIL_INSERT_AGAIN));

	return conflict ? -EEXIST : xas_error(&xas);
}

static int store_add_unit(struct kvm_private_file *f,
			  struct kvm_private_unit *unit, gfp_t gfp)
{
	unsigned long nr = kvm_private_unit_nr(unit);
	int errors = kvm_private_memory_errors_seen();
	int ret;

	if (kvm_private_should_fail(CHARGE))
		return -ENOMEM;
	ret = kvm_private_charge(f, nr);
	if (ret)
		return ret;

	ret = kvm_private_unit_alloc(f, unit, gfp);
	if (ret)
		goto uncharge;
	ret = store_insert(f, unit);
	if (likely(!ret)) {
		kvm_private_unit_report_poison(unit, errors);
		return 0;
	}

	kvm_private_units_free(f, unit, 1);
uncharge:
	kvm_private_uncharge(f, nr);
	return ret;
}

/*
 * Sets @unit to the naturally aligned block around @index. Returns whether it is a hole
 * that ends by @end.
 */
static bool store_is_hole(struct kvm_private_file *f, pgoff_t index,
			  pgoff_t end, unsigned int order,
			  struct kvm_private_unit *unit)
{
	pgoff_t next;

	*unit = (struct kvm_private_unit){
		.index = round_down(index, 1UL << order),
		.order = order,
	};
	next = unit->index;
	return kvm_private_unit_end(unit) <= end &&
	       !kvm_private_store_next_page(f, &next,
					    kvm_private_unit_end(unit));
}

/* Results of adding a unit beside 0 and an error */
enum {
	NEEDS_SMALLER = 1,	/* smaller pages will have to do */
};

static int store_add_block(struct kvm_private_file *f, pgoff_t index,
			   unsigned int order, struct kvm_private_unit *unit)
{
	bool strict = f->flags & KVM_PRIVATE_FLAG_HUGE_STRICT &&
		      order == f->order;
	int ret;

	if (!store_is_hole(f, index, kvm_private_file_end(f), order, unit))
		return NEEDS_SMALLER;
	ret = store_add_unit(f, unit, strict ? KVM_PRIVATE_GFP_PAGE :
					 KVM_PRIVATE_GFP_HUGE);
	if (!ret || (strict && ret != -EEXIST))
		return ret;
	return NEEDS_SMALLER;
}

/* Pages of the file's size, or of the sizes between that and base pages */
static int store_add_huge(struct kvm_private_file *f, pgoff_t index,
			  struct kvm_private_unit *unit)
{
	unsigned int order;
	int ret = NEEDS_SMALLER;

	for (order = f->order; order && ret == NEEDS_SMALLER;
	     order = kvm_private_order_below(order))
		ret = store_add_block(f, index, order, unit);
	return ret;
}

static int store_add_page(struct kvm_private_file *f, pgoff_t index)
{
	struct kvm_private_unit unit = { .index = index };

	return store_add_unit(f, &unit, KVM_PRIVATE_GFP_PAGE);
}

/*
 * Adds base pages that are wanted together as one unit, if the page allocator has such a
 * block at hand. Not so with policies, which may want each page on another node.
 */
static bool store_add_batch(struct kvm_private_file *f, pgoff_t index,
			    pgoff_t end, struct kvm_private_unit *unit)
{
	return !kvm_private_has_policies(f) &&
	       IS_ALIGNED(index, 1UL << KVM_PRIVATE_ORDER_BATCH) &&
	       store_is_hole(f, index, end, KVM_PRIVATE_ORDER_BATCH, unit) &&
	       !store_add_unit(f, unit, KVM_PRIVATE_GFP_BATCH);
}

/*
 * A guest that boots, or is prefaulted, touches its pages in order. So
 * kvm_private_store_add() allocates a whole batch ahead only where the batch before it has
 * no hole. For a guest that touches single pages, far apart, it allocates no more than
 * those.
 */
static bool store_is_next_batch(struct kvm_private_file *f, pgoff_t index)
{
	const pgoff_t nr = 1UL << KVM_PRIVATE_ORDER_BATCH;

	return IS_ALIGNED(index, nr) && index &&
	       kvm_private_store_next_hole(f, index - nr, index) == index;
}

/**
 * kvm_private_store_add() - allocate a page, and maybe others with it
 * @f: the file
 * @index: page offset, inside the file
 * @until: page offset up to which pages that follow may be allocated as well,
 *	after @index, inside the file; a huge page may go beyond
 *
 * Context: may sleep.
 * Return: 0 or -EEXIST, and there was a page for a moment at least; -ENOMEM.
 */
int kvm_private_store_add(struct kvm_private_file *f, pgoff_t index,
			  pgoff_t until)
{
	struct kvm_private_unit unit;
	int ret;

	ret = store_add_huge(f, index, &unit);
	if (ret <= 0)
		return ret;
	if (store_is_next_batch(f, index) &&
	    store_add_batch(f, index, until, &unit))
		return 0;

	return store_add_page(f, index);
}

/* Returns the page offset to go on at, or an error. */
static long store_fill_hole(struct kvm_private_file *f, pgoff_t index,
			    pgoff_t end)
{
	struct kvm_private_unit unit;
	int ret;

	ret = store_add_huge(f, index, &unit);
	if (ret == NEEDS_SMALLER && store_add_batch(f, index, end, &unit))
		ret = 0;
	if (!ret)
		return kvm_private_unit_end(&unit);
	if (ret > 0)
		ret = store_add_page(f, index);
	return ret == -EEXIST || !ret ? index + 1 : ret;
}

/**
 * kvm_private_store_fill() - allocate all pages of a range
 * @f: the file
 * @start: first page offset
 * @end: page offset after the last, inside the file
 *
 * Context: may sleep, for long.
 * Return: 0, -EINTR if a signal is pending, or -ENOMEM; pages that were allocated by then
 * stay.
 */
int kvm_private_store_fill(struct kvm_private_file *f, pgoff_t start,
			   pgoff_t end)
{
	pgoff_t index = start;
	long next;

	while ((index = kvm_private_store_next_hole(f, index, end)) < end) {
		next = store_fill_hole(f, index, end);
		if (next < 0)
			return next;

		/* Each call gets further, however often signals come. */
		index = next;
		if (index < end && signal_pending(current))
			return -EINTR;
		kvm_private_cond_resched(FILL);
	}
	return 0;
}

/**
 * kvm_private_store_get_or_add() - look a page up, and allocate it if it is missing
 * @f: the file
 * @index: page offset, inside the file
 * @until: other pages may be allocated up to this page offset; 0: nothing is allocated
 * @unit: out: the unit that it is in
 *
 * Context: may sleep to allocate; pages that it allocates are charged to the current task's
 * memory cgroup. Otherwise as kvm_private_store_get().
 * Return: the page with a reference for the caller; NULL for a hole unless @until;
 * ERR_PTR(-ENOMEM).
 */
struct page *kvm_private_store_get_or_add(struct kvm_private_file *f, pgoff_t index,
					  pgoff_t until,
					  struct kvm_private_unit *unit)
{
	struct page *page;
	int ret;

	while (!(page = kvm_private_store_get(f, index, unit)) && until) {
		ret = kvm_private_store_add(f, index, until);
		if (ret && ret != -EEXIST)
			return ERR_PTR(ret);
	}
	return page;
}

/**
 * kvm_private_store_lock() - look a page up and keep its unit the file's
 * @f: the file
 * @index: page offset, inside the file
 * @until: as for kvm_private_store_get_or_add()
 * @unit: out: the unit, locked as by kvm_private_store_lock_unit()
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
		kvm_private_store_unlock(unit);
		return -EHWPOISON;
	}
	return 0;
}
