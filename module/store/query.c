// SPDX-License-Identifier: GPL-2.0-only
/* Queries of the store. */

#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>

#include "debug/detour.h"
#include "internal.h"
#include "memory/pages.h"
#include "memory/unit.h"
#include "attribute.h"
#include "store/store.h"
#include "store/walk.h"

/* The unit with the next page from where the walk is on. RCU is read-locked. */
static bool query_next_unit(struct xa_state *xas, pgoff_t last,
			    struct kvm_private_unit *unit)
{
	void *entry;

	do {
		entry = xas_next_entry(xas, last);
	} while (kvm_private_walk_retry(xas, entry));
	if (entry)
		*unit = kvm_private_entry_unit(entry, xas->xa_index);
	return entry;
}

/* Gives the processor up, and has the walk go on at @next. RCU is read-locked. */
#define walk_pause(xas, next, name)					\
do {									\
	kvm_private_walk_set(xas, next);				\
	kvm_private_resched_rcu(name);					\
} while (0)

/* Bytes by NUMA node, as in /proc/PID/numa_maps but for the unit */
void kvm_private_store_show_nodes(struct kvm_private_file *f,
				  struct seq_file *m)
{
	unsigned long nr;
	int nid;

	for (nid = 0; nid < nr_node_ids; nid++) {
		nr = atomic_long_read(&f->nr_pages[nid]);
		if (nr)
			seq_printf(m, " N%d=%lu", nid, nr << PAGE_SHIFT);
	}
}

/**
 * kvm_private_store_next_page() - find the next page
 * @f: the file
 * @start: in: where to start; out: the offset of the page
 * @end: page offset after the last to look at
 *
 * Return: whether there is one.
 */
bool kvm_private_store_next_page(struct kvm_private_file *f, pgoff_t *start,
				 pgoff_t end)
{
	unsigned long index = *start;

	if (!xa_find(&f->units, &index, end - 1, XA_PRESENT))
		return false;
	/* An entry that begins before @start is found at its beginning. */
	*start = max(*start, index);
	return true;
}

/**
 * kvm_private_store_next_hole() - find the next hole
 * @f: the file
 * @start: where to start
 * @end: page offset after the last to look at
 *
 * Context: may sleep.
 * Return: the offset of the first missing page, @end if there is none.
 */
pgoff_t kvm_private_store_next_hole(struct kvm_private_file *f, pgoff_t start,
				    pgoff_t end)
{
	XA_STATE(xas, &f->units, start);
	pgoff_t index = start;
	unsigned int order;
	void *entry;

	/* Not xas_for_each(), which looks for a page far beyond the hole. */
	rcu_read_lock();
	for (entry = xas_load(&xas); index < end;) {
		if (kvm_private_walk_retry(&xas, entry)) {
			entry = xas_load(&xas);
			continue;
		}
		if (!entry)
			break;

		order = kvm_private_entry_order(entry);
		index = round_down(index, 1UL << order) + (1UL << order);
		if (kvm_private_should_pause(NEXT_HOLE)) {
			walk_pause(&xas, index, NEXT_HOLE);
			entry = xas_load(&xas);
		} else if (order) {
			kvm_private_walk_set(&xas, index);
			entry = xas_load(&xas);
		} else {
			entry = xas_next(&xas);
		}
	}
	rcu_read_unlock();

	return min(index, end);
}

/**
 * kvm_private_store_find_pfn() - find a page by where it is in memory
 * @f: the file
 * @pfn: a page frame number
 * @index: out: the page's offset
 *
 * Looks at all units. The answer may be old: the page may have gone or moved.
 *
 * Context: may sleep.
 * Return: whether the file has it.
 */
bool kvm_private_store_find_pfn(struct kvm_private_file *f, unsigned long pfn,
				pgoff_t *index)
{
	XA_STATE(xas, &f->units, 0);
	struct kvm_private_unit unit;
	bool found = false;

	rcu_read_lock();
	while (!found && query_next_unit(&xas, ULONG_MAX, &unit)) {
		found = pfn - page_to_pfn(unit.head) < kvm_private_unit_nr(&unit);
		if (found)
			*index = unit.index + pfn - page_to_pfn(unit.head);
		else if (kvm_private_should_pause(FIND_PFN))
			walk_pause(&xas, kvm_private_unit_end(&unit), FIND_PFN);
	}
	rcu_read_unlock();

	return found;
}

