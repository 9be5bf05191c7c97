// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages for holes of the store.
 *
 * In a file with huge pages a block, that is what one huge page backs, gets one
 * when any part of it is wanted and all of it is a hole. If none can be had, or
 * the block has pages already, it gets base pages.
 */

#include <linux/sched/signal.h>

#include "internal.h"
#include "unit.h"

#define KVM_PRIVATE_GFP_PAGE	(GFP_USER | __GFP_ACCOUNT | __GFP_ZERO | \
				 KVM_PRIVATE_GFP_TRY)

/* Where there is something else to fall back on */
#define KVM_PRIVATE_GFP_HUGE	(GFP_USER | __GFP_ACCOUNT | __GFP_ZERO | \
				 __GFP_NORETRY | __GFP_NOWARN)
#define KVM_PRIVATE_GFP_RUN	(KVM_PRIVATE_GFP_HUGE & ~__GFP_DIRECT_RECLAIM)

/* Base pages that fallocate() asks the allocator for at once: a node's worth */
#define KVM_PRIVATE_RUN_ORDER	6

/*
 * Enter units of one order, side by side in the file. Returns how many went in:
 * up to the first that somebody else was faster with, or that there was no memory
 * for (@error). From here on they may be removed at any time.
 */
static unsigned long enter(struct kvm_private_file *f,
			   struct kvm_private_unit *units, unsigned long nr,
			   int *error)
{
	XA_STATE_ORDER(xas, &f->units, units->index, units->order);
	unsigned long done = 0;

	do {
		xas_lock(&xas);
		while (done < nr && !xas_find_conflict(&xas)) {
			xas_store(&xas, kvm_private_entry(&units[done]));
			if (xas_error(&xas))
				break;
			if (++done < nr)
				xas_set_order(&xas, units[done].index,
					      units->order);
		}
		xas_unlock(&xas);
	} while (xas_nomem(&xas, KVM_PRIVATE_GFP_NODE));

	*error = xas_error(&xas);
	return done;
}

/* Returns 0 also if somebody else was faster. */
static int add_unit(struct kvm_private_file *f, struct kvm_private_unit *unit,
		    gfp_t gfp)
{
	unsigned long nr = kvm_private_unit_nr(unit);
	int ret;

	ret = kvm_private_memlock_charge(&f->memlock, nr);
	if (ret)
		return ret;

	ret = kvm_private_unit_alloc(f, unit, gfp);
	if (ret)
		goto uncharge;
	if (likely(enter(f, unit, 1, &ret)))
		return 0;

	kvm_private_units_free(f, unit, 1);
uncharge:
	kvm_private_memlock_uncharge(&f->memlock, nr);
	return ret;
}

/* The block around @index, if it may become a huge page. */
static bool is_empty_block(struct kvm_private_file *f, pgoff_t index,
			   struct kvm_private_unit *unit)
{
	pgoff_t size = i_size_read(f->mapping->host) >> PAGE_SHIFT;
	pgoff_t next;

	if (!f->order)
		return false;

	*unit = (struct kvm_private_unit){
		.index = round_down(index, 1UL << f->order),
		.order = f->order,
	};
	next = unit->index;
	return kvm_private_unit_end(unit) <= size &&
	       !kvm_private_store_next_page(f, &next,
					    kvm_private_unit_end(unit));
}

/**
 * kvm_private_store_add() - allocate what a page needs to be there
 * @f: the file
 * @index: page offset, inside the file
 *
 * Context: may sleep.
 * Return: 0 and there was a page for a moment at least; -ENOMEM.
 */
int kvm_private_store_add(struct kvm_private_file *f, pgoff_t index)
{
	bool strict = f->flags & KVM_PRIVATE_FLAG_HUGE_STRICT;
	struct kvm_private_unit unit;
	int ret;

	if (is_empty_block(f, index, &unit)) {
		ret = add_unit(f, &unit, strict ? KVM_PRIVATE_GFP_PAGE :
						  KVM_PRIVATE_GFP_HUGE);
		if (!ret || strict)
			return ret;
	}

	unit = (struct kvm_private_unit){ .index = index };
	return add_unit(f, &unit, KVM_PRIVATE_GFP_PAGE);
}

/* Base pages that come as one from the allocator; returns how many there are. */
static unsigned long alloc_run(struct kvm_private_file *f, pgoff_t index,
			       unsigned int order,
			       struct kvm_private_unit *units)
{
	unsigned long nr = 1UL << order, i;
	struct page *pages;

	pages = alloc_pages(KVM_PRIVATE_GFP_RUN, order);
	if (!pages)
		return 0;

	split_page(pages, order);
	for (i = 0; i < nr; i++) {
		units[i] = (struct kvm_private_unit){
			.head	= pages + i,
			.index	= index + i,
		};
		kvm_private_unit_init(f, &units[i]);
	}
	return nr;
}

/*
 * Many base pages at once, as far as that is easy to be had. Returns how many
 * page offsets were seen to, 0 if it wasn't.
 */
static unsigned long add_run(struct kvm_private_file *f, pgoff_t index,
			     pgoff_t end)
{
	struct kvm_private_unit units[1 << KVM_PRIVATE_RUN_ORDER];
	unsigned int order = min(ilog2(end - index), KVM_PRIVATE_RUN_ORDER);
	unsigned long nr, done;
	int error;

	if (!order || kvm_private_has_policies(f) ||
	    kvm_private_memlock_charge(&f->memlock, 1UL << order))
		return 0;

	nr = alloc_run(f, index, order, units);
	done = nr ? enter(f, units, nr, &error) : 0;
	if (done < 1UL << order) {
		kvm_private_units_free(f, units + done, nr - done);
		kvm_private_memlock_uncharge(&f->memlock,
					     (1UL << order) - done);
	}
	return done;
}

static int fill_hole(struct kvm_private_file *f, pgoff_t *index, pgoff_t end)
{
	struct kvm_private_unit unit;
	unsigned long done = 0;
	int ret;

	if (!is_empty_block(f, *index, &unit))
		done = add_run(f, *index, end);
	if (!done) {
		ret = kvm_private_store_add(f, *index);
		if (ret)
			return ret;
		done = 1;
	}
	*index += done;
	return 0;
}

/**
 * kvm_private_store_fill() - allocate all pages of a range
 * @f: the file
 * @start: first page offset
 * @end: page offset after the last, inside the file
 *
 * Context: may sleep, for long.
 * Return: 0, -EINTR if a signal is pending, or -ENOMEM; what has been
 * allocated by then stays.
 */
int kvm_private_store_fill(struct kvm_private_file *f, pgoff_t start,
			   pgoff_t end)
{
	pgoff_t index = start;
	int ret;

	while ((index = kvm_private_store_next_hole(f, index, end)) < end) {
		ret = fill_hole(f, &index, end);
		if (ret)
			return ret;

		/* Each call gets further, however often signals come. */
		if (index < end && signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
}
