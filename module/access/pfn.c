// SPDX-License-Identifier: GPL-2.0-only
/* Pages for the guest's faults, and for the host that emulates for it. */

#include <linux/module.h>
#include <linux/pagemap.h>

#include "compat/export.h"
#include "debug/detour.h"
#include "debug/observer.h"
#include "internal.h"
#include "memory/pages.h"
#include "memory/poison.h"
#include "memory/unit.h"
#include "attribute.h"
#include "store/store.h"
#include "trace.h"

static bool pfn_is_bound(const struct kvm_private_binding *binding,
			 pgoff_t index)
{
	return index >= binding->start && index < binding->end;
}

/* Whether a page has the attribute with which it is looked up */
static bool pfn_attribute_fits(struct kvm_private_file *f,
			       const struct kvm_private_binding *binding,
			       pgoff_t index, bool private)
{
	return binding->flags & KVM_PRIVATE_BIND_NO_ATTRIBUTES ||
	       kvm_private_attribute_is_private(f, index) == private;
}

/* A shared page is prepared for no guest. */
static struct kvm_private_guest *
pfn_guest(const struct kvm_private_binding *binding, bool private)
{
	return private ? binding->guest : NULL;
}

/*
 * Doubles the block around a page for as long as the half that is added has no memory
 * error.
 */
static noinline unsigned int
pfn_clip_to_unpoisoned(const struct kvm_private_unit *unit, pgoff_t index,
		       unsigned int order)
{
	unsigned int clipped;
	pgoff_t beside;

	for (clipped = 0; clipped < order; clipped++) {
		beside = round_down(index, 1UL << clipped) ^
			 (1UL << clipped);
		if (kvm_private_pages_have_poison(kvm_private_unit_page(unit, beside),
						  1UL << clipped))
			break;
	}
	return clipped;
}

/*
 * The largest order of a naturally aligned block around a page that lies in the binding, is
 * has one attribute and no memory error
 */
static unsigned int pfn_clip_order(struct kvm_private_file *f,
				   const struct kvm_private_binding *binding,
				   pgoff_t index,
				   const struct kvm_private_unit *unit,
				   bool may_have_poison)
{
	pgoff_t start = binding->start, end = binding->end, first;
	unsigned int order = unit->order;

	/* A guest that knows no attributes has pages of either. */
	if (!(binding->flags & KVM_PRIVATE_BIND_NO_ATTRIBUTES))
		kvm_private_attribute_clip(f, index, &start, &end);
	for (;; order--) {
		first = round_down(index, 1UL << order);
		if (likely(first >= start && first + (1UL << order) <= end))
			break;
	}
	return unlikely(may_have_poison) ?
	       pfn_clip_to_unpoisoned(unit, index, order) : order;
}

/*
 * The order that a lookup returns. Mostly it is that of the unit, so that case is checked
 * first and inlined; pfn_clip_order() sees to the others.
 */
static __always_inline unsigned int
pfn_max_order(struct kvm_private_file *f,
	      const struct kvm_private_binding *binding, pgoff_t index,
	      const struct kvm_private_unit *unit, bool may_have_poison)
{
	/*
	 * A batch is one unit for the store alone: a file of base pages hands out single
	 * pages.
	 */
	if (!f->order)
		return 0;
	if (likely(binding->is_aligned && !READ_ONCE(f->nr_converted) &&
		   !may_have_poison))
		return unit->order;
	return pfn_clip_order(f, binding, index, unit, may_have_poison);
}

/* Platforms know base pages and huge pages: SEV-SNP's RMP has no other sizes. */
static bool pfn_is_prepared_as_one(const struct kvm_private_unit *unit)
{
	return !unit->order || unit->order == KVM_PRIVATE_ORDER_HUGE;
}

/* Results of pfn_prepare_locked() beside 0 and an error */
enum {
	HAS_TO_SPLIT = 1,	/* the guest can't get all of the unit */
};

/*
 * Makes a locked unit the guest's, and takes it from the guest that had it before.
 *
 * convert_to_shared() changes the attribute first, and then locks each unit to reclaim it.
 * So either the unit is prepared before that, and reclaimed under the lock, or
 * pfn_attribute_fits(), called here under the same lock, sees the new attribute.
 */
static int pfn_prepare_locked(struct kvm_private_file *f,
			      struct kvm_private_binding *binding,
			      pgoff_t index,
			      const struct kvm_private_unit *unit, bool private)
{
	struct kvm_private_guest *guest = pfn_guest(binding, private);
	int ret;

	if (!pfn_attribute_fits(f, binding, index, private))
		return -EACCES;
	if (kvm_private_unit_guest(unit) == guest)
		return 0;
	if (!pfn_is_prepared_as_one(unit) ||
	    pfn_clip_order(f, binding, index, unit,
			   kvm_private_unit_may_have_poison(unit)) !=
		    unit->order)
		return HAS_TO_SPLIT;

	kvm_private_unit_reclaim(f, unit);
	if (!guest)
		return 0;

	ret = guest->ops->prepare(binding, unit->index,
				  page_to_pfn(unit->head), unit->order);
	trace_kvm_private_prepare(f, unit, guest->id, ret);
	if (!ret)
		kvm_private_unit_set_guest(unit, guest);
	return ret;
}

