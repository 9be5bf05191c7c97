// SPDX-License-Identifier: GPL-2.0-only
/* The operations of the bindings, which act as KPT_CONTROL says */

#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "consumer.h"

/* A program that dies while it blocks other tasks must not block them for good. */
#define BLOCK_TIMEOUT	(30 * HZ)

static DECLARE_WAIT_QUEUE_HEAD(block_wait);
static atomic_t nr_blocked = ATOMIC_INIT(0);
static int block_slot = -1;
static u64 block_prepare;
static u64 block_fill;
static u64 block_firmware;

/*
 * The counterpart of SEV's sev_cmd_mutex: held around calls, and while user memory is
 * written
 */
static DEFINE_MUTEX(firmware_lock);

static int prepare_error;
static int join_error;
static bool in_pieces;
static bool probe;
static bool slow;

static void record_range(enum kpt_event_type type,
			 struct kvm_private_binding *binding, pgoff_t start,
			 pgoff_t end)
{
	struct kpt_event event = {
		.type = type,
		.slot = kpt_slot(binding),
		.start = start,
		.end = end,
	};
	unsigned long pfn;
	unsigned int order;

	if (READ_ONCE(probe)) {
		event.result = kvm_private_get_pfn(binding, start, &pfn, &order);
		if (!event.result) {
			event.pfn = pfn;
			event.size = order;
			kvm_private_put_pfn(binding, pfn);
		}
	}
	kpt_event_add(&event);
}

static bool blocks_slot(u64 slot)
{
	return READ_ONCE(block_slot) == slot;
}

static bool blocks_prepare(u64 index)
{
	return READ_ONCE(block_prepare) == index + 1;
}

static bool blocks_fill(u64 index)
{
	return READ_ONCE(block_fill) == index + 1;
}

static bool blocks_firmware(u64 unused)
{
	return READ_ONCE(block_firmware);
}

/*
 * Returns once KPT_CONTROL has said that the operation doesn't block, or not any more.
 */
static void wait_while(bool (*blocks)(u64 of), u64 of)
{
	if (!blocks(of))
		return;

	atomic_inc(&nr_blocked);
	wake_up_all(&block_wait);
	if (!wait_event_timeout(block_wait, !blocks(of), BLOCK_TIMEOUT))
		pr_err("kvm_private_test: %ps of %llu was never ended\n",
		       blocks, of);
	atomic_dec(&nr_blocked);
}

static void invalidate_begin(struct kvm_private_binding *binding,
			     pgoff_t start, pgoff_t end)
{
	record_range(KPT_BEGIN, binding, start, end);
	wait_while(blocks_slot, kpt_slot(binding));
}

static void invalidate_shared_begin(struct kvm_private_binding *binding,
				    pgoff_t start, pgoff_t end)
{
	record_range(KPT_SHARED_BEGIN, binding, start, end);
}

static void invalidate_end(struct kvm_private_binding *binding,
			   pgoff_t start, pgoff_t end)
{
	record_range(KPT_END, binding, start, end);
}

static void record_page(enum kpt_event_type type,
			struct kvm_private_binding *binding, pgoff_t index,
			unsigned long pfn, unsigned int order, int result)
{
	const struct kpt_event event = {
		.type = type,
		.slot = kpt_slot(binding),
		.start = index,
		.pfn = pfn,
		.size = order,
		.result = result,
	};

	kpt_event_add(&event);
}

static int prepare(struct kvm_private_binding *binding, pgoff_t index,
		   unsigned long pfn, unsigned int order)
{
	int result = READ_ONCE(prepare_error);

	record_page(KPT_PREPARED, binding, index, pfn, order, result);
	if (READ_ONCE(slow))
		schedule_timeout_uninterruptible(1);
	wait_while(blocks_prepare, index);
	return result;
}

static void reclaim(unsigned long pfn, unsigned long nr)
{
	const struct kpt_event event = {
		.type = KPT_RECLAIMED,
		.pfn = pfn,
		.size = nr,
	};

	kpt_event_add(&event);
}

static bool joined(struct kvm_private_binding *binding, unsigned long pfn,
		   unsigned int order)
{
	return !READ_ONCE(in_pieces);
}

static int join(struct kvm_private_binding *binding, pgoff_t index,
		unsigned long pfn, unsigned int order)
{
	int result = READ_ONCE(join_error);

	mutex_lock(&firmware_lock);
	record_page(KPT_JOINED, binding, index, pfn, order, result);
	if (!result)
		WRITE_ONCE(in_pieces, false);
	mutex_unlock(&firmware_lock);
	return result;
}

static bool encrypts(struct kvm_private_binding *binding)
{
	return true;
}

