/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Units, for which the entries of the store stand. A unit is one page, or 2^n pages that
 * are contiguous in memory as they are in the file, both naturally aligned.
 *
 * The pages of a unit are no compound page: each has its own reference count, so that each
 * can be mapped, pinned, and freed when the unit comes apart. The first page carries the
 * lock and the guest's record for all of the unit.
 *
 * A unit that was allocated in one piece is unsplit until it comes apart: the first page's
 * charge is for all pages, and they go back in one piece. Of a gigantic unit that is true
 * for each block, which is a huge page's worth.
 */
#ifndef KVM_PRIVATE_UNIT_H
#define KVM_PRIVATE_UNIT_H

#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/xarray.h>

#include "internal.h"
#include "memory/pages.h"
#include "memory/poison.h"

/* Units or base pages that are dealt with between two chances to reschedule */
#define KVM_PRIVATE_RESCHED_PERIOD	32

/**
 * struct kvm_private_unit - a unit of the store
 * @head: its first page; NULL: there is none
 * @index: page offset of @head
 * @order: log2 of its number of pages
 * @unsplit: allocated in one piece, and still that
 * @poisoned: one of its pages has a hardware memory error, or a page of a unit that it
 *	was a part of
 * @claims: when it was looked up the file had claims, maybe of other pages; not in the
 *	store
 */
struct kvm_private_unit {
	struct page *head;
	pgoff_t index;
	unsigned int order;
	bool unsplit;
	bool poisoned;
	bool claims;
};

static inline unsigned long
kvm_private_unit_nr(const struct kvm_private_unit *unit)
{
	return 1UL << unit->order;
}

static inline pgoff_t kvm_private_unit_end(const struct kvm_private_unit *unit)
{
	return unit->index + kvm_private_unit_nr(unit);
}

/* The page for a page offset inside the unit */
static inline struct page *
kvm_private_unit_page(const struct kvm_private_unit *unit, pgoff_t index)
{
	return unit->head + (index - unit->index);
}

/*
 * Page locks are unknown to lockdep, and have no owner: another task's satisfies this, too.
 */
static inline void
kvm_private_unit_assert_locked(const struct kvm_private_unit *unit)
{
	VM_WARN_ON_ONCE(!PageLocked(unit->head));
}

/* The order of the blocks that are allocated and freed in one piece */
static inline unsigned int
kvm_private_block_order(const struct kvm_private_unit *unit)
{
	return min_t(unsigned int, unit->order, KVM_PRIVATE_ORDER_HUGE);
}

/**
 * kvm_private_unit_refs() - count the references that the store has of a page
 * @unit: the page's
 * @index: page offset inside the unit
 *
 * The store has one, but two of the first page of each block that may go back in one piece.
 * The page allocator frees the whole block if the reference that __free_pages() drops is
 * the last. A lookup that has read the entry long ago may have taken one just before: it
 * would be left with a page whose charge for the rest of the block is lost. So
 * unit_free_unsplit() gives up one of the two when nothing else pins the page, and
 * kvm_private_unit_get_page() takes none of a page that has fewer than two; both change the
 * count atomically. (A lookup that read another unit's entry for the page, before that was
 * freed, allocated for this one and is now freed again, all within its RCU read side, knows
 * of one only.)
 */
static inline int kvm_private_unit_refs(const struct kvm_private_unit *unit,
					pgoff_t index)
{
	/*
	 * All units are naturally aligned, so a batch has no other page at such an offset.
	 */
	bool is_first = index == unit->index ||
			IS_ALIGNED(index, 1UL << KVM_PRIVATE_ORDER_HUGE);

	return unit->unsplit && is_first ? 2 : 1;
}

/*
 * Takes a reference for a lookup, but none of a page that has fewer than the store's: that
 * is about to be freed. There is no page_ref function for two.
 */
static __always_inline bool
kvm_private_unit_get_page(const struct kvm_private_unit *unit, pgoff_t index)
{
	struct page *page = kvm_private_unit_page(unit, index);
	int refs = kvm_private_unit_refs(unit, index);
	int count;

	if (likely(refs == 1))
		return get_page_unless_zero(page);

	count = page_ref_count(page);
	do {
		if (count < refs)
			return false;
	} while (!atomic_try_cmpxchg(&page->_refcount, &count, count + 1));
	return true;
}

/* Whether the store alone holds a page; the answer may be old. */
static inline bool kvm_private_page_is_unused(const struct kvm_private_unit *unit,
					      pgoff_t index)
{
	return page_ref_count(kvm_private_unit_page(unit, index)) ==
	       kvm_private_unit_refs(unit, index);
}

/*
 * In its private field the head has the record of the unit's guest. Another page that
 * kvm_private_lock_page() has returned has the head there: the unit may have left the store
 * by the time of kvm_private_unlock_page().
 */
#define KVM_PRIVATE_PAGE_TAIL	1UL

/* @unit: locked */
static inline void kvm_private_page_note_head(const struct kvm_private_unit *unit,
					      struct page *page)
{
	kvm_private_unit_assert_locked(unit);
	if (page != unit->head)
		set_page_private(page, (unsigned long)unit->head |
				       KVM_PRIVATE_PAGE_TAIL);
}

/* @page: noted, in a unit that is locked since */
static inline struct page *kvm_private_page_head(struct page *page)
{
	unsigned long private = page_private(page);

	return private & KVM_PRIVATE_PAGE_TAIL ?
	       (void *)(private & ~KVM_PRIVATE_PAGE_TAIL) : page;
}

