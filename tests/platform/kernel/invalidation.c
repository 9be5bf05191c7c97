// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which bindings were notified of which invalidations. The model watches each
 * binding that was handed a page: it may have the page mapped until an
 * invalidation of it begins, or until it is unbound.
 */

#include <linux/list.h>
#include <linux/slab.h>

#include "platform.h"

/* An invalidation that has begun and not ended */
struct invalidation {
	const struct kvm_private_binding *binding;
	pgoff_t start;
	pgoff_t end;
	enum kpp_reporter reporter;
	struct list_head node;
};

/* serial: unique; pages: pfn (an xarray value) by page offset */
struct kpp_watch {
	u64 serial;
	struct xarray pages;
};

static LIST_HEAD(invalidations);
static unsigned long nr_invalidations;

/* By address of the binding */
static DEFINE_XARRAY(watches);

void kpp_check_inside(const struct kvm_private_binding *binding, pgoff_t start,
		      pgoff_t end, const char *what)
{
	kpp_rule(KPP_OUTSIDE_BINDING,
		 start >= binding->start && start < end && end <= binding->end,
		 "%s: %#lx to %#lx of %#lx to %#lx", what, start, end,
		 binding->start, binding->end);
}

static void let_go(const struct kvm_private_binding *binding, pgoff_t start,
		   pgoff_t end)
{
	struct kpp_watch *watch = xa_load(&watches, (unsigned long)binding);
	struct kpp_page *page;
	unsigned long index;
	void *entry;

	if (!watch || start >= end)
		return;
	xa_for_each_range(&watch->pages, index, entry, start, end - 1) {
		page = kpp_page(xa_to_value(entry));
		if (page && page->watch == watch && page->index == index)
			page->watch = NULL;
		xa_erase(&watch->pages, index);
	}
}

static bool overlaps(const struct invalidation *i,
		     const struct kvm_private_binding *binding, pgoff_t start,
		     pgoff_t end)
{
	return i->binding->file == binding->file && i->start < end &&
	       start < i->end;
}

void kpp_begin(const struct kvm_private_binding *binding, pgoff_t start,
	       pgoff_t end, enum kpp_reporter reporter)
{
	struct invalidation *i, *new = kzalloc(sizeof(*new), KPP_GFP);
	bool alone = true;

	new->binding = binding;
	new->start = start;
	new->end = end;
	new->reporter = reporter;

	mutex_lock(&kpp_lock);
	kpp_check_inside(binding, start, end, "begin");
	list_for_each_entry(i, &invalidations, node)
		if (i->reporter == reporter && overlaps(i, binding, start, end))
			alone = false;
	kpp_rule(KPP_BEGIN_OVERLAPS, alone, "%#lx to %#lx", start, end);
	list_add(&new->node, &invalidations);
	nr_invalidations++;
	if (reporter == KPP_NOTIFIED)
		let_go(binding, start, end);
	mutex_unlock(&kpp_lock);
}

static struct invalidation *find(const struct kvm_private_binding *binding,
				 pgoff_t start, pgoff_t end,
				 enum kpp_reporter reporter)
{
	struct invalidation *i;

	list_for_each_entry(i, &invalidations, node)
		if (i->binding == binding && i->start == start &&
		    i->end == end && i->reporter == reporter)
			return i;
	return NULL;
}

static void forget(struct invalidation *i)
{
	list_del(&i->node);
	nr_invalidations--;
	kfree(i);
}

void kpp_end(const struct kvm_private_binding *binding, pgoff_t start,
	     pgoff_t end, enum kpp_reporter reporter)
{
	struct invalidation *i;

	mutex_lock(&kpp_lock);
	i = find(binding, start, end, reporter);
	if (kpp_rule(KPP_END_WITHOUT_BEGIN, i, "%#lx to %#lx", start, end))
		forget(i);

	/* The operation ends before the module's own report of it. */
	if (reporter == KPP_NOTIFIED) {
		i = find(binding, start, end, KPP_CALLED);
		if (!kpp_rule(KPP_BEGIN_WITHOUT_END, !i, "%#lx to %#lx", start,
			      end))
			forget(i);
	}
	mutex_unlock(&kpp_lock);
}

