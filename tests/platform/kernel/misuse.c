// SPDX-License-Identifier: GPL-2.0-only
/* Reports of events that didn't happen, with which tests see each rule fire */

#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>

#include "platform.h"

#define SPARE_ORDER	2

static struct page *spare;

/* For tests/runner: breaks a rule that isn't armed. */
static int violate_set(const char *value, const struct kernel_param *param)
{
	unsigned int how;
	int ret = kstrtouint(value, 0, &how);

	if (ret)
		return ret;
	/* A parameter on the command line comes before the spare pages. */
	if (!spare)
		return -ENODEV;
	if (how == 1)
		kpp_reclaim(kpp_spare(), 1UL << SPARE_ORDER);
	else
		kpp_assign(NULL, 0, 1, kpp_spare(), SPARE_ORDER,
			   KPP_CONTENT_KEPT);
	return 0;
}

static const struct kernel_param_ops violate_ops = {
	.set = violate_set,
};

module_param_cb(violate, &violate_ops, NULL, 0200);
MODULE_PARM_DESC(violate, "1: now, else: by the end (uint)");

int kpp_misuse_init(void)
{
	spare = alloc_pages(GFP_KERNEL | __GFP_COMP | __GFP_ZERO, SPARE_ORDER);
	return spare ? 0 : -ENOMEM;
}

void kpp_misuse_exit(void)
{
	__free_pages(spare, SPARE_ORDER);
}

u64 kpp_spare(void)
{
	return page_to_pfn(spare);
}

static void call_for_page(const struct kpp_call *call)
{
	switch (call->type) {
	case KPP_CALL_ASSIGN:
		kpp_assign(NULL, 0, call->guest_id, call->pfn, call->size,
			   KPP_CONTENT_KEPT);
		break;
	case KPP_CALL_RECLAIM:
		kpp_reclaim(call->pfn, call->size);
		break;
	case KPP_CALL_RECLAIM_OP:
		kpp_adopt_ops.reclaim(call->pfn, call->size);
		break;
	case KPP_CALL_FREED:
		kpp_freed(call->pfn, call->size);
		break;
	case KPP_CALL_SHARED:
		kpp_shared(call->pfn, call->size);
		break;
	case KPP_CALL_HOST_ACCESS:
		kpp_host_access(call->pfn, call->size, call->guest_id);
		break;
	}
}

static void call_for_slot(const struct kpp_call *call, struct kpp_slot *slot)
{
	switch (call->type) {
	case KPP_CALL_ASSIGN_AT:
		kpp_assign(&slot->binding, call->start, call->guest_id,
			   call->pfn, call->size, KPP_CONTENT_KEPT);
		break;
	case KPP_CALL_BEGIN:
		kpp_begin(&slot->binding, call->start, call->end, KPP_NOTIFIED);
		break;
	case KPP_CALL_END:
		kpp_end(&slot->binding, call->start, call->end, KPP_NOTIFIED);
		break;
	case KPP_CALL_UNBOUND:
		kpp_unbound(&slot->binding);
		break;
	}
}

int kpp_call(const struct kpp_call *call)
{
	struct kpp_slot *slot;

	switch (call->type) {
	case KPP_CALL_ASSIGN ... KPP_CALL_HOST_ACCESS:
		if (!pfn_valid(call->pfn))
			return -EINVAL;
		call_for_page(call);
		return 0;
	case KPP_CALL_ASSIGN_AT ... KPP_CALL_UNBOUND:
		slot = kpp_slot_get(call->slot);
		if (!slot)
			return -ENXIO;
		call_for_slot(call, slot);
		kpp_slot_put();
		return 0;
	case KPP_CALL_SETTLE:
		kpp_settle();
		return 0;
	default:
		return -EINVAL;
	}
}
