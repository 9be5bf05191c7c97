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
 * A unit has one page, or as many as a huge or a gigantic page. Base pages that are
 * allocated together may be one unit too, a batch, of as many as a node of the store has
 * entries for. It saves entries; lookups return its pages one by one.
 */
#define KVM_PRIVATE_ORDER_BATCH		6
#define KVM_PRIVATE_ORDER_HUGE		(PMD_SHIFT - PAGE_SHIFT)
#define KVM_PRIVATE_ORDER_GIGANTIC	(PUD_SHIFT - PAGE_SHIFT)

void kvm_private_pages_clear(struct page *page, unsigned long nr);

#endif /* KVM_PRIVATE_PAGES_H */
