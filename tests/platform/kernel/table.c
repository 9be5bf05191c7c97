// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of pages that are assigned, and to which guest. All others are
 * the host's. 2^n pages are assigned at a time, and may be reclaimed in parts.
 */

#include <linux/align.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "platform.h"

/*
 * Pages of no compound page are prepared within an aligned block of this order.
 */
#define HUGE_ORDER	(PMD_SHIFT - PAGE_SHIFT)

DEFINE_MUTEX(kpp_lock);	/* guards the whole model */

static DEFINE_XARRAY(pages);
static unsigned long nr_assigned;
static u64 last_serial;

static void *address_of(unsigned long pfn)
{
	return page_address(pfn_to_page(pfn));
}

struct kpp_page *kpp_page(unsigned long pfn)
{
	lockdep_assert_held(&kpp_lock);

	return xa_load(&pages, pfn);
}

static void forget(unsigned long pfn, struct kpp_page *page)
{
	xa_erase(&pages, pfn);
	WRITE_ONCE(nr_assigned, nr_assigned - 1);
	kfree(page);
}

/* A page that the host has mapped or pinned must not be a guest's. */
static void check_host_lets_go(unsigned long pfn, const char *when)
{
	struct folio *folio = page_folio(pfn_to_page(pfn));

	kpp_rule(KPP_HOST_USES,
		 !folio_mapped(folio) && !folio_maybe_dma_pinned(folio),
		 "pfn %#lx, when %s", pfn, when);
}

/*
 * A conversion begins an invalidation first, and goes on once it has locked the
 * page, which is locked now. So a page with the other attribute is all right until
 * then.
 */
static void check_place(const struct kvm_private_binding *binding,
			pgoff_t index, unsigned long pfn, unsigned int order)
{
	unsigned long nr = 1UL << order;

	kpp_check_inside(binding, index, index + nr, "assigned");
	kpp_rule(KPP_ASSIGNED_ORDER, IS_ALIGNED(index, nr),
		 "page %#lx is not of order %u", index, order);
	for (; nr; nr--, index++, pfn++)
		kpp_rule(KPP_ASSIGNED_SHARED,
			 kvm_private_is_private(binding->file, index) ||
			 kpp_is_begun(binding, index),
			 "pfn %#lx, page %#lx", pfn, index);
}

/*
 * A compound page is one allocation, and so are pages that are prepared at once.
 */
static bool has_order(unsigned long pfn, unsigned int order)
{
	struct folio *folio = page_folio(pfn_to_page(pfn));

	if (folio_test_large(folio))
		return folio_pfn(folio) == pfn && folio_order(folio) == order;
	return !order || (order == HUGE_ORDER && IS_ALIGNED(pfn, 1UL << order));
}

static void forget_all(unsigned long pfn, unsigned long nr)
{
	struct kpp_page *page;
	unsigned long at;

	xa_for_each_range(&pages, at, page, pfn, pfn + (nr - 1))
		forget(at, page);
}

static void assign_page(unsigned long pfn, const struct kpp_page *like,
			enum kpp_content content)
{
	struct kpp_page *page = kmemdup(like, sizeof(*like), KPP_GFP);

	check_host_lets_go(pfn, "assigned");
	if (!page->open) {
		kpp_cipher_page(address_of(pfn), content == KPP_CONTENT_KEPT ?
						 page->guest : ~page->guest);
		page->sum = kpp_cipher_sum(address_of(pfn));
	}
	xa_store(&pages, pfn, page, KPP_GFP);
	WRITE_ONCE(nr_assigned, nr_assigned + 1);
}

/**
 * kpp_assign() - a guest gets a page
 * @binding: through which; NULL if it is none
 * @index: page offset in the binding's file
 * @guest: the guest
 * @pfn: the first page
 * @order: log2 of their number
 * @content: the content that the guest finds
 */