static const struct kvm_private_binding_ops ops[KPT_OPS_NR] = {
	[KPT_OPS_PLAIN] = {
		.owner = THIS_MODULE,
		.invalidate_begin = invalidate_begin,
		.invalidate_end = invalidate_end,
	},
	[KPT_OPS_PREPARE] = {
		.owner = THIS_MODULE,
		.invalidate_begin = invalidate_begin,
		.invalidate_end = invalidate_end,
		.prepare = prepare,
		.reclaim = reclaim,
	},
	[KPT_OPS_JOIN] = {
		.owner = THIS_MODULE,
		.invalidate_begin = invalidate_begin,
		.invalidate_end = invalidate_end,
		.prepare = prepare,
		.reclaim = reclaim,
		.joined = joined,
		.join = join,
	},
	[KPT_OPS_ENCRYPTS] = {
		.owner = THIS_MODULE,
		.invalidate_begin = invalidate_begin,
		.invalidate_end = invalidate_end,
		.encrypts = encrypts,
	},
	[KPT_OPS_KEEPS] = {
		.owner = THIS_MODULE,
		.invalidate_begin = invalidate_begin,
		.invalidate_shared_begin = invalidate_shared_begin,
		.invalidate_end = invalidate_end,
		.prepare = prepare,
		.reclaim = reclaim,
	},
	[KPT_OPS_NO_BEGIN] = {
		.owner = THIS_MODULE,
		.invalidate_end = invalidate_end,
	},
	[KPT_OPS_NO_END] = {
		.owner = THIS_MODULE,
		.invalidate_begin = invalidate_begin,
	},
	[KPT_OPS_NO_RECLAIM] = {
		.owner = THIS_MODULE,
		.invalidate_begin = invalidate_begin,
		.invalidate_end = invalidate_end,
		.prepare = prepare,
	},
	[KPT_OPS_NO_PREPARE] = {
		.owner = THIS_MODULE,
		.invalidate_begin = invalidate_begin,
		.invalidate_end = invalidate_end,
		.reclaim = reclaim,
	},
	[KPT_OPS_NO_JOINED] = {
		.owner = THIS_MODULE,
		.invalidate_begin = invalidate_begin,
		.invalidate_end = invalidate_end,
		.prepare = prepare,
		.reclaim = reclaim,
		.join = join,
	},
	[KPT_OPS_NO_JOIN] = {
		.owner = THIS_MODULE,
		.invalidate_begin = invalidate_begin,
		.invalidate_end = invalidate_end,
		.prepare = prepare,
		.reclaim = reclaim,
		.joined = joined,
	},
};

const struct kvm_private_binding_ops *kpt_ops(unsigned int kind)
{
	return kind == KPT_OPS_NULL ? NULL : &ops[kind];
}

int kpt_control(const struct kpt_control *control)
{
	WRITE_ONCE(prepare_error, control->prepare_error);
	WRITE_ONCE(join_error, control->join_error);
	WRITE_ONCE(in_pieces, !!control->in_pieces);
	WRITE_ONCE(probe, !!control->probe);
	WRITE_ONCE(slow, !!control->slow);
	WRITE_ONCE(block_slot, control->block_slot);
	WRITE_ONCE(block_prepare, control->block_prepare);
	WRITE_ONCE(block_fill, control->block_fill);
	WRITE_ONCE(block_firmware, control->block_firmware);
	wake_up_all(&block_wait);
	return 0;
}

bool kpt_is_blocked(void)
{
	return atomic_read(&nr_blocked);
}

long kpt_wait_blocked(void)
{
	long left = wait_event_interruptible_timeout(block_wait,
						     kpt_is_blocked(),
						     BLOCK_TIMEOUT / 3);

	if (left < 0)
		return left;
	return left ? 0 : -ETIMEDOUT;
}

static void fill(u64 *words, unsigned int order, u64 word)
{
	unsigned int i;

	for (i = 0; i < PAGE_SIZE << order >> 3; i++)
		words[i] = word;
}

int kpt_fill(struct kvm_private_binding *binding, pgoff_t index,
	     unsigned long pfn, unsigned int order, void *opaque)
{
	const struct kpt_populate *args = opaque;
	unsigned long found;
	int result = 0;

	wait_while(blocks_fill, index);
	if (args->flags & KPT_FILL_FIRMWARE)
		mutex_lock(&firmware_lock);
	if (args->error && index == args->fail_index)
		result = args->error;
	else
		fill(page_address(pfn_to_page(pfn)), order, args->word + index);
	if (args->flags & KPT_FILL_FIRMWARE)
		mutex_unlock(&firmware_lock);

	if (args->flags & KPT_FILL_LOOKS_UP) {
		result = kvm_private_get_pfn(binding, index, &found, NULL);
		if (!result) {
			kvm_private_put_pfn(binding, found);
			result = found == pfn ? 0 : -EXDEV;
		}
	}
	record_page(KPT_FILLED, binding, index, pfn, order, result);
	return result;
}

long kpt_firmware(const struct kpt_firmware *args)
{
	long ret = 0;

	mutex_lock(&firmware_lock);
	wait_while(blocks_firmware, 0);
	if (copy_to_user((void __user *)args->address, &args->word,
			 sizeof(args->word)))
		ret = -EFAULT;
	mutex_unlock(&firmware_lock);
	return ret;
}