/* Returns 0 if it is worth while to look the page up again. */
static int pfn_prepare(struct kvm_private_file *f,
		       struct kvm_private_binding *binding, pgoff_t index,
		       bool private)
{
	struct kvm_private_unit unit;
	bool own;
	int ret;

	ret = kvm_private_store_lock(f, index, kvm_private_touch_end(f), &unit);
	if (ret)
		return ret;
	/* The next lookup waits for the claim to end. */
	if (kvm_private_claimed_by_other(f, index, &own)) {
		kvm_private_store_unlock(&unit);
		return 0;
	}
	ret = pfn_prepare_locked(f, binding, index, &unit, private);
	if (ret == HAS_TO_SPLIT)
		return kvm_private_store_split_locked(f, &unit,
						      KVM_PRIVATE_GFP_NODE);
	kvm_private_store_unlock(&unit);
	return ret;
}

/*
 * Takes a reference first, looks for claims then, and at the attribute last. So at the
 * moment of the last look an unclaimed page with the right attribute has a reference, on
 * which kvm_private_check_unused() relies.
 */
static struct page *pfn_get_prepared(struct kvm_private_file *f,
				     struct kvm_private_binding *binding,
				     pgoff_t index, bool private,
				     struct kvm_private_unit *unit)
{
	pgoff_t until = kvm_private_touch_end(f);
	struct page *page;
	bool claimed, own;
	int ret;

	for (;;) {
		page = kvm_private_store_get(f, index, unit);
		kvm_private_window(LOOKUP);
		claimed = kvm_private_store_is_claimed(f, index, unit, &own);
		if (!own)
			claimed = kvm_private_should_retry(CLAIM, claimed);
		if (likely(page && !claimed &&
			   pfn_attribute_fits(f, binding, index, private) &&
			   (own || kvm_private_unit_guest(unit) ==
				   pfn_guest(binding, private))))
			return page;
		if (page)
			put_page(page);

		if (claimed)
			ret = kvm_private_wait_for_claims(f, index, index + 1);
		else if (!pfn_attribute_fits(f, binding, index, private))
			ret = -EACCES;
		else if (page)
			ret = pfn_prepare(f, binding, index, private);
		else
			ret = until ? kvm_private_store_add(f, index, until) :
				      -ENOENT;
		if (ret && ret != -EEXIST)
			return ERR_PTR(ret);
	}
}

static int pfn_find(struct kvm_private_file *f,
		    struct kvm_private_binding *binding, pgoff_t index,
		    bool private, unsigned long *pfn, unsigned int *max_order)
{
	unsigned long seq = kvm_private_observed_seq();
	bool errors = kvm_private_memory_errors_wait();
	struct kvm_private_unit unit;
	struct page *page;

	if (!pfn_is_bound(binding, index))
		return -EINVAL;

	/*
	 * Pairs with smp_mb__before_atomic() in kvm_private_memory_error_done(): if no
	 * report was waiting above, the entry that pfn_get_prepared() reads has the error
	 * noted.
	 */
	smp_rmb();
	page = pfn_get_prepared(f, binding, index, private, &unit);
	if (IS_ERR(page))
		return PTR_ERR(page);
	if (unlikely(PageHWPoison(page))) {
		put_page(page);
		return -EHWPOISON;
	}

	*pfn = page_to_pfn(page);
	if (private)
		kvm_private_notify_lookup(binding, index, *pfn, 0, seq);
	if (max_order)
		*max_order = pfn_max_order(f, binding, index, &unit,
					   errors || unit.poisoned);
	return 0;
}

static int pfn_get(struct kvm_private_binding *binding, pgoff_t index,
		   unsigned long *pfn, unsigned int *max_order, bool private)
{
	struct kvm_private_file *f = kvm_private_file(binding->file);
	int ret = pfn_find(f, binding, index, private, pfn, max_order);

	trace_kvm_private_get_pfn(f, index, private, ret ? 0 : *pfn,
				  ret || !max_order ? 0 : *max_order, ret);
	return ret;
}

