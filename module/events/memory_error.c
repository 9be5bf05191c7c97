// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hardware memory errors in pages that somebody has mapped: guests and processes
 * lose the page, so that they are told of the error and don't run into it.
 *
 * The kernel takes such a page away itself where an address space has it, or an LRU
 * list. A page of a private file is on neither, so it only gets its mark, at which
 * lookups of the page look. All reports pass a tracepoint, whether a machine check, the
 * firmware or root made them.
 *
 * The error is noted in the entry of the page's unit. So a lookup of a huge page needn't
 * look at the marks of all its pages unless there is such a note, or a report waits to be
 * dealt with here.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/tracepoint.h>
#include <linux/workqueue.h>
#include <ras/ras_event.h>

#include "access/access.h"
#include "debug/fail_point.h"
#include "events/events.h"
#include "internal.h"
#include "memory/poison.h"
#include "store/store.h"

static struct tracepoint *tracepoint;

static void unmap_range(struct kvm_private_file *f, pgoff_t start, pgoff_t end)
{
	/* Whatever is claimed has no mappings. */
	down_write(&f->invalidate_lock);
	kvm_private_invalidate_begin(f, start, end);
	kvm_private_unmap(f, start, end);
	kvm_private_invalidate_end(f, start, end);
	up_write(&f->invalidate_lock);
}

/* Another page may be there by now. Then it is looked up once more, that's all. */
static bool unmap_pfn(struct kvm_private_file *f, void *arg)
{
	unsigned long pfn = *(unsigned long *)arg;
	pgoff_t index;

	if (!kvm_private_store_find_pfn(f, pfn, &index))
		return true;

	pr_warn_ratelimited("memory error in frame %#lx, page %#lx of a file that process %d (%s) created\n",
			    pfn, index, f->holder.pid, f->holder.comm);
	kvm_private_store_note_poison(f, index);
	unmap_range(f, index, index + 1);
	return false;
}

static bool unmap_all(struct kvm_private_file *f, void *unused)
{
	pgoff_t index;

	for (index = 0; kvm_private_store_find_poison(f, &index); index++)
		kvm_private_store_note_poison(f, index);
	unmap_range(f, 0, kvm_private_file_end(f));
	return true;
}

static void handle_reports(struct work_struct *work)
{
	unsigned long pfn;

	while (kvm_private_memory_error_next(&pfn)) {
		if (pfn == KVM_PRIVATE_ANY_PFN)
			kvm_private_holders_visit(unmap_all, NULL);
		else
			kvm_private_holders_visit(unmap_pfn, &pfn);
		kvm_private_memory_error_done();
	}
}

static DECLARE_WORK(handle_reports_work, handle_reports);

/* Whatever the kernel made of it, it has marked the page. */
static void on_memory_failure(void *unused, unsigned long pfn, int type,
			      int result)
{
	kvm_private_memory_error_report(pfn);
}

static void find_tracepoint(struct tracepoint *candidate, void *unused)
{
	if (!strcmp(candidate->name, "memory_failure_event"))
		tracepoint = candidate;
}

/**
 * kvm_private_memory_error_init() - be told of memory errors from now on
 *
 * Tracepoints are for modules to find by name. Where this one is missing what is
 * mapped stays mapped.
 *
 * Return: 0 or -ENOMEM.
 */
int kvm_private_memory_error_init(void)
{
	/* What the tracepoint passes, for the compiler to compare */
	check_trace_callback_type_memory_failure_event(on_memory_failure);

	kvm_private_memory_errors_handle_by(&handle_reports_work);
	for_each_kernel_tracepoint(find_tracepoint, NULL);
	/* Then all pages have to be looked at each time: a report waits for ever. */
	if (!tracepoint) {
		atomic_inc(&kvm_private_nr_memory_errors);
		return 0;
	}
	return kvm_private_may_fail(MEMORY_ERROR, -ENOMEM,
				    tracepoint_probe_register(tracepoint,
							      on_memory_failure,
							      NULL));
}

/* There are no files any more. */
void kvm_private_memory_error_exit(void)
{
	if (!tracepoint)
		return;
	tracepoint_probe_unregister(tracepoint, on_memory_failure, NULL);
	tracepoint_synchronize_unregister();
	flush_work(&handle_reports_work);
}
