// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory for units, from the page allocator and back.
 *
 * Pages come zeroed from there. They are cleared here, on the way out, only if
 * the allocator will not do that by itself (init_on_alloc, init_on_free), so
 * that no page is cleared twice between two owners.
 *
 * A page with a hardware memory error is never touched, and goes back by itself: the page
 * allocator looks at the marks of single pages only, before it hands one out again.
 */

#include <linux/highmem.h>
#include <linux/pagemap.h>

#include "compat/compat.h"
#include "debug/detour.h"
#include "debug/fail_point.h"
#include "debug/observer.h"
#include "internal.h"
#include "memory/memory.h"
#include "memory/pages.h"
#include "memory/poison.h"
#include "memory/unit.h"
#include "attribute.h"
#include "trace.h"

/**
 * kvm_private_unit_has_poison() - look for a hardware memory error in a unit
 * @unit: in the store
 *
 * The entry of a base page may have no note of the page's mark.
 *
 * Context: any.
 */
bool kvm_private_unit_has_poison(const struct kvm_private_unit *unit)
{
	return (!unit->order || kvm_private_unit_may_have_poison(unit)) &&
	       kvm_private_pages_have_poison(unit->head,
					     kvm_private_unit_nr(unit));
}

/* A gigantic unit has so many pages that a walk over them takes long. */
static void unit_pause(unsigned long i)
{
	const unsigned long nr = 1UL << KVM_PRIVATE_ORDER_HUGE;

	if (i % nr == nr - 1)
		kvm_private_cond_resched(UNIT);
}

/**
 * kvm_private_unit_report_poison() - report errors of a unit from before it was stored
 * @unit: has just been stored; may have been removed since
 * @errors: kvm_private_memory_errors_seen() before it was allocated
 *
 * A report that came before found the page in no file. Reported once more, the page is
 * found, noted and unmapped.
 *
 * Context: may sleep.
 */
void kvm_private_unit_report_poison(const struct kvm_private_unit *unit,
				    int errors)
{
	unsigned long nr = kvm_private_unit_nr(unit), i;

	/* Lookups of base pages look at the mark itself, and need no note. */
	if (likely(errors == kvm_private_memory_errors_seen()) || !unit->order)
		return;
	for (i = 0; i < nr; i++) {
		if (PageHWPoison(unit->head + i))
			kvm_private_memory_error_report(page_to_pfn(unit->head) + i);
		unit_pause(i);
	}
}

static struct page *unit_alloc_page(struct kvm_private_file *f, pgoff_t index,
				    gfp_t gfp)
{
	struct folio *folio;

	if (likely(!kvm_private_has_policies(f)))
		return kvm_private_should_fail(PAGE) ? NULL : alloc_page(gfp);

	if (kvm_private_should_fail(POLICY_PAGE))
		return NULL;
	folio = kvm_private_policy_alloc(f, index, gfp);
	return folio ? folio_page(folio, 0) : NULL;
}

static struct page *unit_alloc_block(struct kvm_private_file *f,
				     const struct kvm_private_unit *unit,
				     gfp_t gfp)
{
	if (kvm_private_unit_is_gigantic(unit))
		return kvm_private_gigantic_alloc(f, unit->index);
	if (likely(!kvm_private_has_policies(f)))
		return kvm_private_should_fail(BLOCK) ?
		       NULL : alloc_pages(gfp, unit->order);

	if (kvm_private_should_fail(POLICY_BLOCK))
		return NULL;
	return kvm_private_policy_alloc_block(f, unit->index, unit->order, gfp);
}

static int unit_nid(const struct kvm_private_unit *unit)
{
	/* mark_page_accessed(), for one, changes flags in the same word. */
	return data_race(page_to_nid(unit->head));
}

/*
 * The kernel finds the host's mappings of a page, and recognises a futex in it, by the
 * page's mapping and index. In a file that can't be mapped neither is needed.
 */
static void unit_join(struct kvm_private_file *f,
		      const struct kvm_private_unit *unit)
{
	unsigned long nr = kvm_private_unit_nr(unit), i;

	if (f->flags & KVM_PRIVATE_FLAG_MMAP) {
		for (i = 0; i < nr; i++) {
			unit->head[i].mapping = f->mapping;
			kvm_private_set_page_index(&unit->head[i], unit->index + i);
			unit_pause(i);
		}
	}
	set_page_private(unit->head, 0);
	atomic_long_add(nr, &f->nr_pages[unit_nid(unit)]);
	kvm_private_unit_count(f, unit, nr);
}