void kpp_assign(const struct kvm_private_binding *binding, pgoff_t index,
		u64 guest, unsigned long pfn, unsigned int order,
		enum kpp_content content)
{
	struct kpp_page new = {
		.guest = guest, .open = content == KPP_CONTENT_OPEN,
	};
	struct folio *folio = page_folio(pfn_to_page(pfn));
	struct kpp_page *old;
	unsigned long at, nr;

	mutex_lock(&kpp_lock);
	if (!kpp_rule(KPP_ASSIGNED_ORDER, has_order(pfn, order),
		      "pfn %#lx is not of order %u", pfn, order)) {
		order = folio_order(folio);
		pfn = folio_pfn(folio);
	}
	nr = 1UL << order;
	if (binding)
		check_place(binding, index, pfn, order);

	at = pfn;
	old = xa_find(&pages, &at, pfn + nr - 1, XA_PRESENT);
	if (!kpp_rule(KPP_ASSIGNED_TWICE, !old,
		      "pfn %#lx to guest %#llx is guest %#llx's", at, guest,
		      old ? old->guest : 0))
		forget_all(pfn, nr);

	new.order = order;
	new.serial = ++last_serial;
	for (at = pfn; at < pfn + nr; at++)
		assign_page(at, &new, content);
	mutex_unlock(&kpp_lock);
}

/*
 * A part of an assigned block may be reclaimed before the rest, but not a part of
 * a compound page, and no more at a time than was assigned at once.
 */
static bool can_reclaim(unsigned long pfn, unsigned long nr)
{
	struct kpp_page *first = kpp_page(pfn), *page;
	struct folio *folio = page_folio(pfn_to_page(pfn));
	unsigned long i;

	if (!is_power_of_2(nr) || !IS_ALIGNED(pfn, nr) ||
	    nr > 1UL << first->order)
		return false;
	if (folio_test_large(folio) && nr != folio_nr_pages(folio))
		return false;
	for (i = 1; i < nr; i++) {
		page = kpp_page(pfn + i);
		if (!page || page->serial != first->serial)
			return false;
	}
	return true;
}

static void reclaim_page(unsigned long pfn)
{
	struct kpp_page *page = kpp_page(pfn);

	kpp_rule(KPP_RECLAIMED_MAPPED,
		 !page->nr_mapped && !page->watch && !kpp_may_map(page),
		 "pfn %#lx, page %#lx of guest %#llx, mapped %u times", pfn,
		 page->index, page->guest, page->nr_mapped);
	kpp_rule(KPP_FREED_ASSIGNED,
		 folio_ref_count(page_folio(pfn_to_page(pfn))),
		 "pfn %#lx, before it is reclaimed", pfn);
	check_host_lets_go(pfn, "reclaimed");
	if (!page->open)
		kpp_rule(KPP_CONTENT_CHANGED,
			 page->sum == kpp_cipher_sum(address_of(pfn)),
			 "pfn %#lx of guest %#llx", pfn, page->guest);
	forget(pfn, page);
}

/* The page stays scrambled, since the host gets no plain text. */
void kpp_reclaim(unsigned long pfn, unsigned long nr)
{
	mutex_lock(&kpp_lock);
	if (!kpp_rule(KPP_RECLAIMED_UNASSIGNED, kpp_page(pfn), "pfn %#lx", pfn))
		goto unlock;
	if (!kpp_rule(KPP_RECLAIMED_PART, can_reclaim(pfn, nr),
		      "%lu from pfn %#lx on, of order %u", nr, pfn,
		      kpp_page(pfn)->order))
		goto unlock;
	for (; nr; nr--)
		reclaim_page(pfn++);
unlock:
	mutex_unlock(&kpp_lock);
}

