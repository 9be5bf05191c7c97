// SPDX-License-Identifier: GPL-2.0-only
/* What the store can tell of its pages. */

#include <linux/pagemap.h>
#include <linux/rcupdate_wait.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>

#include "internal.h"
#include "unit.h"

unsigned long kvm_private_store_nr_pages(struct kvm_private_file *f)
{
	unsigned long nr = 0;
	int nid;

	for (nid = 0; nid < nr_node_ids; nid++)
		nr += atomic_long_read(&f->nr_pages[nid]);
	return nr;
}

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
	/* An entry that begins before is found where it begins. */
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
		if (xas_retry(&xas, entry)) {
			entry = xas_load(&xas);
			continue;
		}
		if (!entry)
			break;

		order = kvm_private_entry_order(entry);
		index = round_down(index, 1UL << order) + (1UL << order);
		if (need_resched()) {
			xas_pause(&xas);
			cond_resched_rcu();
		}
		if (order || xas.xa_node == XAS_RESTART) {
			xas_set(&xas, index);
			entry = xas_load(&xas);
		} else {
			entry = xas_next(&xas);
		}
	}
	rcu_read_unlock();

	return min(index, end);
}

/**
 * kvm_private_store_find_frame() - find a page by where it is in memory
 * @f: the file
 * @frame: a page frame
 * @index: out: the page's offset
 *
 * Looks at all units. The answer may be old: the page may have gone or moved.
 *
 * Context: may sleep.
 * Return: whether the file has it.
 */
bool kvm_private_store_find_frame(struct kvm_private_file *f,
				  unsigned long frame, pgoff_t *index)
{
	XA_STATE(xas, &f->units, 0);
	struct kvm_private_unit unit;
	bool found = false;
	void *entry;

	rcu_read_lock();
	xas_for_each(&xas, entry, ULONG_MAX) {
		if (xas_retry(&xas, entry))
			continue;
		unit = kvm_private_entry_unit(entry, xas.xa_index);
		found = frame - page_to_pfn(unit.head) < kvm_private_unit_nr(&unit);
		if (found) {
			*index = unit.index + frame - page_to_pfn(unit.head);
			break;
		}
		if (need_resched()) {
			xas_pause(&xas);
			cond_resched_rcu();
		}
	}
	rcu_read_unlock();

	return found;
}

static bool is_unused(const struct kvm_private_unit *unit, pgoff_t end,
		      pgoff_t *index)
{
	for (; *index < min(end, kvm_private_unit_end(unit)); ++*index)
		if (page_ref_count(kvm_private_unit_page(unit, *index)) != 1)
			return false;
	return true;
}

/**
 * kvm_private_store_check_unused() - does the store alone hold the pages?
 * @f: the file
 * @start: first page offset
 * @end: page offset after the last
 * @held: out: with -EAGAIN, the first page that somebody else holds
 *
 * The caller has removed all mappings of the range and keeps new ones from
 * coming, so that nobody who doesn't hold a page now can get hold of it: a
 * lookup of a mapping that is gone (get_user_pages_fast()) drops its reference
 * when it finds out. Such a reference may be mistaken for one that lasts, but
 * not the other way round.
 *
 * Context: may sleep, for long.
 * Return: 0; -EAGAIN; -EINTR if a fatal signal is pending.
 */
int kvm_private_store_check_unused(struct kvm_private_file *f, pgoff_t start,
				   pgoff_t end, pgoff_t *held)
{
	XA_STATE(xas, &f->units, start);
	struct kvm_private_unit unit;
	pgoff_t index;
	int ret = 0;
	void *entry;

	rcu_read_lock();
	xas_for_each(&xas, entry, end - 1) {
		if (xas_retry(&xas, entry))
			continue;
		unit = kvm_private_entry_unit(entry, xas.xa_index);
		index = max(start, unit.index);
		if (!is_unused(&unit, end, &index)) {
			*held = index;
			ret = -EAGAIN;
			break;
		}

		if (need_resched()) {
			if (fatal_signal_pending(current)) {
				ret = -EINTR;
				break;
			}
			xas_pause(&xas);
			cond_resched_rcu();
		}
	}
	rcu_read_unlock();

	return ret;
}