/* The pages are in no store yet; those of a gigantic unit have one reference each. */
static void unit_set_refs(const struct kvm_private_unit *unit)
{
	unsigned long nr = kvm_private_unit_nr(unit), i;

	for (i = 1; i < nr && !kvm_private_unit_is_gigantic(unit); i++)
		init_page_count(unit->head + i);
	for (i = 0; i < nr && unit->unsplit; i += 1UL << kvm_private_block_order(unit))
		page_ref_inc(unit->head + i);
}

/**
 * kvm_private_unit_alloc() - allocate memory for a unit
 * @f: the file
 * @unit: in: where it is to be, and its order; out: the rest
 * @gfp: how to allocate
 *
 * The current task's memory cgroup pays, but not for gigantic units.
 *
 * Context: as @gfp says.
 * Return: 0 or -ENOMEM.
 */
int kvm_private_unit_alloc(struct kvm_private_file *f,
			   struct kvm_private_unit *unit, gfp_t gfp)
{
	unit->head = unit->order ? unit_alloc_block(f, unit, gfp) :
				   unit_alloc_page(f, unit->index, gfp);
	if (!unit->head)
		return -ENOMEM;

	unit->unsplit = unit->order;
	unit_set_refs(unit);
	unit_join(f, unit);
	trace_kvm_private_alloc(f, unit);
	return 0;
}

/* @nr: number of pages that have been frozen, the first included */
static void unit_unfreeze_tails(const struct kvm_private_unit *unit,
				unsigned long nr)
{
	while (--nr)
		page_ref_unfreeze(unit->head + nr, 1);
}

/* Takes the references of all pages but the first, if they are the only ones. */
static bool unit_freeze_tails(const struct kvm_private_unit *unit)
{
	unsigned long nr = kvm_private_unit_nr(unit), i;

	for (i = 1; i < nr; i++)
		if (unlikely(!page_ref_freeze(unit->head + i, 1)))
			break;
	if (likely(i == nr))
		return true;

	unit_unfreeze_tails(unit, i);
	return false;
}

/*
 * Gives a block back in one piece, unless a page of it is pinned or poisoned. A lookup
 * takes no reference of a first page that has one reference left: see
 * kvm_private_unit_refs(). With KVM_PRIVATE_RETRY_LATE one tries just then.
 */
static bool unit_free_unsplit(const struct kvm_private_unit *unit)
{
	bool late;

	if (page_count(unit->head) != kvm_private_unit_refs(unit, unit->index) ||
	    kvm_private_pages_have_poison(unit->head,
					  kvm_private_unit_nr(unit)) ||
	    !unit_freeze_tails(unit))
		return false;
	if (unlikely(!page_ref_freeze(unit->head, 2))) {
		unit_unfreeze_tails(unit, kvm_private_unit_nr(unit));
		return false;
	}

	page_ref_unfreeze(unit->head, 1);
	late = kvm_private_forced(KVM_PRIVATE_RETRY_LATE) &&
	       kvm_private_unit_get_page(unit, unit->index);
	__free_pages(unit->head, unit->order);
	if (late)
		put_page(unit->head);
	return true;
}

/*
 * Clears the pages that the page allocator won't, but for a shared page that has a
 * reference beside the store's. A device or a system call may be writing to it, and its
 * content was the host's own. References of a private page are only those of lookups, whose
 * callers drop the page after an invalidation, so it is cleared all the same.
 */
static void unit_clear(struct kvm_private_file *f,
		       const struct kvm_private_unit *unit)
{
	pgoff_t index;

	for (index = unit->index; index < kvm_private_unit_end(unit); index++) {
		struct page *page = kvm_private_unit_page(unit, index);

		if (kvm_private_page_is_unused(unit, index) ||
		    kvm_private_attribute_is_private(f, index))
			kvm_private_pages_clear(page, 1);
	}
}

/* Takes a unit's pages from the file; the caller frees them next. */
static void unit_leave(struct kvm_private_file *f,
		       const struct kvm_private_unit *unit)
{
	unsigned long nr = kvm_private_unit_nr(unit), i;

	trace_kvm_private_free(f, unit);
	if (!want_init_on_alloc(GFP_KERNEL) && !want_init_on_free())
		unit_clear(f, unit);
	for (i = 0; i < nr; i++) {
		unit->head[i].mapping = NULL;
		set_page_private(unit->head + i, 0);
		unit_pause(i);
	}
	kvm_private_notify_freed(unit->head, nr);
	atomic_long_sub(nr, &f->nr_pages[unit_nid(unit)]);
	kvm_private_unit_count(f, unit, -nr);
}

