// SPDX-License-Identifier: GPL-2.0-only
/*
 * The operations of the bindings. They do what the contract asks for, unless a
 * program tells them to misbehave. They can be made to wait or to fail.
 */

#include <linux/atomic.h>
#include <linux/delay.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/moduleparam.h>

#include "platform.h"

/*
 * A program that dies while it pauses other tasks must not pause them for good.
 */
#define PAUSE_TIMEOUT	(30 * HZ)

/*
 * A parameter rather than an ioctl: a test closes the device, to see whether
 * the module may be unloaded meanwhile.
 */
static unsigned int pause;
module_param(pause, uint, 0600);
MODULE_PARM_DESC(pause, "where calls wait, KPP_PAUSE_* (uint)");

static atomic_t paused = ATOMIC_INIT(0);
module_param_named(paused, paused.counter, int, 0400);
MODULE_PARM_DESC(paused, "how many calls wait (int)");

static unsigned long misbehaviour;
static int fail_error;
static atomic_t fail_after = ATOMIC_INIT(0);
static atomic_long_t nr_prepared = ATOMIC_LONG_INIT(0);
static atomic_long_t nr_reclaimed = ATOMIC_LONG_INIT(0);

bool kpp_misbehaves(unsigned long how)
{
	return READ_ONCE(misbehaviour) & how;
}

void kpp_misbehave(unsigned long how)
{
	WRITE_ONCE(misbehaviour, how);
}

void kpp_fail(const struct kpp_fail *fail)
{
	atomic_set(&fail_after, fail->after);
	WRITE_ONCE(fail_error, fail->error);
}

void kpp_ops_clear(void)
{
	static const struct kpp_fail none;

	kpp_misbehave(0);
	kpp_fail(&none);
	atomic_long_set(&nr_prepared, 0);
	atomic_long_set(&nr_reclaimed, 0);
}

void kpp_ops_counts(struct kpp_counts *counts)
{
	counts->prepared = atomic_long_read(&nr_prepared);
	counts->reclaimed = atomic_long_read(&nr_reclaimed);
}

static void pause_here(unsigned int where)
{
	unsigned long until = jiffies + PAUSE_TIMEOUT;

	if (!(READ_ONCE(pause) & where))
		return;

	atomic_inc(&paused);
	while (READ_ONCE(pause) & where && time_before(jiffies, until))
		msleep(20);
	atomic_dec(&paused);
}

static int injected_error(void)
{
	int error = READ_ONCE(fail_error);

	return error && atomic_dec_return(&fail_after) < 0 ? -error : 0;
}

static void invalidate_begin(struct kvm_private_binding *binding,
			     pgoff_t start, pgoff_t end)
{
	struct kpp_slot *slot = kpp_slot_of(binding);
	unsigned long pfn;

	kpp_begin(binding, start, end, KPP_CALLED);

	mutex_lock(&slot->lock);
	slot->start = slot->begun ? min(slot->start, start) : start;
	slot->end = slot->begun ? max(slot->end, end) : end;
	slot->begun++;
	if (!kpp_misbehaves(KPP_KEEP_MAPPINGS))
		kpp_slot_unmap(slot, start, end);
	mutex_unlock(&slot->lock);

	pause_here(KPP_PAUSE_BEGIN);
	if (kpp_misbehaves(KPP_MAP_INSIDE) &&
	    !kvm_private_get_pfn(binding, start, &pfn, NULL)) {
		mutex_lock(&slot->lock);
		kpp_slot_map(slot, start, pfn);
		mutex_unlock(&slot->lock);
		kvm_private_put_pfn(binding, pfn);
	}
}

static void invalidate_end(struct kvm_private_binding *binding, pgoff_t start,
			   pgoff_t end)
{
	struct kpp_slot *slot = kpp_slot_of(binding);
	struct kpp_mapping *mapping;
	unsigned long index = start;

	mutex_lock(&slot->lock);
	/* Looked at before a lookup can insert a valid mapping */
	mapping = xa_find(&slot->mappings, &index, end - 1, XA_PRESENT);
	kpp_rule(KPP_SURVIVED, !mapping, "page %#lx, pfn %#lx", index,
		 mapping ? mapping->pfn : 0);
	slot->begun--;
	slot->seq++;
	mutex_unlock(&slot->lock);

	kpp_end(binding, start, end, KPP_CALLED);
}

static int assign(struct kvm_private_binding *binding, pgoff_t index,
		  u64 guest, unsigned long pfn, unsigned int order,
		  enum kpp_content content)
{
	int ret;

	pause_here(KPP_PAUSE_PREPARE);
	ret = injected_error();
	if (ret)
		return ret;

	atomic_long_inc(&nr_prepared);
	if (kpp_misbehaves(KPP_SKIP_ASSIGN))
		return 0;
	if (kpp_misbehaves(KPP_LIE_ORDER))
		order++;
	kpp_assign(binding, index, guest, pfn, order, content);
	if (kpp_misbehaves(KPP_ASSIGN_AGAIN))
		kpp_assign(binding, index, guest, pfn, order, content);
	return 0;
}

static int prepare_confidential(struct kvm_private_binding *binding, pgoff_t index,
				unsigned long pfn, unsigned int order)
{
	return assign(binding, index, binding->guest_id, pfn, order,
		      KPP_CONTENT_LOST);
}

static int prepare_preserving(struct kvm_private_binding *binding,
			      pgoff_t index, unsigned long pfn,
			      unsigned int order)
{
	return assign(binding, index, binding->guest_id, pfn, order,
		      KPP_CONTENT_KEPT);
}

static int prepare_adopted(struct kvm_private_binding *binding, pgoff_t index,
			   unsigned long pfn, unsigned int order)
{
	return assign(binding, index, binding->guest_id | KPP_ADOPTED, pfn,
		      order, KPP_CONTENT_OPEN);
}

/* An open device pins the module too, but not for this operation. */
static bool is_pinned(void)
{
	return THIS_MODULE->state == MODULE_STATE_LIVE &&
	       module_refcount(THIS_MODULE) > kpp_nr_opens();
}

static void reclaim(unsigned long pfn, unsigned long nr)
{
	pause_here(KPP_PAUSE_RECLAIM);
	kpp_rule(KPP_OWNER_GONE, is_pinned(), "%d references, %d of others",
		 module_refcount(THIS_MODULE), kpp_nr_opens());
	atomic_long_inc(&nr_reclaimed);
	if (!kpp_misbehaves(KPP_SKIP_RECLAIM))
		kpp_reclaim(pfn, nr);
}

static bool preserves(struct kvm_private_binding *binding)
{
	return true;
}

const struct kvm_private_binding_ops kpp_ops[KPP_NR_KINDS] = {
	[KPP_CONFIDENTIAL] = {
		.owner = THIS_MODULE,
		.invalidate_begin = invalidate_begin,
		.invalidate_end = invalidate_end,
		.prepare = prepare_confidential,
		.reclaim = reclaim,
	},
	[KPP_PRESERVING] = {
		.owner = THIS_MODULE,
		.invalidate_begin = invalidate_begin,
		.invalidate_end = invalidate_end,
		.prepare = prepare_preserving,
		.reclaim = reclaim,
		.preserves = preserves,
	},
	[KPP_TRUSTING] = {
		.owner = THIS_MODULE,
		.invalidate_begin = invalidate_begin,
		.invalidate_end = invalidate_end,
	},
};

const struct kvm_private_binding_ops kpp_adopt_ops = {
	.owner = THIS_MODULE,
	.prepare = prepare_adopted,
	.reclaim = reclaim,
};
