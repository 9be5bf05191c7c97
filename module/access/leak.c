// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that a guest's platform doesn't give back.
 *
 * An access of the host to such a page is a machine check, or damages a guest, so no other
 * owner may ever get it. The mark of a hardware memory error says that to all of the kernel
 * that looks: lookups, the writers of dumps and the module itself leave the page alone. The
 * page allocator doesn't get it either: a reference is taken that is never dropped.
 *
 * The kernel counts the pages that it has marked itself, and a module can't. So memory with
 * a page of ours could go offline, and come online again with a new struct page, and root
 * could take the mark and the reference away by debugfs (unpoison_memory()). Neither is done
 * to a reserved page.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>

#include "compat/export.h"
#include "internal.h"
#include "memory/memory.h"
#include "memory/pages.h"
#include "memory/poison.h"
#include "trace.h"

/*
 * Of a unit that isn't a single page the entry is to tell of the mark, as for a memory
 * error. Units are naturally aligned, so a report a batch reaches all of them.
 */
static void leak_report(unsigned long pfn, unsigned long nr)
{
	unsigned long end = pfn + nr;

	for (; pfn < end; pfn = round_down(pfn, 1UL << KVM_PRIVATE_ORDER_BATCH) +
				(1UL << KVM_PRIVATE_ORDER_BATCH))
		kvm_private_memory_error_report(pfn);
}

/**
 * kvm_private_leak() - never give pages back
 * @binding: the binding through which they were looked up
 * @pfn: of the first
 * @nr: their number
 *
 * For pages that the consumer has unmapped, but that its platform keeps. They stay in the
 * file, where no lookup finds them any more (-EHWPOISON), until they are removed; then a
 * lookup finds other pages in their place. Called once for each page.
 *
 * Context: any but interrupts. The file has the pages, and no invalidation of them has ended
 * since the platform failed.
 */
void kvm_private_leak(struct kvm_private_binding *binding, unsigned long pfn,
		      unsigned long nr)
{
	struct kvm_private_file *f = kvm_private_file(binding->file);
	unsigned long i;

	for (i = 0; i < nr; i++) {
		get_page(pfn_to_page(pfn + i));
		SetPageReserved(pfn_to_page(pfn + i));
		SetPageHWPoison(pfn_to_page(pfn + i));
	}
	kvm_private_leaked_add(f, nr);
	trace_kvm_private_leak(f, pfn, nr);
	pr_err_ratelimited("%lu pages from pfn %#lx on are lost: a guest's platform keeps them (file of process %d, %s)\n",
			   nr, pfn, f->creator.pid, f->creator.comm);
	leak_report(pfn, nr);
}
EXPORT_SYMBOL_KVM_PRIVATE(kvm_private_leak);
