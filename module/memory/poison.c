// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hardware memory errors. Reports of them are kept here until events/memory_error.c has
 * noted each in the entry of its page's unit, and has had the page unmapped.
 */

#include <linux/kfifo.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "memory/poison.h"

/**
 * kvm_private_pages_have_poison() - has a page a hardware memory error?
 * @page: the first
 * @nr: their number
 *
 * The kernel notes it at any moment, and tells nobody. It keeps no note for many
 * pages at once either, since these are no compound page.
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
/* Reports that may wait; if there are more all pages have to be looked up anew. */
#define MAX_WAITING	64

static DEFINE_KFIFO(reports, unsigned long, MAX_WAITING);
static DEFINE_RAW_SPINLOCK(reports_lock);	/* guards reports, overflown */
static bool overflown;
static struct work_struct *handler;

/*
 * Reports that wait or are being dealt with, of which those that overflow are one. Where
 * there is nothing that reports come from one waits for ever.
 */
atomic_t kvm_private_nr_memory_errors = ATOMIC_INIT(0);

/* All reports that there have been */
atomic_t kvm_private_memory_errors_count = ATOMIC_INIT(0);

/* Before the first report */
void kvm_private_memory_errors_handle_by(struct work_struct *work)
{
	handler = work;
}

/**
 * kvm_private_memory_error_report() - a page has an error
 * @pfn: its frame; marked, a private file's or not
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
	queue_work(system_unbound_wq, handler);
}

/**
 * kvm_private_memory_error_next() - take the next report
 * @pfn: out: the frame; %KVM_PRIVATE_ANY_PFN: any may be
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

/* A report has been dealt with: the unit's entry tells of the error. */
void kvm_private_memory_error_done(void)
{
	/* A lookup that counts no report finds what has been noted: see find_pfn(). */
	smp_mb__before_atomic();
	atomic_dec(&kvm_private_nr_memory_errors);
}
#endif
