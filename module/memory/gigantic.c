// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory for gigantic units, which are larger than the page allocator's blocks:
 * alloc_contig_range() moves other pages out of a range of memory, chunk by chunk.
 *
 * No memory cgroup pays for it: alloc_contig_range() doesn't charge, and modules can't. So
 * creating a file with gigantic pages takes CAP_IPC_LOCK.
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
 * Pages that are allocated in one go: alloc_contig_range() may zero all of them, without a
 * chance for other tasks to run.
 */
#define CHUNK		(2UL << KVM_PRIVATE_ORDER_HUGE)

#define GFP_GIGANTIC	(GFP_KERNEL | __GFP_RETRY_MAYFAIL | __GFP_NOWARN)

/* Two tasks that move pages out of ranges at once would be in each other's way. */
static DEFINE_MUTEX(gigantic_lock);

/*
 * alloc_contig_range() checks the pages, but takes it for granted that they are of one
 * zone.
 */
static bool gigantic_is_in_zone(struct zone *zone, unsigned long pfn)
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

static void gigantic_free(unsigned long pfn, unsigned long end)
{
	for (; pfn < end; pfn++) {
		__free_page(pfn_to_page(pfn));
		if (IS_ALIGNED(pfn, CHUNK))
			kvm_private_cond_resched(GIGANTIC);
	}
}

/* Only the first chunk and the last can fail: a test that tries all would take too long. */
static bool gigantic_should_fail(unsigned long pfn, unsigned long at)
{
	if (at == pfn)
		return kvm_private_should_fail(CONTIG);
	return at + CHUNK == pfn + NR_PAGES &&
	       kvm_private_should_fail(CONTIG_LAST);
}

static bool gigantic_alloc_at(unsigned long pfn)
{
	/*
	 * Each call of alloc_contig_range() has all CPUs give back the pages on their
	 * lists. So there is one call for all chunks, unless it zeroes the pages.
	 */
	unsigned long chunk = want_init_on_alloc(0) ? CHUNK : NR_PAGES;
	unsigned long at, end = pfn + NR_PAGES;

	for (at = pfn; at < end; at += chunk) {
		if (fatal_signal_pending(current) ||
		    gigantic_should_fail(pfn, at) ||
		    kvm_private_alloc_contig(at, at + chunk, GFP_GIGANTIC))
			break;
		kvm_private_cond_resched(GIGANTIC);
	}
	if (likely(at == end))
		return true;

	gigantic_free(pfn, at);
	return false;
}

static struct page *gigantic_alloc_in_zone(struct zone *zone)
{
	unsigned long pfn = ALIGN(zone->zone_start_pfn, NR_PAGES);

	for (; pfn + NR_PAGES <= zone_end_pfn(zone); pfn += NR_PAGES) {
		if (gigantic_is_in_zone(zone, pfn) && gigantic_alloc_at(pfn))
			return pfn_to_page(pfn);
		if (fatal_signal_pending(current))
			break;
		kvm_private_cond_resched(GIGANTIC);
	}
	return NULL;
}

static struct page *gigantic_alloc_on_node(int nid)
{
	struct page *page = NULL;
	struct zone *zone;
	int i;

	/*
	 * Low zones are scarce, so they come last. The memory of ZONE_MOVABLE must stay
	 * movable.
	 */
	for (i = ZONE_NORMAL; i >= 0 && !page; i--) {
		zone = &NODE_DATA(nid)->node_zones[i];
		if (populated_zone(zone))
			page = gigantic_alloc_in_zone(zone);
	}
	return page;
}

static struct page *gigantic_alloc_on_nodes(const nodemask_t *nodes)
{
	struct page *page = NULL;
	int here = numa_mem_id(), nid;

	if (node_isset(here, *nodes))
		page = gigantic_alloc_on_node(here);
	for_each_node_mask(nid, *nodes)
		if (!page && nid != here)
			page = gigantic_alloc_on_node(nid);
	return page;
}

/* Tries the nodes that the policy didn't ask for but allows. */
static struct page *gigantic_alloc_elsewhere(const nodemask_t *tried)
{
	nodemask_t rest;

	nodes_andnot(rest, node_states[N_MEMORY], *tried);
	return gigantic_alloc_on_nodes(&rest);
}

/**
 * kvm_private_gigantic_alloc() - allocate memory for a gigantic unit
 * @f: the file
 * @index: page offset of the unit
 *
 * The pages are zeroed and each has a reference of its own; no memory cgroup pays. Other
 * pages are moved out of the way, which takes its time.
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
	page = gigantic_alloc_on_nodes(&nodes);
	if (!page && !only)
		page = gigantic_alloc_elsewhere(&nodes);
	mutex_unlock(&gigantic_lock);

	/*
	 * GFP_GIGANTIC has no __GFP_ZERO, which alloc_contig_range() of 6.1 ignores. So the
	 * pages are zero only where the kernel zeroes all that it allocates or frees.
	 */
	if (page && !want_init_on_alloc(0) && !want_init_on_free())
		kvm_private_pages_clear(page, NR_PAGES);
	return page;
}
