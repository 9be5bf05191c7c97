// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory for gigantic units, which are larger than what the page allocator deals
 * with: a range of it is cleared of whatever can be moved, some at a time.
 *
 * What comes from there is on no memory cgroup's bill: modules can't charge, and
 * the allocator doesn't in this case. So it takes a right to have such a file.
 */

#include <linux/cpuset.h>
#include <linux/mm.h>
#include <linux/mutex.h>
#include <linux/nodemask.h>

#include "compat/compat.h"
#include "debug/detour.h"
#include "debug/fail_point.h"
#include "internal.h"
#include "memory/memory.h"
#include "memory/pages.h"

#define NR_PAGES	(PUD_SIZE >> PAGE_SHIFT)

/*
 * What is cleared in one go: the allocator zeroes all that it gives, while others wait for
 * the processor.
 */
#define CHUNK		(2UL << KVM_PRIVATE_ORDER_HUGE)

#define GFP_GIGANTIC	(GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/* Who clears a range would be in the way of another who does. */
static DEFINE_MUTEX(gigantic_lock);

/* The allocator looks at the pages, but takes the range for one of the zone's. */
static bool is_of_zone(struct zone *zone, unsigned long pfn)
{
	unsigned long at;
	struct page *page;

	for (at = pfn; at < pfn + NR_PAGES; at += pageblock_nr_pages) {
		page = pfn_to_online_page(at);
		if (!page || page_zone(page) != zone)
			return false;
	}
	return true;
}

static void free_pages_from(unsigned long pfn, unsigned long end)
{
	for (; pfn < end; pfn++) {
		__free_page(pfn_to_page(pfn));
		if (IS_ALIGNED(pfn, CHUNK))
			kvm_private_cond_resched(GIGANTIC);
	}
}

/* The first chunk and the last: to try all of them a test would take too long. */
static bool chunk_fails(unsigned long pfn, unsigned long at)
{
	if (at == pfn)
		return kvm_private_fails(KVM_PRIVATE_FAIL_CONTIG);
	return at + CHUNK == pfn + NR_PAGES &&
	       kvm_private_fails(KVM_PRIVATE_FAIL_CONTIG_LAST);
}

static bool alloc_pages_from(unsigned long pfn)
{
	/* Each chunk has others wait for what they have of the allocator's to be given back. */
	unsigned long chunk = want_init_on_alloc(0) ? CHUNK : NR_PAGES;
	unsigned long at, end = pfn + NR_PAGES;

	for (at = pfn; at < end; at += chunk) {
		if (fatal_signal_pending(current) || chunk_fails(pfn, at) ||
		    kvm_private_alloc_contig(at, at + chunk, GFP_GIGANTIC))
			break;
		kvm_private_cond_resched(GIGANTIC);
	}
	if (likely(at == end))
		return true;

	free_pages_from(pfn, at);
	return false;
}

static struct page *alloc_in_zone(struct zone *zone)
{
	unsigned long pfn = ALIGN(zone->zone_start_pfn, NR_PAGES);

	for (; pfn + NR_PAGES <= zone_end_pfn(zone); pfn += NR_PAGES) {
		if (is_of_zone(zone, pfn) && alloc_pages_from(pfn))
			return pfn_to_page(pfn);
		if (fatal_signal_pending(current))
			break;
		kvm_private_cond_resched(GIGANTIC);
	}
	return NULL;
}

static struct page *alloc_on_node(int nid)
{
	struct page *page = NULL;
	int i;

	/* What is low is scarce, and what is movable must stay so. */
	for (i = ZONE_NORMAL; i >= 0 && !page; i--)
		if (populated_zone(&NODE_DATA(nid)->node_zones[i]))
			page = alloc_in_zone(&NODE_DATA(nid)->node_zones[i]);
	return page;
}

static struct page *alloc_on_nodes(const nodemask_t *nodes)
{
	struct page *page = NULL;
	int here = numa_mem_id(), nid;

	if (node_isset(here, *nodes))
		page = alloc_on_node(here);
	for_each_node_mask(nid, *nodes)
		if (!page && nid != here)
			page = alloc_on_node(nid);
	return page;
}

/* Those that were not asked for but will do */
static struct page *alloc_elsewhere(const nodemask_t *tried)
{
	nodemask_t rest;

	nodes_andnot(rest, node_states[N_MEMORY], *tried);
	return alloc_on_nodes(&rest);
}

/**
 * kvm_private_gigantic_alloc() - allocate memory for a gigantic unit
 * @f: the file
 * @index: page offset of the unit
 *
 * The pages are zeroed and each has a reference of its own; no memory cgroup
 * pays. Memory of others is moved away, which takes its time.
 *
 * Context: may sleep, for long.
 * Return: the first page, or NULL.
 */
struct page *kvm_private_gigantic_alloc(struct kvm_private_file *f,
					pgoff_t index)
{
	struct page *page;
	nodemask_t nodes;
	bool only;

	only = kvm_private_policy_nodes(f, index, KVM_PRIVATE_ORDER_GIGANTIC,
					&nodes);
	nodes_and(nodes, nodes, cpuset_current_mems_allowed);
	nodes_and(nodes, nodes, node_states[N_MEMORY]);

	if (mutex_lock_killable(&gigantic_lock))
		return NULL;
	page = alloc_on_nodes(&nodes);
	if (!page && !only)
		page = alloc_elsewhere(&nodes);
	mutex_unlock(&gigantic_lock);

	/* It may have been zeroed by itself, but never because we asked for it. */
	if (page && !want_init_on_alloc(0) && !want_init_on_free())
		kvm_private_pages_clear(page, NR_PAGES);
	return page;
}
