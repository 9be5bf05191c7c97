// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hardware memory errors in pages that guests and processes have mapped. The module removes
 * the mappings: the next access faults, and is told of the error, before it touches the bad
 * memory.
 *
 * memory_failure() removes mappings itself only for pages that an address space or an LRU
 * list has. A page of a private file is on neither, so memory_failure() just marks it with
 * PG_hwpoison, at which lookups of the page look. After each report, whether a machine
 * check, the firmware or root made it, it passes a tracepoint, where memory_error_report()
 * takes over.
 *
 * memory_error_handle_reports() notes the error in the entry of the page's unit. So a
 * lookup of a huge page has to look at the marks of all its pages only if the entry has
 * such a note, or while a report waits for memory_error_handle_reports().
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/tracepoint.h>
#include <linux/workqueue.h>

#include "access/access.h"
#include "compat/memory_failure.h"
#include "debug/fail_point.h"
#include "events/events.h"
#include "internal.h"
#include "memory/poison.h"
#include "store/store.h"

static struct tracepoint *tracepoint;

static void memory_error_unmap_range(struct kvm_private_file *f, pgoff_t start,
				     pgoff_t end)
{
	/* Claims needn't be waited for: a range that is claimed has no mappings. */
	down_write(&f->invalidate_lock);
	kvm_private_invalidate_begin(f, start, end);
	kvm_private_unmap(f, start, end);
	kvm_private_invalidate_end(f, start, end);
	up_write(&f->invalidate_lock);
}

/* Another page may be there by now. It loses its mappings for nothing, and no more. */
static bool memory_error_unmap_pfn(struct kvm_private_file *f, void *arg)
{
	unsigned long pfn = *(unsigned long *)arg;
	pgoff_t index;

	if (!kvm_private_store_find_pfn(f, pfn, &index))
		return true;

	pr_warn_ratelimited("memory error in pfn %#lx, page %#lx of a file that process %d (%s) created\n",
			    pfn, index, f->creator.pid, f->creator.comm);
	kvm_private_store_note_poison(f, index);
	memory_error_unmap_range(f, index, index + 1);
	return false;
}

static bool memory_error_unmap_marked(struct kvm_private_file *f, void *unused)
{
	pgoff_t index;

	for (index = 0; kvm_private_store_find_poison(f, &index); index++) {
		kvm_private_store_note_poison(f, index);
		memory_error_unmap_range(f, index, index + 1);
	}
	return true;
}

static void memory_error_handle_reports(struct work_struct *work)
{
	unsigned long pfn;

	while (kvm_private_memory_error_next(&pfn)) {
		if (pfn == KVM_PRIVATE_ANY_PFN)
			kvm_private_creators_visit(memory_error_unmap_marked,
						   NULL);
		else
			kvm_private_creators_visit(memory_error_unmap_pfn,
						   &pfn);
		kvm_private_memory_error_done();
	}
}

static DECLARE_WORK(memory_error_work, memory_error_handle_reports);

/* memory_failure() has marked the page, whatever @result is. */
static void memory_error_report(void *unused, unsigned long pfn, int type,
				int result)
{
	kvm_private_memory_error_report(pfn);
}

static void memory_error_find_tracepoint(struct tracepoint *candidate,
					 void *unused)
{
	if (!strcmp(candidate->name, "memory_failure_event"))
		tracepoint = candidate;
}

/**
 * kvm_private_memory_error_init() - register for reports of memory errors
 *
 * The tracepoint isn't exported, so it is looked up by its name. Where it is missing, pages
 * with an error stay mapped.
 *
 * Return: 0 or -ENOMEM.
 */
int kvm_private_memory_error_init(void)
{
	/* Has the compiler check the arguments that the tracepoint passes */
	check_trace_callback_type_memory_failure_event(memory_error_report);

	kvm_private_memory_errors_handle_by(&memory_error_work);
	for_each_kernel_tracepoint(memory_error_find_tracepoint, NULL);
	/*
	 * No report will come, so lookups have to look at the marks of all pages. They do
	 * so while a report waits: this one waits for ever.
	 */
	if (!tracepoint) {
		atomic_inc(&kvm_private_nr_memory_errors);
		return 0;
	}
	if (kvm_private_should_fail(MEMORY_ERROR))
		return -ENOMEM;
	return tracepoint_probe_register(tracepoint, memory_error_report, NULL);
}

/* There are no files any more. */
void kvm_private_memory_error_exit(void)
{
	if (tracepoint) {
		tracepoint_probe_unregister(tracepoint, memory_error_report, NULL);
		tracepoint_synchronize_unregister();
	}
	/* kvm_private_leak() reports, too. */
	flush_work(&memory_error_work);
}