void kpp_freed(unsigned long pfn, unsigned long nr)
{
	struct kpp_page *page;
	unsigned long i;

	mutex_lock(&kpp_lock);
	for (i = 0; i < nr; i++) {
		page = kpp_page(pfn + i);
		if (!kpp_rule(KPP_FREED_ASSIGNED, !page,
			      "pfn %#lx is guest %#llx's", pfn + i,
			      page ? page->guest : 0))
			forget(pfn + i, page);
	}
	mutex_unlock(&kpp_lock);
}

void kpp_shared(unsigned long pfn, unsigned long nr)
{
	struct kpp_page *page;
	unsigned long i;

	mutex_lock(&kpp_lock);
	for (i = 0; i < nr; i++) {
		page = kpp_page(pfn + i);
		kpp_rule(KPP_SHARED_ASSIGNED, !page,
			 "pfn %#lx is guest %#llx's", pfn + i,
			 page ? page->guest : 0);
	}
	mutex_unlock(&kpp_lock);
}

/* @for_guest: on behalf of a guest that trusts the host */
void kpp_host_access(unsigned long pfn, unsigned long nr, bool for_guest)
{
	struct kpp_page *page;
	unsigned long i;

	mutex_lock(&kpp_lock);
	for (i = 0; i < nr; i++) {
		page = kpp_page(pfn + i);
		kpp_rule(KPP_HOST_ACCESS, !page || (for_guest && page->open),
			 "pfn %#lx is guest %#llx's", pfn + i,
			 page ? page->guest : 0);
	}
	mutex_unlock(&kpp_lock);
}

static bool check_guest(struct kpp_page *page, u64 guest, unsigned long pfn,
			const char *what)
{
	return kpp_rule(KPP_GUEST_UNASSIGNED, page && page->guest == guest,
			"guest %#llx %s pfn %#lx, which is %s%#llx", guest,
			what, pfn, page ? "guest " : "the host's ",
			page ? page->guest : 0);
}

/**
 * kpp_map() - a guest of our own gets a mapping
 * @guest: the guest
 * @pfn: the page
 *
 * Return: the serial for kpp_unmap().
 */
u64 kpp_map(u64 guest, unsigned long pfn)
{
	struct kpp_page *page;
	u64 serial = 0;

	mutex_lock(&kpp_lock);
	page = kpp_page(pfn);
	if (check_guest(page, guest, pfn, "maps")) {
		page->nr_mapped++;
		serial = page->serial;
	}
	mutex_unlock(&kpp_lock);
	return serial;
}

void kpp_unmap(unsigned long pfn, u64 serial)
{
	struct kpp_page *page;

	mutex_lock(&kpp_lock);
	page = kpp_page(pfn);
	if (page && page->serial == serial)
		page->nr_mapped--;
	mutex_unlock(&kpp_lock);
}

/* @word: in or out, as the guest sees it */
void kpp_guest_access(u64 guest, unsigned long pfn, u64 *word, bool write)
{
	u64 *raw = address_of(pfn);
	struct kpp_page *page;
	u64 key = 0;

	mutex_lock(&kpp_lock);
	page = kpp_page(pfn);
	check_guest(page, guest, pfn, "accesses");
	if (page && !page->open)
		key = kpp_cipher_word(guest, 0);

	if (!write) {
		*word = READ_ONCE(*raw) ^ key;
	} else {
		if (page)
			page->sum += kpp_cipher_sum_word(*word ^ key, 0) -
				      kpp_cipher_sum_word(*raw, 0);
		WRITE_ONCE(*raw, *word ^ key);
	}
	mutex_unlock(&kpp_lock);
}

unsigned long kpp_nr_assigned(void)
{
	return READ_ONCE(nr_assigned);
}

/* No file is left, so that no page may be assigned. */
void kpp_table_settle(void)
{
	mutex_lock(&kpp_lock);
	kpp_rule(KPP_NEVER_RECLAIMED, !nr_assigned, "%lu pages", nr_assigned);
	forget_all(0, ULONG_MAX);
	mutex_unlock(&kpp_lock);
}
