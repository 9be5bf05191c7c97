// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of page frames that are assigned, and to which guest. All others are
 * the host's. 2^n frames are assigned at a time, and may be reclaimed in parts.
 */

#include <linux/align.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>

#include "platform.h"

/*
 * Frames of no compound page are prepared within an aligned block of this order.
 */
#define HUGE_ORDER	(PMD_SHIFT - PAGE_SHIFT)

DEFINE_MUTEX(kpp_lock);	/* guards the whole model */

static DEFINE_XARRAY(frames);
static unsigned long nr_assigned;
static u64 last_serial;

static void *address_of(unsigned long pfn)
{
	return page_address(pfn_to_page(pfn));
}

struct kpp_frame *kpp_frame(unsigned long pfn)
{
	lockdep_assert_held(&kpp_lock);

	return xa_load(&frames, pfn);
}

static void forget(unsigned long pfn, struct kpp_frame *frame)
{
	xa_erase(&frames, pfn);
	WRITE_ONCE(nr_assigned, nr_assigned - 1);
	kfree(frame);
}

/* A page that the host has mapped or pinned must not be a guest's. */
static void check_host_lets_go(unsigned long pfn, const char *when)
{
	struct folio *folio = page_folio(pfn_to_page(pfn));

	kpp_rule(KPP_HOST_HOLDS,
		 !folio_mapped(folio) && !folio_maybe_dma_pinned(folio),
		 "pfn %#lx, when %s", pfn, when);
}

/*
 * A conversion begins an invalidation first, and goes on once it has locked the
 * page, which is locked now. So a page of the other state is all right until
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
 * A compound page is one allocation, and so are frames that are prepared at once.
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
	struct kpp_frame *frame;
	unsigned long at;

	xa_for_each_range(&frames, at, frame, pfn, pfn + (nr - 1))
		forget(at, frame);
}

static void assign_frame(unsigned long pfn, const struct kpp_frame *like,
			 enum kpp_content content)
{
	struct kpp_frame *frame = kmemdup(like, sizeof(*like), KPP_GFP);

	check_host_lets_go(pfn, "assigned");
	if (!frame->open) {
		kpp_cipher_page(address_of(pfn), content == KPP_CONTENT_KEPT ?
						 frame->guest : ~frame->guest);
		frame->sum = kpp_cipher_sum(address_of(pfn));
	}
	xa_store(&frames, pfn, frame, KPP_GFP);
	WRITE_ONCE(nr_assigned, nr_assigned + 1);
}

/**
 * kpp_assign() - a guest gets a page
 * @binding: through which; NULL if it is none
 * @index: page offset in the binding's file
 * @guest: the guest
 * @pfn: first page frame
 * @order: log2 of their number
 * @content: the content that the guest finds
 */
void kpp_assign(const struct kvm_private_binding *binding, pgoff_t index,
		u64 guest, unsigned long pfn, unsigned int order,
		enum kpp_content content)
{
	struct kpp_frame new = {
		.guest = guest, .open = content == KPP_CONTENT_OPEN,
	};
	struct folio *folio = page_folio(pfn_to_page(pfn));
	struct kpp_frame *old;
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
	old = xa_find(&frames, &at, pfn + nr - 1, XA_PRESENT);
	if (!kpp_rule(KPP_ASSIGNED_TWICE, !old,
		      "pfn %#lx to guest %#llx is guest %#llx's", at, guest,
		      old ? old->guest : 0))
		forget_all(pfn, nr);

	new.order = order;
	new.serial = ++last_serial;
	for (at = pfn; at < pfn + nr; at++)
		assign_frame(at, &new, content);
	mutex_unlock(&kpp_lock);
}

/*
 * A part of an assigned block may be reclaimed before the rest, but not a part of
 * a compound page, and no more at a time than was assigned at once.
 */
static bool can_reclaim(unsigned long pfn, unsigned long nr)
{
	struct kpp_frame *first = kpp_frame(pfn), *frame;
	struct folio *folio = page_folio(pfn_to_page(pfn));
	unsigned long i;

	if (!is_power_of_2(nr) || !IS_ALIGNED(pfn, nr) ||
	    nr > 1UL << first->order)
		return false;
	if (folio_test_large(folio) && nr != folio_nr_pages(folio))
		return false;
	for (i = 1; i < nr; i++) {
		frame = kpp_frame(pfn + i);
		if (!frame || frame->serial != first->serial)
			return false;
	}
	return true;
}