/**
 * kvm_private_get_pfn() - find the page for a guest's access
 * @binding: the range that the guest accesses, bound
 * @index: page offset in the file, inside the binding
 * @pfn: out: the page frame number
 * @max_order: out: up to 2^@max_order pages around @pfn, naturally aligned, are
 *	contiguous, of the same attribute, without a hardware memory error that is known by now,
 *	and inside the binding. A consumer that maps them all obeys invalidations of any of
 *	them. May be NULL.
 *
 * Allocates a page that is missing, unless the file was created with
 * %KVM_PRIVATE_FLAG_NO_AUTO_ALLOC, and prepares it for the guest when that sees it for the
 * first time. A page that is there already costs neither a lock nor an allocation. The page
 * may leave the file or become shared at any moment: @pfn is good until the next
 * invalidate_begin for it.
 *
 * Context: may sleep if the page must be allocated or prepared, or while it is filled,
 * converted or copied by another task. Takes no lock that is held while an invalidation
 * waits. A page that is allocated is charged to the current task's memory cgroup.
 * A callback of kvm_private_populate() may look its own page up, which is not prepared
 * then.
 * Return: 0, and kvm_private_put_pfn() is owed; -EINVAL if @index is outside the binding;
 * -EACCES if the page is shared; -ENOENT for a hole that may not be filled; -ENOMEM;
 * -EHWPOISON; -EINTR if a fatal signal is pending; the error of the prepare operation.
 */
int kvm_private_get_pfn(struct kvm_private_binding *binding, pgoff_t index,
			unsigned long *pfn, unsigned int *max_order)
{
	return pfn_get(binding, index, pfn, max_order, true);
}
EXPORT_SYMBOL_KVM_PRIVATE(kvm_private_get_pfn);

/**
 * kvm_private_get_shared_pfn() - find the page for an access to shared memory
 * @binding: as for kvm_private_get_pfn()
 * @index: page offset in the file, inside the binding
 * @pfn: out: the page frame number
 * @max_order: out: as for kvm_private_get_pfn(). May be NULL.
 *
 * For a guest whose shared memory is the file's too, so that the host's mappings, if there
 * are any, need not be asked. Like kvm_private_get_pfn(), but for pages of the other
 * attribute, which are prepared for no guest.
 *
 * Context: as kvm_private_get_pfn().
 * Return: as kvm_private_get_pfn(), but -EACCES if the page is private.
 */
int kvm_private_get_shared_pfn(struct kvm_private_binding *binding,
			       pgoff_t index, unsigned long *pfn,
			       unsigned int *max_order)
{
	return pfn_get(binding, index, pfn, max_order, false);
}
EXPORT_SYMBOL_KVM_PRIVATE(kvm_private_get_shared_pfn);

/**
 * kvm_private_put_pfn() - end a lookup
 * @binding: as given to kvm_private_get_pfn()
 * @pfn: from kvm_private_get_pfn()
 *
 * Mappings made from the lookup stay valid until they are invalidated.
 *
 * Context: any.
 */
void kvm_private_put_pfn(struct kvm_private_binding *binding,
			 unsigned long pfn)
{
	put_page(pfn_to_page(pfn));
}
EXPORT_SYMBOL_KVM_PRIVATE(kvm_private_put_pfn);

/* Returns 0 if the host may work on a page of this attribute for the binding's guest. */
static int pfn_host_may_access(struct kvm_private_file *f,
			       const struct kvm_private_binding *binding,
			       bool private)
{
	if (private)
		return binding->guest && !binding->guest->trusts_host ?
		       -EPERM : 0;
	return f->flags & KVM_PRIVATE_FLAG_MMAP ? 0 : -EACCES;
}

/*
 * Undoes pfn_lock_unclaimed(), which took a reference of the page beside that of the head:
 * kvm_private_check_unreferenced() counts those of each page.
 */
static void pfn_unlock_page(const struct kvm_private_unit *unit,
			    struct page *page)
{
	put_page(page);
	kvm_private_store_unlock(unit);
}

/* Locks the unit of a page, and takes a reference of that page. Never allocates. */
static int pfn_lock_unclaimed(struct kvm_private_file *f, pgoff_t index,
			      struct kvm_private_unit *unit)
{
	struct page *page;
	bool own;
	int ret;

	for (;;) {
		ret = kvm_private_store_lock(f, index, 0, unit);
		if (ret)
			return ret;
		page = kvm_private_unit_page(unit, index);
		get_page(page);
		if (likely(!kvm_private_claimed_by_other(f, index, &own)))
			return 0;
		pfn_unlock_page(unit, page);

		ret = kvm_private_wait_for_claims(f, index, index + 1);
		if (ret)
			return ret;
	}
}

