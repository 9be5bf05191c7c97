// SPDX-License-Identifier: GPL-2.0-only
/*
 * The store: which pages a private file has.
 *
 * The store's reference keeps a page allocated. Lookups take another one under
 * RCU and check that the page is still in the store, as the page cache does: a
 * page that was freed in between may already be somebody else's. Whoever holds
 * the page lock and has seen the page in the store after taking it knows that
 * the page stays until the lock is dropped, since removal takes a page out
 * first and then passes through its lock.
 *
 * While a page is in the store it says, like one of the page cache, where it
 * is: a futex in a shared page is known by that.
 *
 * Pages come zeroed from the allocator. They are cleared here, on the way out,
 * only if the allocator will not do that by itself (init_on_alloc,
 * init_on_free), so that no page is cleared twice between two owners.
 */

#include <linux/highmem.h>
#include <linux/pagemap.h>
#include <linux/rcupdate_wait.h>
#include <linux/sched/signal.h>
#include <linux/seq_file.h>

#include "internal.h"
#include "observer.h"

#define KVM_PRIVATE_GFP_PAGE	(GFP_USER | __GFP_ACCOUNT | __GFP_ZERO | \
				 KVM_PRIVATE_GFP_TRY)

/* Pages removed between two chances to reschedule */
#define KVM_PRIVATE_BATCH	32

/* Last reference but those of lookups that are about to find out */
static void store_free(struct kvm_private_file *f, struct folio *folio)
{
	kvm_private_tell_freed(folio);
	atomic_long_dec(&f->nr_pages[folio_nid(folio)]);
	folio_put(folio);
}

/* The caller holds the page's lock. */
void kvm_private_folio_clear(struct folio *folio)
{
	kvm_private_tell_host_access(folio, false);
	clear_highpage(folio_page(folio, 0));
}

static void store_drop(struct kvm_private_file *f, struct folio *folio)
{
	folio_lock(folio);
	kvm_private_folio_reclaim(f, folio);
	if (!want_init_on_alloc(GFP_KERNEL) && !want_init_on_free())
		kvm_private_folio_clear(folio);
	folio->mapping = NULL;
	folio_unlock(folio);

	store_free(f, folio);
}

/* Returns the page with a reference for the caller, or NULL. Takes no lock. */
static struct folio *store_lookup(struct kvm_private_file *f, pgoff_t index)
{
	XA_STATE(xas, &f->folios, index);
	struct folio *folio;

	rcu_read_lock();
	for (;;) {
		xas_reset(&xas);
		folio = xas_load(&xas);
		if (xas_retry(&xas, folio))
			continue;
		if (!folio)
			break;
		if (!folio_try_get(folio))
			continue;
		if (likely(folio == xas_reload(&xas)))
			break;
		folio_put(folio);
	}
	rcu_read_unlock();

	return folio;
}

static struct folio *alloc_page_for(struct kvm_private_file *f, pgoff_t index)
{
	if (unlikely(kvm_private_has_policies(f)))
		return kvm_private_policy_alloc(f, index, KVM_PRIVATE_GFP_PAGE);
	return folio_alloc(KVM_PRIVATE_GFP_PAGE, 0);
}

/*
 * Returns the new page with a second reference, for the caller; NULL if
 * somebody else was faster.
 */
static struct folio *store_alloc(struct kvm_private_file *f, pgoff_t index)
{
	struct folio *folio;
	void *old;
	int ret;

	ret = kvm_private_memlock_charge(&f->memlock, 1);
	if (ret)
		return ERR_PTR(ret);

	folio = alloc_page_for(f, index);
	if (!folio) {
		ret = -ENOMEM;
		goto uncharge;
	}
	folio->mapping = f->mapping;
	folio->index = index;
	atomic_long_inc(&f->nr_pages[folio_nid(folio)]);

	/* From here on it may be removed at any time. */
	folio_get(folio);
	old = xa_cmpxchg(&f->folios, index, NULL, folio, KVM_PRIVATE_GFP_NODE);
	if (likely(!old))
		return folio;

	ret = xa_err(old);
	folio->mapping = NULL;
	folio_put(folio);
	store_free(f, folio);
uncharge:
	kvm_private_memlock_uncharge(&f->memlock, 1);
	return ERR_PTR(ret);
}

/**
 * kvm_private_store_get() - look a page up
 * @f: the file
 * @index: page offset, inside the file
 * @alloc: allocate the page if it is missing, charged to the current task's
 *	memory cgroup
 *
 * Context: may sleep to allocate. Takes no lock for a page that is there.
 * Return: the page with a reference for the caller; NULL for a hole unless
 * @alloc; ERR_PTR(-ENOMEM).
 */