/* Whether it has the pages of a huge or a gigantic page */
static inline bool
kvm_private_unit_is_huge(const struct kvm_private_unit *unit)
{
	return unit->order >= KVM_PRIVATE_ORDER_HUGE;
}

static inline bool
kvm_private_unit_is_gigantic(const struct kvm_private_unit *unit)
{
	return unit->order == KVM_PRIVATE_ORDER_GIGANTIC;
}

/*
 * The order of the parts that a block comes apart into, or is made of if it can't be had at
 * once
 */
static inline unsigned int kvm_private_order_below(unsigned int order)
{
	return order > KVM_PRIVATE_ORDER_HUGE ? KVM_PRIVATE_ORDER_HUGE : 0;
}

/*
 * An entry is a value, the same for all page offsets of its unit: the head's pfn, whether
 * the unit is unsplit or poisoned, and a code for its order.
 */
#define KVM_PRIVATE_ENTRY_CODE		GENMASK(1, 0)
#define KVM_PRIVATE_ENTRY_BATCH		1UL
#define KVM_PRIVATE_ENTRY_HUGE		2UL
#define KVM_PRIVATE_ENTRY_GIGANTIC	3UL
#define KVM_PRIVATE_ENTRY_UNSPLIT		BIT(2)
#define KVM_PRIVATE_ENTRY_POISONED	BIT(3)
#define KVM_PRIVATE_ENTRY_SHIFT		4

static inline void *kvm_private_entry(const struct kvm_private_unit *unit)
{
	unsigned long value = page_to_pfn(unit->head) << KVM_PRIVATE_ENTRY_SHIFT;

	if (kvm_private_unit_is_gigantic(unit))
		value |= KVM_PRIVATE_ENTRY_GIGANTIC;
	else if (kvm_private_unit_is_huge(unit))
		value |= KVM_PRIVATE_ENTRY_HUGE;
	else if (unit->order)
		value |= KVM_PRIVATE_ENTRY_BATCH;
	if (unit->unsplit)
		value |= KVM_PRIVATE_ENTRY_UNSPLIT;
	if (unit->poisoned)
		value |= KVM_PRIVATE_ENTRY_POISONED;
	return xa_mk_value(value);
}

/* A byte for each code, since lookups are many */
#define KVM_PRIVATE_ENTRY_ORDERS					\
	((u32)KVM_PRIVATE_ORDER_BATCH << (8 * KVM_PRIVATE_ENTRY_BATCH) |	\
	 (u32)KVM_PRIVATE_ORDER_HUGE << (8 * KVM_PRIVATE_ENTRY_HUGE) |	\
	 (u32)KVM_PRIVATE_ORDER_GIGANTIC << (8 * KVM_PRIVATE_ENTRY_GIGANTIC))

static inline unsigned int kvm_private_entry_order(void *entry)
{
	unsigned int code = xa_to_value(entry) & KVM_PRIVATE_ENTRY_CODE;

	return (u8)(KVM_PRIVATE_ENTRY_ORDERS >> (8 * code));
}

/* @index: any that the entry was found at */
static inline struct kvm_private_unit kvm_private_entry_unit(void *entry,
							     pgoff_t index)
{
	unsigned int order = kvm_private_entry_order(entry);
	unsigned long value = xa_to_value(entry);

	return (struct kvm_private_unit){
		.head = pfn_to_page(value >> KVM_PRIVATE_ENTRY_SHIFT),
		.index = round_down(index, 1UL << order),
		.order = order,
		.unsplit = value & KVM_PRIVATE_ENTRY_UNSPLIT,
		.poisoned = value & KVM_PRIVATE_ENTRY_POISONED,
	};
}

/**
 * kvm_private_unit_guest() - the guest that a unit is prepared for
 * @unit: in the store
 *
 * Return: its record or NULL. Without the unit's lock it may be used for
 * nothing but a comparison.
 */
static inline struct kvm_private_guest *
kvm_private_unit_guest(const struct kvm_private_unit *unit)
{
	/*
	 * Pairs with smp_store_release() in guest_note(): a page that has a guest's record
	 * has been prepared.
	 */
	return (void *)smp_load_acquire(&unit->head->private);
}

/*
 * Whether a page of a unit may have a memory error. memory_error_handle_reports() notes
 * each error in the unit's entry; while a report waits for that, any unit may have the
 * page.
 */
static inline bool
kvm_private_unit_may_have_poison(const struct kvm_private_unit *unit)
{
	return unlikely(unit->poisoned || kvm_private_memory_errors_wait());
}

bool kvm_private_unit_has_poison(const struct kvm_private_unit *unit);
void kvm_private_unit_report_poison(const struct kvm_private_unit *unit,
				    int errors);
int kvm_private_unit_alloc(struct kvm_private_file *f,
			   struct kvm_private_unit *unit, gfp_t gfp);
void kvm_private_units_free(struct kvm_private_file *f,
			    struct kvm_private_unit *units, unsigned int nr);
void kvm_private_unit_split_charge(const struct kvm_private_unit *unit);
void kvm_private_unit_break(struct kvm_private_unit *unit);
void kvm_private_unit_count(struct kvm_private_file *f,
			    const struct kvm_private_unit *unit, long nr);

#endif /* KVM_PRIVATE_UNIT_H */