/**
 * kvm_private_store_find_poison() - find a page with a hardware memory error
 * @f: the file
 * @index: in: page offset to start at; out: the page's
 *
 * Looks at all pages of all units.
 *
 * Context: may sleep, for long.
 * Return: whether there is one.
 */
bool kvm_private_store_find_poison(struct kvm_private_file *f, pgoff_t *index)
{
	XA_STATE(xas, &f->units, *index);
	struct kvm_private_unit unit;
	bool found = false;

	rcu_read_lock();
	while (query_next_unit(&xas, ULONG_MAX, &unit)) {
		*index = max(*index, unit.index);
		found = PageHWPoison(kvm_private_unit_page(&unit, *index));
		if (found)
			break;
		++*index;
		if (kvm_private_should_pause(FIND_POISON))
			walk_pause(&xas, *index, FIND_POISON);
		else if (unit.order)
			kvm_private_walk_set(&xas, *index);
	}
	rcu_read_unlock();

	return found;
}

/**
 * kvm_private_check_unreferenced() - kvm_private_check_unused() for pages of either attribute
 * @f: the file
 * @start: first page offset
 * @end: page offset after the last
 * @pinned: out: with -EAGAIN, the first page that something else holds
 *
 * Context: may sleep.
 * Return: as kvm_private_check_unused()
 */
int kvm_private_check_unreferenced(struct kvm_private_file *f, pgoff_t start,
				   pgoff_t end, pgoff_t *pinned)
{
	XA_STATE(xas, &f->units, start);
	struct kvm_private_unit unit;
	pgoff_t index = start, last;
	int ret = 0;

	rcu_read_lock();
	while (query_next_unit(&xas, end - 1, &unit)) {
		index = max(index, unit.index);
		last = min3(end, kvm_private_unit_end(&unit),
			    index + (1UL << KVM_PRIVATE_ORDER_HUGE));
		while (index < last && kvm_private_page_is_unused(&unit, index))
			index++;
		if (index < last) {
			*pinned = index;
			ret = -EAGAIN;
			break;
		}

		if (kvm_private_should_pause(CHECK_UNUSED)) {
			if (fatal_signal_pending(current)) {
				ret = -EINTR;
				break;
			}
			walk_pause(&xas, index, CHECK_UNUSED);
		} else if (index < kvm_private_unit_end(&unit)) {
			kvm_private_walk_set(&xas, index);
		}
	}
	rcu_read_unlock();

	return ret;
}

/**
 * kvm_private_check_unused() - see that the store alone holds pages
 * @f: the file
 * @start: first page offset
 * @end: page offset after the last
 * @pinned: out: with -EAGAIN, the first page that something else holds
 *
 * Only pages that are shared now are looked at: the host holds no others.
 *
 * The caller has removed all mappings of the range and keeps new ones from coming. If it
 * has claimed the range before, a page whose count says that the store alone holds it stays
 * so for as long as it is claimed:
 *
 * - get_user_pages_fast() may have found it in a mapping that is gone. It drops its
 *   reference when it sees that. Such a reference may be mistaken for one that lasts,
 *   but not the other way round.
 * - A lookup through the store takes its reference and then looks for claims, while the
 *   caller claims the range and then looks for references here. Both have a full barrier in
 *   between, see claim.c. A lookup whose reference isn't seen here sees the claim, and
 *   gives up its page. kvm_private_lock_page() is such a lookup: it holds a reference of
 *   the very page.
 * - A lookup that gives up, and a task that has locked a unit, hold a page for a moment:
 *   kvm_private_store_wait_unused() waits for them.
 *
 * Context: may sleep, for long. invalidate_lock held for writing.
 * Return: 0; -EAGAIN; -EINTR if a fatal signal is pending.
 */
int kvm_private_check_unused(struct kvm_private_file *f, pgoff_t start,
			     pgoff_t end, pgoff_t *pinned)
{
	pgoff_t next;
	int ret;

	lockdep_assert_held_write(&f->invalidate_lock);

	for (; start < end; start = next) {
		next = end;
		if (!kvm_private_attribute_find(f, false, &start, &next))
			break;
		ret = kvm_private_check_unreferenced(f, start, next, pinned);
		if (ret)
			return ret;
	}
	return 0;
}
