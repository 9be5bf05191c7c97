// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory for units, from the page allocator and back.
 *
 * Pages come zeroed from there. They are cleared here, on the way out, only if
 * the allocator will not do that by itself (init_on_alloc, init_on_free), so
 * that no page is cleared twice between two owners.
 *
 * A page with a hardware memory error is never touched, and goes back by itself:
 * only then does the allocator look whether it may hand it out again.
 */

#include <linux/highmem.h>
#include <linux/pagemap.h>

#include "compat/compat.h"
#include "fail_point.h"
#include "internal.h"
#include "observer.h"
#include "trace.h"
#include "unit.h"

/**
 * kvm_private_pages_have_poison() - has a page a hardware memory error?
 * @page: the first
 * @nr: their number
 *
 * The kernel notes it at any moment, and tells nobody. It keeps no note for many
 * pages at once either, since these are no compound page.
 *
 * Context: any.
 */
bool kvm_private_pages_have_poison(struct page *page, unsigned long nr)
{
	struct page *end = page + nr;

	for (; page < end; page++)
		if (unlikely(PageHWPoison(page)))
			return true;
	return false;
}

/**
 * kvm_private_pages_clear() - zero pages
 * @page: the first, locked or in nobody else's reach
 * @nr: their number
 *
 * Context: may sleep.
 */
void kvm_private_pages_clear(struct page *page, unsigned long nr)
{
	kvm_private_tell_host_access(page, nr, false);
	for (; nr; nr--, page++) {
		if (likely(!PageHWPoison(page)))
			clear_highpage(page);
		cond_resched();
	}
}

static struct page *alloc_single(struct kvm_private_file *f, pgoff_t index,
				 gfp_t gfp)
{
	struct folio *folio;

	if (likely(!kvm_private_has_policies(f)))
		return kvm_private_may_fail(PAGE, NULL, alloc_page(gfp));
	folio = kvm_private_may_fail(POLICY_PAGE, NULL,
				     kvm_private_policy_alloc(f, index, gfp));
	return folio ? folio_page(folio, 0) : NULL;
}

static struct page *alloc_block(struct kvm_private_file *f,
				const struct kvm_private_unit *unit, gfp_t gfp)
{
	if (kvm_private_unit_is_gigantic(unit))
		return kvm_private_gigantic_alloc(f, unit->index);
	if (likely(!kvm_private_has_policies(f)))
		return kvm_private_may_fail(BLOCK, NULL,
					    alloc_pages(gfp, unit->order));
	return kvm_private_may_fail(POLICY_BLOCK, NULL,
				    kvm_private_policy_alloc_block(f, unit->index,
								   unit->order,
								   gfp));
}

static int unit_nid(const struct kvm_private_unit *unit)
{
	/* Others change what is beside it in the flags, mark_page_accessed() for one. */
	return data_race(page_to_nid(unit->head));
}

/*
 * The host's mappings of a page are found, and a futex in it is known, by where
 * the page says it is; in a file that can't be mapped nobody asks.
 */
static void unit_join(struct kvm_private_file *f,
		      const struct kvm_private_unit *unit)
{
	unsigned long nr = kvm_private_unit_nr(unit), i;

	if (f->flags & KVM_PRIVATE_FLAG_MMAP) {
		for (i = 0; i < nr; i++) {
			unit->head[i].mapping = f->mapping;
			unit->head[i].index = unit->index + i;
		}
	}
	set_page_private(unit->head, 0);
	atomic_long_add(nr, &f->nr_pages[unit_nid(unit)]);
	kvm_private_unit_count(f, unit, nr);
}

/* To all pages but the first; those of what is gigantic have theirs. */
static void give_references(struct page *head, unsigned long nr)
{
	struct page *page;

	for (page = head + 1; page < head + nr; page++)
		init_page_count(page);
}

/**
 * kvm_private_unit_alloc() - allocate memory for a unit
 * @f: the file
 * @unit: in: where it is to be, and its order; out: the rest
 * @gfp: how to allocate
 *
 * The current task's memory cgroup pays, but for what is gigantic.
 *
 * Context: as @gfp says.
 * Return: 0 or -ENOMEM.
 */
int kvm_private_unit_alloc(struct kvm_private_file *f,
			   struct kvm_private_unit *unit, gfp_t gfp)
{
	unsigned long nr = kvm_private_unit_nr(unit);

	unit->head = unit->order ? alloc_block(f, unit, gfp) :
				   alloc_single(f, unit->index, gfp);
	if (!unit->head)
		return -ENOMEM;

	unit->whole = unit->order;
	if (!kvm_private_unit_is_gigantic(unit))
		give_references(unit->head, nr);
	unit_join(f, unit);
	trace_kvm_private_alloc(f, unit);
	return 0;
}

/* Takes the references of all pages but the first, if they are the only ones. */
static bool freeze_tails(const struct kvm_private_unit *unit)
{
	unsigned long nr = kvm_private_unit_nr(unit), i;

	for (i = 1; i < nr; i++)
		if (unlikely(!page_ref_freeze(unit->head + i, 1)))
			break;
	if (likely(i == nr))
		return true;

	while (--i)
		page_ref_unfreeze(unit->head + i, 1);
	return false;
}

