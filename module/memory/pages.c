// SPDX-License-Identifier: GPL-2.0-only
/* The content of pages. */

#include <linux/highmem.h>

#include "debug/detour.h"
#include "debug/observer.h"
#include "internal.h"
#include "memory/pages.h"

/**
 * kvm_private_pages_clear() - zero pages
 * @page: the first, locked or out of other tasks' reach
 * @nr: their number
 *
 * Context: may sleep.
 */
void kvm_private_pages_clear(struct page *page, unsigned long nr)
{
	kvm_private_notify_host_access(page, nr, false);
	for (; nr; nr--, page++) {
		if (likely(!PageHWPoison(page)))
			clear_highpage(page);
		kvm_private_cond_resched(CLEAR);
	}
}
