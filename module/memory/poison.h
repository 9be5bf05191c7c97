/* SPDX-License-Identifier: GPL-2.0-only */
/* Hardware memory errors of pages, and the reports that are still to be handled. */
#ifndef KVM_PRIVATE_POISON_H
#define KVM_PRIVATE_POISON_H

#include <linux/atomic.h>
#include <linux/mm.h>

/* Stands for all reports that found no room */
#define KVM_PRIVATE_ANY_PFN	ULONG_MAX

struct work_struct;

bool kvm_private_pages_have_poison(struct page *page, unsigned long nr);

#if defined(CONFIG_MEMORY_FAILURE) && defined(CONFIG_TRACEPOINTS)
extern atomic_t kvm_private_nr_memory_errors;
extern atomic_t kvm_private_memory_errors_count;

void kvm_private_memory_errors_handle_by(struct work_struct *work);
void kvm_private_memory_error_report(unsigned long pfn);
bool kvm_private_memory_error_next(unsigned long *pfn);
void kvm_private_memory_error_done(void);

/*
 * Whether there is a report whose error, if a private file has the page, isn't in the entry
 * yet
 */
static inline bool kvm_private_memory_errors_wait(void)
{
	return unlikely(atomic_read(&kvm_private_nr_memory_errors));
}

/*
 * Changes with each report. Read before a page is allocated, and again when it is stored.
 */
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

static inline void kvm_private_memory_error_report(unsigned long pfn)
{
}
#endif

#endif /* KVM_PRIVATE_POISON_H */
