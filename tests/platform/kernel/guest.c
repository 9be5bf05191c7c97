// SPDX-License-Identifier: GPL-2.0-only
/*
 * A guest accesses pages through a mapping table. On an empty entry it looks
 * the page up and inserts it, in the steps that KVM takes.
 */

#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>

#include "platform.h"

static atomic_long_t nr_dropped = ATOMIC_LONG_INIT(0);

unsigned long kpp_nr_dropped(void)
{
	return atomic_long_read(&nr_dropped);
}

void kpp_guest_clear(void)
{
	atomic_long_set(&nr_dropped, 0);
}

static u64 guest_of(const struct kpp_slot *slot)
{
	return slot->binding.guest_id |
	       (slot->kind == KPP_TRUSTING ? KPP_ADOPTED : 0);
}

void kpp_slot_map(struct kpp_slot *slot, pgoff_t index, unsigned long pfn)
{
	struct kpp_mapping *mapping;

	lockdep_assert_held(&slot->lock);

	/* Another thread of the guest may have been faster. */
	if (xa_load(&slot->mappings, index))
		return;
	mapping = kzalloc(sizeof(*mapping), KPP_GFP);
	mapping->pfn = pfn;
	mapping->serial = kpp_map(guest_of(slot), pfn);
	xa_store(&slot->mappings, index, mapping, KPP_GFP);
}

void kpp_slot_unmap(struct kpp_slot *slot, pgoff_t start, pgoff_t end)
{
	struct kpp_mapping *mapping;
	unsigned long index;

	lockdep_assert_held(&slot->lock);

	xa_for_each_range(&slot->mappings, index, mapping, start, end - 1) {
		kpp_unmap(mapping->pfn, mapping->serial);
		xa_erase(&slot->mappings, index);
		kfree(mapping);
	}
}

static bool is_invalidated(const struct kpp_slot *slot, pgoff_t index,
			   unsigned long seq)
{
	return slot->seq != seq ||
	       (slot->begun && index >= slot->start && index < slot->end);
}

static int fault(struct kpp_slot *slot, pgoff_t index, unsigned long seq)
{
	unsigned long pfn;
	int ret;

	if (!kvm_private_is_private(slot->binding.file, index))
		return -EACCES;
	ret = kvm_private_get_pfn(&slot->binding, index, &pfn, NULL);
	if (ret)
		return ret;

	mutex_lock(&slot->lock);
	if (is_invalidated(slot, index, seq))
		atomic_long_inc(&nr_dropped);
	else
		kpp_slot_map(slot, index, pfn);
	mutex_unlock(&slot->lock);
	kvm_private_put_pfn(&slot->binding, pfn);
	return 0;
}

/* Returns 1 if there is a mapping. */
static int access_mapped(struct kpp_slot *slot, struct kpp_access *args,
			 unsigned long *seq)
{
	struct kpp_mapping *mapping;

	mutex_lock(&slot->lock);
	*seq = slot->seq;
	mapping = xa_load(&slot->mappings, args->index);
	if (mapping) {
		args->pfn = mapping->pfn;
		kpp_guest_access(guest_of(slot), mapping->pfn, &args->word,
				 args->write);
	}
	mutex_unlock(&slot->lock);
	return !!mapping;
}

int kpp_access(struct kpp_access *args)
{
	struct kpp_slot *slot = kpp_slot_get(args->slot);
	unsigned long seq;
	int ret = 0;

	if (!slot)
		return -ENXIO;

	while (!ret && !access_mapped(slot, args, &seq)) {
		ret = fault(slot, args->index, seq);
		if (!ret && signal_pending(current))
			ret = -EINTR;
		cond_resched();
	}
	kpp_slot_put();
	return ret;
}

int kpp_emulate(struct kpp_access *args)
{
	struct kpp_slot *slot = kpp_slot_get(args->slot);
	struct page *page;
	u64 *word;

	if (!slot)
		return -ENXIO;

	page = kvm_private_lock_page(&slot->binding, args->index);
	if (!IS_ERR_OR_NULL(page)) {
		word = page_address(page);
		if (args->write)
			*word = args->word;
		else
			args->word = *word;
		args->pfn = page_to_pfn(page);
		kvm_private_unlock_page(page);
	}
	kpp_slot_put();
	return page ? PTR_ERR_OR_ZERO(page) : -ENODATA;
}