/* The caller holds kpp_lock. */
bool kpp_is_begun(const struct kvm_private_binding *binding, pgoff_t index)
{
	struct invalidation *i;

	lockdep_assert_held(&kpp_lock);

	list_for_each_entry(i, &invalidations, node)
		if (i->binding == binding && index >= i->start &&
		    index < i->end)
			return true;
	return false;
}

/*
 * Could a guest that has no mapping of the page make one now? It could if the
 * binding is there still and no invalidation covers the page.
 */
bool kpp_may_map(const struct kpp_page *page)
{
	struct kpp_watch *watch;

	lockdep_assert_held(&kpp_lock);

	/* Another binding may be in its place by now. */
	watch = xa_load(&watches, (unsigned long)page->binding);
	return watch && watch->serial == page->bound &&
	       !kpp_is_begun(page->binding, page->index);
}

static struct kpp_watch *watch_of(const struct kvm_private_binding *binding)
{
	struct kpp_watch *watch = xa_load(&watches, (unsigned long)binding);
	static u64 last_serial;

	if (!watch) {
		watch = kzalloc(sizeof(*watch), KPP_GFP);
		watch->serial = ++last_serial;
		xa_init(&watch->pages);
		xa_store(&watches, (unsigned long)binding, watch, KPP_GFP);
	}
	return watch;
}

/**
 * kpp_handed_out() - a binding gets a page
 * @binding: the binding
 * @index: page offset in its file
 * @pfn: the page
 * @guest: to whom it has to be assigned
 * @seq: as in kvm_private_observer.handed_out
 *
 * A task that invalidates the page calls kpp_begin(), which takes kpp_lock.
 * kvm_private_observed_retry() knows of the invalidation before that. So the
 * task has either changed the answer below, or finds the page here.
 */
void kpp_handed_out(const struct kvm_private_binding *binding, pgoff_t index,
		    unsigned long pfn, u64 guest, unsigned long seq)
{
	struct kpp_page *page;

	mutex_lock(&kpp_lock);
	kpp_check_inside(binding, index, index + 1, "handed out");
	if (kvm_private_observed_retry(seq))
		goto unlock;

	page = kpp_page(pfn);
	if (kpp_rule(KPP_GUEST_UNASSIGNED, page && page->guest == guest,
		     "guest %#llx is given pfn %#lx, page %#lx", guest, pfn,
		     index)) {
		page->watch = watch_of(binding);
		page->index = index;
		page->binding = binding;
		page->bound = page->watch->serial;
		xa_store(&page->watch->pages, index, xa_mk_value(pfn),
			 KPP_GFP);
	}
unlock:
	mutex_unlock(&kpp_lock);
}

void kpp_unbound(const struct kvm_private_binding *binding)
{
	struct invalidation *i, *next;
	struct kpp_watch *watch;
	bool inside = false;

	mutex_lock(&kpp_lock);
	list_for_each_entry_safe(i, next, &invalidations, node) {
		if (i->binding != binding)
			continue;
		inside = true;
		forget(i);
	}
	kpp_rule(KPP_UNBOUND_INSIDE, !inside, "%#lx to %#lx", binding->start,
		 binding->end);

	let_go(binding, 0, ULONG_MAX);
	watch = xa_erase(&watches, (unsigned long)binding);
	if (watch) {
		xa_destroy(&watch->pages);
		kfree(watch);
	}
	mutex_unlock(&kpp_lock);
}

unsigned long kpp_nr_invalidations(void)
{
	return READ_ONCE(nr_invalidations);
}

/* The bindings are gone, so that none could end an invalidation. */
void kpp_invalidations_settle(void)
{
	struct invalidation *i, *next;

	mutex_lock(&kpp_lock);
	kpp_rule(KPP_BEGIN_WITHOUT_END, list_empty(&invalidations),
		 "%lu of them", nr_invalidations);
	list_for_each_entry_safe(i, next, &invalidations, node)
		forget(i);
	mutex_unlock(&kpp_lock);
}