static void reclaim_frame(unsigned long pfn)
{
	struct kpp_frame *frame = kpp_frame(pfn);

	kpp_rule(KPP_RECLAIMED_MAPPED,
		 !frame->nr_mapped && !frame->watch && !kpp_may_map(frame),
		 "pfn %#lx, page %#lx of guest %#llx, mapped %u times", pfn,
		 frame->index, frame->guest, frame->nr_mapped);
	kpp_rule(KPP_FREED_ASSIGNED,
		 folio_ref_count(page_folio(pfn_to_page(pfn))),
		 "pfn %#lx, before it is reclaimed", pfn);
	check_host_lets_go(pfn, "reclaimed");
	if (!frame->open)
		kpp_rule(KPP_CONTENT_CHANGED,
			 frame->sum == kpp_cipher_sum(address_of(pfn)),
			 "pfn %#lx of guest %#llx", pfn, frame->guest);
	forget(pfn, frame);
}

/* The page stays scrambled, since the host gets no plain text. */
void kpp_reclaim(unsigned long pfn, unsigned long nr)
{
	mutex_lock(&kpp_lock);
	if (!kpp_rule(KPP_RECLAIMED_UNASSIGNED, kpp_frame(pfn), "pfn %#lx", pfn))
		goto unlock;
	if (!kpp_rule(KPP_RECLAIMED_PART, can_reclaim(pfn, nr),
		      "%lu from pfn %#lx on, of order %u", nr, pfn,
		      kpp_frame(pfn)->order))
		goto unlock;
	for (; nr; nr--)
		reclaim_frame(pfn++);
unlock:
	mutex_unlock(&kpp_lock);
}

void kpp_freed(unsigned long pfn, unsigned long nr)
{
	struct kpp_frame *frame;
	unsigned long i;

	mutex_lock(&kpp_lock);
	for (i = 0; i < nr; i++) {
		frame = kpp_frame(pfn + i);
		if (!kpp_rule(KPP_FREED_ASSIGNED, !frame,
			      "pfn %#lx is guest %#llx's", pfn + i,
			      frame ? frame->guest : 0))
			forget(pfn + i, frame);
	}
	mutex_unlock(&kpp_lock);
}

void kpp_shared(unsigned long pfn, unsigned long nr)
{
	struct kpp_frame *frame;
	unsigned long i;

	mutex_lock(&kpp_lock);
	for (i = 0; i < nr; i++) {
		frame = kpp_frame(pfn + i);
		kpp_rule(KPP_SHARED_ASSIGNED, !frame,
			 "pfn %#lx is guest %#llx's", pfn + i,
			 frame ? frame->guest : 0);
	}
	mutex_unlock(&kpp_lock);
}

/* @for_guest: on behalf of a guest that trusts the host */
void kpp_host_access(unsigned long pfn, unsigned long nr, bool for_guest)
{
	struct kpp_frame *frame;
	unsigned long i;

	mutex_lock(&kpp_lock);
	for (i = 0; i < nr; i++) {
		frame = kpp_frame(pfn + i);
		kpp_rule(KPP_HOST_ACCESS, !frame || (for_guest && frame->open),
			 "pfn %#lx is guest %#llx's", pfn + i,
			 frame ? frame->guest : 0);
	}
	mutex_unlock(&kpp_lock);
}

static bool check_guest(struct kpp_frame *frame, u64 guest, unsigned long pfn,
			const char *what)
{
	return kpp_rule(KPP_GUEST_UNASSIGNED, frame && frame->guest == guest,
			"guest %#llx %s pfn %#lx, which is %s%#llx", guest,
			what, pfn, frame ? "guest " : "the host's ",
			frame ? frame->guest : 0);
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
	struct kpp_frame *frame;
	u64 serial = 0;

	mutex_lock(&kpp_lock);
	frame = kpp_frame(pfn);
	if (check_guest(frame, guest, pfn, "maps")) {
		frame->nr_mapped++;
		serial = frame->serial;
	}
	mutex_unlock(&kpp_lock);
	return serial;
}

void kpp_unmap(unsigned long pfn, u64 serial)
{
	struct kpp_frame *frame;

	mutex_lock(&kpp_lock);
	frame = kpp_frame(pfn);
	if (frame && frame->serial == serial)
		frame->nr_mapped--;
	mutex_unlock(&kpp_lock);
}

/* @word: in or out, as the guest sees it */
void kpp_guest_access(u64 guest, unsigned long pfn, u64 *word, bool write)
{
	u64 *raw = address_of(pfn);
	struct kpp_frame *frame;
	u64 key = 0;

	mutex_lock(&kpp_lock);
	frame = kpp_frame(pfn);
	check_guest(frame, guest, pfn, "accesses");
	if (frame && !frame->open)
		key = kpp_cipher_word(guest, 0);

	if (!write) {
		*word = READ_ONCE(*raw) ^ key;
	} else {
		if (frame)
			frame->sum += kpp_cipher_sum_word(*word ^ key, 0) -
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
	kpp_rule(KPP_NEVER_RECLAIMED, !nr_assigned, "%lu frames", nr_assigned);
	forget_all(0, ULONG_MAX);
	mutex_unlock(&kpp_lock);
}
