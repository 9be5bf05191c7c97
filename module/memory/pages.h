/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Pages as such: their sizes, their content, their hardware memory errors.
 */
#ifndef KVM_PRIVATE_PAGES_H
#define KVM_PRIVATE_PAGES_H

#include <linux/atomic.h>
#include <linux/mm.h>

#include "internal.h"

/*
 * Units have one page, or the worth of a huge or a gigantic page. Base pages that
 * are allocated together may be one unit too, of as many as a node of the store
 * would have entries for; nobody but the store has anything of that.
 */
#define KVM_PRIVATE_ORDER_RUN		6
#define KVM_PRIVATE_ORDER_HUGE		(PMD_SHIFT - PAGE_SHIFT)
#define KVM_PRIVATE_ORDER_GIGANTIC	(PUD_SHIFT - PAGE_SHIFT)

/*
 * Of events/memory_error.c: reports that wait or are being dealt with, of which those that
 * overflow are one, and all reports that there have been.
 */
#if defined(CONFIG_MEMORY_FAILURE) && defined(CONFIG_TRACEPOINTS)
extern atomic_t kvm_private_nr_memory_errors;
extern atomic_t kvm_private_memory_errors_count;

/* Is there a report whose page, if it is one of ours, isn't noted in the store yet? */
static inline bool kvm_private_memory_errors_wait(void)
{
	return unlikely(atomic_read(&kvm_private_nr_memory_errors));
}

/* Changes with each report. Read before a page is allocated, and again when it is stored */
static inline int kvm_private_memory_errors_seen(void)
{
	return atomic_read(&kvm_private_memory_errors_count);
}
#else
static inline bool kvm_private_memory_errors_wait(void)
{
	return IS_ENABLED(CONFIG_MEMORY_FAILURE);
}

static inline int kvm_private_memory_errors_seen(void)
{
	return 0;
}
#endif

bool kvm_private_pages_have_poison(struct page *page, unsigned long nr);
void kvm_private_pages_clear(struct page *page, unsigned long nr);

#endif /* KVM_PRIVATE_PAGES_H */