/**
 * kvm_private_lock_page() - let the host work on a page for its guest
 * @binding: the range that the guest accesses, bound
 * @index: page offset in the file, inside the binding
 *
 * For a consumer that emulates instructions: on private pages of guests that trust the host
 * (KVM's software-protected VMs), and on shared ones of files that can be mapped. The page
 * keeps its attribute and its place until kvm_private_unlock_page(), to be called soon. A
 * task that removes it, or pages that it was allocated with, waits for that. One that makes
 * a shared page private gets -EAGAIN. Never allocates.
 *
 * Context: may sleep, as kvm_private_get_pfn(). The caller takes no lock of its binding
 * operations and calls none of the functions of this interface while it holds the page.
 * Return: the page; NULL for a hole that an access of the guest would fill with zeros;
 * ERR_PTR(-ENOENT) for one that it may not fill; ERR_PTR(-EINVAL) if @index is outside the
 * binding; ERR_PTR(-EACCES) if the page is shared and the file can't be mapped, so that the
 * guest's page is elsewhere; ERR_PTR(-EPERM) if the guest's pages are prepared for it and
 * it doesn't trust the host; ERR_PTR(-EHWPOISON); ERR_PTR(-EINTR) if a fatal signal is
 * pending.
 */
struct page *kvm_private_lock_page(struct kvm_private_binding *binding,
				   pgoff_t index)
{
	struct kvm_private_file *f = kvm_private_file(binding->file);
	struct kvm_private_guest *guest;
	struct kvm_private_unit unit;
	bool private, hole;
	struct page *page;
	int ret;

	if (!pfn_is_bound(binding, index))
		return ERR_PTR(-EINVAL);

	ret = pfn_lock_unclaimed(f, index, &unit);
	hole = ret == -ENOENT;
	if (ret && !hole)
		return ERR_PTR(ret);
	private = kvm_private_attribute_is_private(f, index);
	ret = pfn_host_may_access(f, binding, private);
	if (ret && !hole)
		pfn_unlock_page(&unit, kvm_private_unit_page(&unit, index));
	if (ret)
		return ERR_PTR(ret);
	if (hole)
		return kvm_private_auto_alloc(f) ? NULL : ERR_PTR(-ENOENT);

	/* The page may still be prepared for an earlier guest that kept the host out. */
	guest = pfn_guest(binding, private);
	if (kvm_private_unit_guest(&unit) != guest)
		kvm_private_unit_reclaim(f, &unit);

	page = kvm_private_unit_page(&unit, index);
	kvm_private_page_note_head(&unit, page);
	kvm_private_notify_host_access(page, 1, private);
	return page;
}
EXPORT_SYMBOL_KVM_PRIVATE(kvm_private_lock_page);

/**
 * kvm_private_peek_page() - find a page that the host may read for its guest
 * @binding: the range that the guest accesses, bound
 * @index: page offset in the file, inside the binding
 *
 * Like kvm_private_lock_page() for a caller that can't sleep. The page may leave the file
 * or change its attribute at any moment: the data that the caller reads is good only if
 * nothing was invalidated meanwhile.
 *
 * Context: any but interrupts. Takes no lock.
 * Return: as kvm_private_lock_page(), and kvm_private_put_pfn() is owed for the
 * page's pfn; also ERR_PTR(-EAGAIN) for a page that isn't ready for the guest.
 */
struct page *kvm_private_peek_page(struct kvm_private_binding *binding,
				   pgoff_t index)
{
	struct kvm_private_file *f = kvm_private_file(binding->file);
	struct kvm_private_unit unit;
	struct page *page;
	bool private, own;
	int ret;

	if (!pfn_is_bound(binding, index))
		return ERR_PTR(-EINVAL);

	private = kvm_private_attribute_is_private(f, index);
	ret = pfn_host_may_access(f, binding, private);
	if (ret)
		return ERR_PTR(ret);

	page = kvm_private_store_get(f, index, &unit);
	if (!page)
		return kvm_private_auto_alloc(f) ? NULL : ERR_PTR(-ENOENT);
	if (kvm_private_store_is_claimed(f, index, &unit, &own) ||
	    kvm_private_attribute_is_private(f, index) != private)
		ret = -EAGAIN;
	else if (unlikely(PageHWPoison(page)))
		ret = -EHWPOISON;
	else if (kvm_private_unit_guest(&unit) != pfn_guest(binding, private))
		ret = -EAGAIN;
	if (ret) {
		put_page(page);
		return ERR_PTR(ret);
	}
	return page;
}
EXPORT_SYMBOL_KVM_PRIVATE(kvm_private_peek_page);

/**
 * kvm_private_unlock_page() - the host has done its work
 * @page: from kvm_private_lock_page()
 *
 * Context: any context that can drop a page reference.
 */
void kvm_private_unlock_page(struct page *page)
{
	struct page *head = kvm_private_page_head(page);

	put_page(page);
	kvm_private_store_unlock_head(head);
}
EXPORT_SYMBOL_KVM_PRIVATE(kvm_private_unlock_page);
