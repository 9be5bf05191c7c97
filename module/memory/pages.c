// SPDX-License-Identifier: GPL-2.0-only
/* Pages as such: what is in them, and whether they are sound. */

#include <linux/highmem.h>

#include "debug/detour.h"
#include "debug/observer.h"
#include "internal.h"
#include "memory/pages.h"

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

/**
 * kvm_private_pages_clear() - zero pages
 * @page: the first, locked or in nobody else's reach
 * @nr: their number
 *
 * Context: may sleep.
 */
void kvm_private_pages_clear(struct page *page, unsigned long nr)
{
	kvm_private_tell_host_access(page, nr, false);
	for (; nr; nr--, page++) {
		if (likely(!PageHWPoison(page)))
			clear_highpage(page);
		kvm_private_cond_resched(CLEAR);
	}
}