struct folio *kvm_private_store_get(struct kvm_private_file *f, pgoff_t index,
				    bool alloc)
{
	struct folio *folio;

	do {
		folio = store_lookup(f, index);
		if (!folio && alloc)
			folio = store_alloc(f, index);
	} while (!folio && alloc);

	return folio;
}

/**
 * kvm_private_store_lock() - look a page up and keep it in the store
 * @f: the file
 * @index: page offset, inside the file
 * @alloc: allocate the page if it is missing
 *
 * The page stays in the store and is not prepared or reclaimed by anybody else
 * until kvm_private_store_unlock().
 *
 * Context: may sleep; the caller holds no page lock.
 * Return: the page, locked and with a reference; NULL for a hole unless @alloc;
 * ERR_PTR(-ENOMEM), ERR_PTR(-EHWPOISON).
 */
struct folio *kvm_private_store_lock(struct kvm_private_file *f, pgoff_t index,
				     bool alloc)
{
	struct folio *folio;

	for (;;) {
		folio = kvm_private_store_get(f, index, alloc);
		if (IS_ERR_OR_NULL(folio))
			return folio;

		folio_lock(folio);
		if (likely(xa_load(&f->folios, index) == folio))
			break;
		kvm_private_store_unlock(folio);
	}

	if (unlikely(folio_test_hwpoison(folio))) {
		kvm_private_store_unlock(folio);
		return ERR_PTR(-EHWPOISON);
	}
	return folio;
}

void kvm_private_store_unlock(struct folio *folio)
{
	folio_unlock(folio);
	folio_put(folio);
}

/**
 * kvm_private_store_remove() - free all pages of a range
 * @f: the file
 * @start: first page offset
 * @end: page offset after the last
 *
 * Reclaims what was prepared. A page that a lookup holds a reference of is
 * freed when that is dropped, which is soon: no lookup keeps its reference
 * past the invalidation that it races with.
 *
 * Context: may sleep, for long. The caller holds the invalidate_lock for
 * writing and has begun the invalidation, or is the last user of the file.
 */
void kvm_private_store_remove(struct kvm_private_file *f, pgoff_t start,
			      pgoff_t end)
{
	struct folio *batch[KVM_PRIVATE_BATCH];
	XA_STATE(xas, &f->folios, start);
	pgoff_t next = start;
	unsigned int nr, i;
	struct folio *folio;

	do {
		nr = 0;
		xas_lock(&xas);
		xas_for_each(&xas, folio, end - 1) {
			batch[nr++] = folio;
			next = xas.xa_index + 1;
			xas_store(&xas, NULL);
			if (nr == ARRAY_SIZE(batch))
				break;
		}
		/*
		 * Not xas_pause(), which skips as much as the node covers that
		 * the state has come to: the parent's, if the store has just
		 * freed the last one.
		 */
		xas_set(&xas, next);
		xas_unlock(&xas);

		for (i = 0; i < nr; i++)
			store_drop(f, batch[i]);
		kvm_private_memlock_uncharge(&f->memlock, nr);
		cond_resched();
	} while (nr == ARRAY_SIZE(batch));
}

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
	return xa_find(&f->folios, start, end - 1, XA_PRESENT);
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
	XA_STATE(xas, &f->folios, start);
	struct folio *folio;

	/* Not xas_for_each(), which looks for a page far beyond the hole. */
	rcu_read_lock();
	for (folio = xas_load(&xas); xas.xa_index < end;
	     folio = xas_next(&xas)) {
		if (xas_retry(&xas, folio))
			continue;
		if (!folio)
			break;

		if (need_resched()) {
			xas_pause(&xas);
			cond_resched_rcu();
		}
	}
	rcu_read_unlock();

	return min(xas.xa_index, end);
}

/**
 * kvm_private_store_fill() - allocate all pages of a range
 * @f: the file
 * @start: first page offset
 * @end: page offset after the last, inside the file
 *
 * Context: may sleep, for long.
 * Return: 0, -EINTR if a signal is pending, or -ENOMEM; what has been
 * allocated by then stays.
 */
int kvm_private_store_fill(struct kvm_private_file *f, pgoff_t start,
			   pgoff_t end)
{
	pgoff_t index = start;
	struct folio *folio;

	while ((index = kvm_private_store_next_hole(f, index, end)) < end) {
		folio = store_alloc(f, index);
		if (IS_ERR(folio))
			return PTR_ERR(folio);
		if (folio)
			folio_put(folio);

		/* Each call gets further, however often signals come. */
		if (++index < end && signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return 0;
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
	XA_STATE(xas, &f->folios, start);
	struct folio *folio;
	int ret = 0;

	rcu_read_lock();
	xas_for_each(&xas, folio, end - 1) {
		if (xas_retry(&xas, folio))
			continue;
		if (folio_ref_count(folio) != 1) {
			*held = xas.xa_index;
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
