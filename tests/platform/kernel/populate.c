// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that come with content: the callback copies it in and assigns the page
 * in one step, as a firmware does that measures the content.
 */

#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/pagemap.h>
#include <linux/uaccess.h>

#include "platform.h"

struct populating {
	const struct kpp_populate *args;
	/*
	 * out: where the source has to be faulted in, which the callback can't
	 * do
	 */
	const char __user *missing;
};

static const char __user *source_of(const struct kpp_populate *args,
				    pgoff_t index)
{
	return u64_to_user_ptr(args->source +
			       ((index - args->index) << PAGE_SHIFT));
}

static int fill(struct kvm_private_binding *binding, pgoff_t index,
		unsigned long pfn, unsigned int order, void *opaque)
{
	const struct kpp_slot *slot = kpp_slot_of(binding);
	struct populating *p = opaque;
	const char __user *source;
	unsigned long left;

	if (p->args->error && index == p->args->fail_index)
		return -p->args->error;

	kpp_host_access(pfn, 1UL << order, false);
	if (p->args->source) {
		source = source_of(p->args, index);
		pagefault_disable();
		left = copy_from_user(page_address(pfn_to_page(pfn)), source,
				      PAGE_SIZE << order);
		pagefault_enable();
		if (left) {
			p->missing = source;
			return -EAGAIN;
		}
	}
	if (slot->kind != KPP_TRUSTING)
		kpp_assign(binding, index, binding->guest_id, pfn, order,
			   KPP_CONTENT_KEPT);
	return 0;
}

static int populate_some(struct kpp_slot *slot, struct kpp_populate *args)
{
	struct populating p = { .args = args };
	long ret = kvm_private_populate(&slot->binding, args->index, args->nr,
					fill, &p);

	if (ret > 0) {
		if (args->source)
			args->source += ret << PAGE_SHIFT;
		args->index += ret;
		args->nr -= ret;
		ret = 0;
	}
	if (!p.missing)
		return ret;

	args->faults++;
	return fault_in_readable(p.missing, PAGE_SIZE) ? -EFAULT : 0;
}

int kpp_populate(struct kpp_populate *args)
{
	struct kpp_slot *slot = kpp_slot_get(args->slot);
	int ret;

	if (!slot)
		return -ENXIO;

	args->faults = 0;
	do {
		ret = populate_some(slot, args);
	} while (!ret && args->nr);
	kpp_slot_put();
	return ret;
}