/*
 * A lookup that read the entry long ago and takes its reference of the head just
 * now makes the allocator free the rest by itself and the lookup free the head:
 * no memory is lost, but the cgroup goes on paying for the rest. So look first.
 */
static bool free_whole(const struct kvm_private_unit *unit)
{
	if (page_count(unit->head) != 1 ||
	    kvm_private_pages_have_poison(unit->head,
					  kvm_private_unit_nr(unit)) ||
	    !freeze_tails(unit))
		return false;

	__free_pages(unit->head, unit->order);
	return true;
}

/*
 * Who still holds a page that is shared is in the middle of doing something with
 * it, and what it finds there is the host's own. Of one that is private nobody can
 * have more than a reference.
 */
static void clear_for_others(struct kvm_private_file *f,
			     const struct kvm_private_unit *unit)
{
	pgoff_t index;

	for (index = unit->index; index < kvm_private_unit_end(unit); index++) {
		struct page *page = kvm_private_unit_page(unit, index);

		if (page_count(page) == 1 ||
		    kvm_private_state_is_private(f, index))
			kvm_private_pages_clear(page, 1);
	}
}

/* Not pages of a store any more; to be freed next */
static void unit_leave(struct kvm_private_file *f,
		       const struct kvm_private_unit *unit)
{
	unsigned long nr = kvm_private_unit_nr(unit), i;

	trace_kvm_private_free(f, unit);
	if (!want_init_on_alloc(GFP_KERNEL) && !want_init_on_free())
		clear_for_others(f, unit);
	for (i = 0; i < nr; i++) {
		unit->head[i].mapping = NULL;
		set_page_private(unit->head + i, 0);
	}
	kvm_private_tell_freed(unit->head, nr);
	atomic_long_sub(nr, &f->nr_pages[unit_nid(unit)]);
	kvm_private_unit_count(f, unit, -nr);
}

/* Base pages on their way out, since the allocator takes many at once */
struct page_batch {
	struct page *pages[KVM_PRIVATE_BATCH];
	unsigned int nr;
};

static void batch_release(struct page_batch *batch)
{
	release_pages(batch->pages, batch->nr);
	batch->nr = 0;
	cond_resched();
}

static void batch_add(struct page_batch *batch, struct page *page,
		      unsigned long nr)
{
	for (; nr; nr--, page++) {
		if (batch->nr == ARRAY_SIZE(batch->pages))
			batch_release(batch);
		batch->pages[batch->nr++] = page;
	}
}

/* The allocator takes a huge page's worth at most. */
static void free_unit(const struct kvm_private_unit *unit,
		      struct page_batch *batch)
{
	struct kvm_private_unit block = *unit;

	block.order = min_t(unsigned int, unit->order, KVM_PRIVATE_ORDER_HUGE);
	for (; block.index < kvm_private_unit_end(unit);
	     block.index += kvm_private_unit_nr(&block),
	     block.head += kvm_private_unit_nr(&block)) {
		block.whole = unit->whole;
		if (block.whole) {
			if (likely(free_whole(&block)))
				continue;
			kvm_private_unit_break(&block);
		}
		batch_add(batch, block.head, kvm_private_unit_nr(&block));
	}
}

/**
 * kvm_private_units_free() - give the memory of units back
 * @f: the file
 * @units: in no store any more, prepared for nobody
 * @nr: their number
 *
 * Pages that somebody still has a reference of are freed when that is dropped.
 *
 * Context: may sleep.
 */
void kvm_private_units_free(struct kvm_private_file *f,
			    struct kvm_private_unit *units, unsigned int nr)
{
	struct page_batch batch = { .nr = 0 };
	struct kvm_private_unit *unit;

	for (unit = units; unit < units + nr; unit++) {
		unit_leave(f, unit);
		free_unit(unit, &batch);
		cond_resched();
	}
	batch_release(&batch);
}

/**
 * kvm_private_unit_break() - let the pages of a unit go their own ways
 * @unit: whole; afterwards no more
 *
 * What split_page() does, but for its taking the pages' reference counts for
 * unused: here lookups may have some.
 *
 * Context: any. Nobody else breaks or frees the unit.
 */
void kvm_private_unit_break(struct kvm_private_unit *unit)
{
	unsigned int order = min_t(unsigned int, unit->order,
				   KVM_PRIVATE_ORDER_HUGE);
	unsigned long nr = kvm_private_unit_nr(unit), i;

	for (i = 0; i < nr; i += 1UL << order)
		kvm_private_split_charge(unit->head + i, order);
	unit->whole = false;
}

/**
 * kvm_private_unit_count() - note that a file has more or less of a page size
 * @f: the file
 * @unit: says which
 * @nr: base pages; negative: less
 */
void kvm_private_unit_count(struct kvm_private_file *f,
			    const struct kvm_private_unit *unit, long nr)
{
	if (kvm_private_unit_is_gigantic(unit))
		atomic_long_add(nr, &f->nr_gigantic);
	else if (kvm_private_unit_is_huge(unit))
		atomic_long_add(nr, &f->nr_huge);
}
