// SPDX-License-Identifier: GPL-2.0-only
/*
 * Hardware memory errors in pages that somebody has mapped: guests and processes
 * lose the page, so that they are told of the error and don't run into it.
 *
 * The kernel takes such a page away itself where an address space has it, or an LRU
 * list. A page of a private file is on neither, so it only gets its mark, at which
 * those look who look the page up. All reports pass a tracepoint, whether a machine
 * check, the firmware or root made them.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kfifo.h>
#include <linux/spinlock.h>
#include <linux/tracepoint.h>
#include <linux/workqueue.h>
#include <ras/ras_event.h>

#include "fail_point.h"
#include "internal.h"

/* Reports that may wait; if there are more all pages have to be looked up anew. */
#define MOST_WAITING	64

static DEFINE_KFIFO(frames, unsigned long, MOST_WAITING);
static DEFINE_RAW_SPINLOCK(frames_lock);	/* guards frames */
static atomic_t overflown = ATOMIC_INIT(0);

static struct tracepoint *tracepoint;

static void take_away(struct kvm_private_file *f, pgoff_t start, pgoff_t end)
{
	down_write(&f->invalidate_lock);
	kvm_private_invalidate_begin(f, start, end);
	kvm_private_unmap(f, start, end);
	kvm_private_invalidate_end(f, start, end);
	up_write(&f->invalidate_lock);
}

/* Another page may be there by now. Then it is looked up once more, that's all. */
static bool take_frame(struct kvm_private_file *f, void *frame)
{
	unsigned long pfn = *(unsigned long *)frame;
	pgoff_t index;

	if (!kvm_private_store_find_frame(f, pfn, &index))
		return true;

	pr_warn_ratelimited("memory error in frame %#lx, page %#lx of a file that process %d (%s) created\n",
			    pfn, index, f->holder.pid, f->holder.comm);
	take_away(f, index, index + 1);
	return false;
}

static bool take_all(struct kvm_private_file *f, void *unused)
{
	take_away(f, 0, kvm_private_file_end(f));
	return true;
}

static bool next_frame(unsigned long *frame)
{
	bool found;

	raw_spin_lock(&frames_lock);
	found = kfifo_get(&frames, frame);
	raw_spin_unlock(&frames_lock);
	return found;
}

static void take_frames(struct work_struct *work)
{
	unsigned long frame;

	while (next_frame(&frame))
		kvm_private_holders_visit(take_frame, &frame);
	if (atomic_xchg(&overflown, 0))
		kvm_private_holders_visit(take_all, NULL);
}

static DECLARE_WORK(take_frames_work, take_frames);

/*
 * Whatever the kernel made of it, it has marked the page. Tracepoints are passed with
 * preemption disabled.
 */
static void on_memory_failure(void *unused, unsigned long pfn, int type,
			      int result)
{
	raw_spin_lock(&frames_lock);
	if (!kfifo_put(&frames, pfn))
		atomic_set(&overflown, 1);
	raw_spin_unlock(&frames_lock);
	queue_work(system_unbound_wq, &take_frames_work);
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

	for_each_kernel_tracepoint(find_tracepoint, NULL);
	if (!tracepoint)
		return 0;
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
	flush_work(&take_frames_work);
}