/* Base pages that are collected to be freed, since release_pages() takes many at once */
struct unit_pages {
	struct page *pages[KVM_PRIVATE_RESCHED_PERIOD];
	unsigned int nr;
};

static void unit_release_pages(struct unit_pages *pages)
{
	release_pages(pages->pages, pages->nr);
	pages->nr = 0;
	kvm_private_cond_resched(FREE);
}

static void unit_add_pages(struct unit_pages *pages, struct page *page,
			   unsigned long nr)
{
	for (; nr; nr--, page++) {
		if (pages->nr == ARRAY_SIZE(pages->pages))
			unit_release_pages(pages);
		pages->pages[pages->nr++] = page;
	}
}

/*
 * The page allocator takes back a huge page's worth at most: a gigantic unit goes in
 * blocks.
 */
static void unit_free(const struct kvm_private_unit *unit,
		      struct unit_pages *pages)
{
	struct kvm_private_unit block = *unit;

	block.order = kvm_private_block_order(unit);
	for (; block.index < kvm_private_unit_end(unit);
	     block.index += kvm_private_unit_nr(&block),
	     block.head += kvm_private_unit_nr(&block)) {
		kvm_private_cond_resched(FREE);
		block.unsplit = unit->unsplit;
		if (block.unsplit) {
			if (likely(unit_free_unsplit(&block)))
				continue;
			kvm_private_unit_split_charge(&block);
			kvm_private_unit_break(&block);
		}
		unit_add_pages(pages, block.head, kvm_private_unit_nr(&block));
	}
}

/**
 * kvm_private_units_free() - give the memory of units back
 * @f: the file
 * @units: in no store any more, prepared for no guest
 * @nr: their number
 *
 * A page that has another reference is freed when that is dropped.
 *
 * Context: may sleep.
 */
void kvm_private_units_free(struct kvm_private_file *f,
			    struct kvm_private_unit *units, unsigned int nr)
{
	struct unit_pages pages = { .nr = 0 };
	struct kvm_private_unit *unit;

	for (unit = units; unit < units + nr; unit++) {
		unit_leave(f, unit);
		unit_free(unit, &pages);
	}
	unit_release_pages(&pages);
}

/**
 * kvm_private_unit_split_charge() - let each page of a unit carry its own charge
 * @unit: unsplit; if it is in the store its entry changes before it is broken
 *
 * Context: any, for a gigantic unit process context. No other task breaks or frees the
 * unit.
 */
void kvm_private_unit_split_charge(const struct kvm_private_unit *unit)
{
	unsigned int order = kvm_private_block_order(unit);
	unsigned long nr = kvm_private_unit_nr(unit), i;

	for (i = 0; i < nr; i += 1UL << order) {
		kvm_private_split_charge(unit->head + i, order);
		if (kvm_private_unit_is_gigantic(unit))
			kvm_private_cond_resched(UNIT);
	}
}

/**
 * kvm_private_unit_break() - let the pages of a unit go their own ways
 * @unit: unsplit, each page with a charge of its own; afterwards no more
 *
 * kvm_private_unit_split_charge() and this function do the work of split_page(). That one
 * sets the reference counts of the pages anew, of which lookups may have taken some here.
 *
 * Context: any. No other task breaks or frees the unit.
 */
void kvm_private_unit_break(struct kvm_private_unit *unit)
{
	unsigned int order = kvm_private_block_order(unit);
	unsigned long nr = kvm_private_unit_nr(unit), i;

	for (i = 0; i < nr; i += 1UL << order)
		page_ref_dec(unit->head + i);
	unit->unsplit = false;
}

/**
 * kvm_private_unit_count() - note that a file has more or less of a page size
 * @f: the file
 * @unit: a unit of that size
 * @nr: base pages; negative: less
 */
void kvm_private_unit_count(struct kvm_private_file *f,
			    const struct kvm_private_unit *unit, long nr)
{
	if (kvm_private_unit_is_huge(unit))
		kvm_private_usage_add(f, kvm_private_unit_is_gigantic(unit), nr);
}
