// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hardware memory errors. Reports of them are kept here until events/memory_error.c has
 * noted each in the entry of its page's unit, and has had the page unmapped.
 */

#include <linux/kfifo.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "compat/compat.h"
#include "memory/poison.h"

/**
 * kvm_private_pages_have_poison() - look for a hardware memory error in pages
 * @page: the first
 * @nr: their number
 *
 * memory_failure() marks a page at any moment, without a lock of the module. It keeps no
 * mark for many pages at once, since they are no compound page.
 *
 * Context: any.
 */
bool kvm_private_pages_have_poison(struct page *page, unsigned long nr)
{
	struct page *end = page + nr;

	for (; page < end; page++)
		if (unlikely(PageHWPoison(page)))
			return true;
	return false;
}

#if defined(CONFIG_MEMORY_FAILURE) && defined(CONFIG_TRACEPOINTS)
/*
 * Reports that may wait; if there are more, all pages of all files are looked at instead.
 */
#define MAX_WAITING	64

static DEFINE_KFIFO(reports, unsigned long, MAX_WAITING);
static DEFINE_RAW_SPINLOCK(reports_lock);	/* guards reports, overflown */
static bool overflown;
static struct work_struct *handler;

/*
 * Reports that wait or are being handled; all that found no room count as one. Where no
 * reports come, since the tracepoint is missing, one waits for ever.
 */
atomic_t kvm_private_nr_memory_errors = ATOMIC_INIT(0);

/* All reports that there have been */
atomic_t kvm_private_memory_errors_count = ATOMIC_INIT(0);

/* Called before the first report */
void kvm_private_memory_errors_handle_by(struct work_struct *work)
{
	handler = work;
}

/**
 * kvm_private_memory_error_report() - take a report of a page with an error
 * @pfn: the page's; the page is marked, and may be a private file's or not
 *
 * Context: any.
 */
void kvm_private_memory_error_report(unsigned long pfn)
{
	unsigned long flags;

	atomic_inc(&kvm_private_memory_errors_count);
	raw_spin_lock_irqsave(&reports_lock, flags);
	if (kfifo_put(&reports, pfn)) {
		atomic_inc(&kvm_private_nr_memory_errors);
	} else if (!overflown) {
		overflown = true;
		atomic_inc(&kvm_private_nr_memory_errors);
	}
	raw_spin_unlock_irqrestore(&reports_lock, flags);
	queue_work(system_dfl_wq, handler);
}

/**
 * kvm_private_memory_error_next() - take the next report
 * @pfn: out: the page's; %KVM_PRIVATE_ANY_PFN: any page may have an error
 *
 * Context: any. kvm_private_memory_error_done() is owed.
 * Return: whether there is one.
 */
bool kvm_private_memory_error_next(unsigned long *pfn)
{
	unsigned long flags;
	bool found;

	raw_spin_lock_irqsave(&reports_lock, flags);
	found = kfifo_get(&reports, pfn);
	if (!found && overflown) {
		overflown = false;
		*pfn = KVM_PRIVATE_ANY_PFN;
		found = true;
	}
	raw_spin_unlock_irqrestore(&reports_lock, flags);
	return found;
}

/* Called when a report has been handled: the unit's entry tells of the error. */
void kvm_private_memory_error_done(void)
{
	/*
	 * Pairs with smp_rmb() in pfn_find(): a lookup that counts no report reads an entry
	 * that has the error noted.
	 */
	smp_mb__before_atomic();
	atomic_dec(&kvm_private_nr_memory_errors);
}
#endif
