// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making pages huge again: KVM_PRIVATE_COLLAPSE.
 *
 * A block whose pages still lie side by side in memory becomes one unit where it is, and
 * only the next fault sees a difference; a guest's platform joins them if they are assigned.
 * Otherwise its pages are copied to a new huge page. A gigantic page is made of huge pages,
 * and these are made first.
 */

#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "access/access.h"
#include "debug/detour.h"
#include "debug/fail_point.h"
#include "internal.h"
#include "memory/unit.h"
#include "store/store.h"
#include "user/block.h"
#include "user/user.h"

static bool collapse_is_contiguous(const struct kvm_private_block *block)
{
	const struct page *head = block->parts[0].head;
	unsigned int i;

	if (!IS_ALIGNED(page_to_pfn(head), kvm_private_unit_nr(&block->unit)))
		return false;
	for (i = 0; i < block->nr_parts; i++)
		if (block->parts[i].head !=
		    head + (block->parts[i].index - block->unit.index))
			return false;
	return true;
}

/*
 * Looks at the entries alone, since the parts aren't locked. collapse_locked() looks again.
 */
static bool collapse_looks_contiguous(const struct kvm_private_block *block)
{
	pgoff_t index = block->unit.index;
	struct kvm_private_unit part;
	struct page *head = NULL;
	void *entry;

	for (; index < kvm_private_unit_end(&block->unit);
	     index = kvm_private_unit_end(&part)) {
		entry = xa_load(&block->f->units, index);
		if (!entry)
			return false;
		part = kvm_private_entry_unit(entry, index);
		if (!head)
			head = part.head;
		if (part.head != head + (part.index - block->unit.index))
			return false;
	}
	return IS_ALIGNED(page_to_pfn(head), kvm_private_unit_nr(&block->unit));
}

static int collapse_locked(struct kvm_private_block *block)
{
	int ret = kvm_private_block_lock(block);

	if (ret)
		return ret;
	block->unit.head = block->parts[0].head;
	if (!collapse_is_contiguous(block)) {
		ret = block->guest ? -EBUSY : HAS_TO_MOVE;
	} else if (block->guest) {
		ret = kvm_private_block_find_binding(block);
	} else {
		kvm_private_block_reclaim(block);
		ret = kvm_private_block_store_in_place(block);
	}
	/* If they were joined, only the first part's lock is that of a unit now. */
	kvm_private_block_unlock(block);
	return ret;
}

static int collapse_try_in_place(struct kvm_private_block *block,
				 struct kvm_private_claim *claim)
{
	pgoff_t start = block->unit.index;
	pgoff_t end = kvm_private_unit_end(&block->unit);
	int ret;

	ret = kvm_private_lock_unclaimed(block->f, start, end);
	if (ret)
		return ret;
	/*
	 * A block with holes moves, too: new pages for them wouldn't be beside the others.
	 */
	ret = HAS_TO_MOVE;
	if (!kvm_private_block_is_wanted(block)) {
		ret = NOT_WANTED;
	} else if (kvm_private_block_is_volatile(block)) {
		ret = -EBUSY;
	} else if (collapse_looks_contiguous(block)) {
		kvm_private_invalidate_begin(block->f, start, end);
		ret = collapse_locked(block);
		if (ret == HAS_TO_JOIN)
			ret = kvm_private_block_claim_assigned(block, claim);
		kvm_private_invalidate_end(block->f, start, end);
	}
	up_write(&block->f->invalidate_lock);

	return ret;
}

static int collapse_try(struct kvm_private_block *block)
{
	struct kvm_private_claim claim;
	int ret;

	kvm_private_window(COLLAPSE);
	ret = collapse_try_in_place(block, &claim);
	switch (ret) {
	case HAS_TO_JOIN:
		return kvm_private_block_join(block, &claim);
	case HAS_TO_MOVE:
		return kvm_private_block_move(block);
	default:
		return ret;
	}
}

static int collapse_block(struct kvm_private_block *block)
{
	unsigned long since = 0;
	int ret;

	do {
		ret = collapse_try(block);
		if (ret == -EAGAIN &&
		    kvm_private_store_wait_unused(block->f, block->pinned, &since))
			ret = TRY_AGAIN;
		if (ret == NEEDS_NODE)
			ret = kvm_private_block_alloc_node(block) ?: TRY_AGAIN;
		if (ret == NOT_WANTED)
			ret = 0;
		if (ret > 0 && fatal_signal_pending(current))
			ret = -EINTR;
	} while (ret > 0);

	kvm_private_block_free_node(block);
	return ret;
}

/* Fills the holes first: where all of a huge page is missing, a huge page comes at once. */
static int collapse_huge_pages(struct kvm_private_block *block)
{
	unsigned int order = kvm_private_order_below(block->unit.order);
	pgoff_t index = block->unit.index;
	pgoff_t end = kvm_private_unit_end(&block->unit);
	struct kvm_private_block part;
	int ret;

	ret = kvm_private_store_fill(block->f, index, end);
	for (; !ret && index < end; index += 1UL << order) {
		kvm_private_block_init(&part, block->f, index, order,
				       block->parts);
		ret = kvm_private_block_is_wanted(&part) ? collapse_block(&part) :
						  kvm_private_block_rejoin(&part);
		/* Each call gets further, however often signals come. */
		if (!ret && signal_pending(current))
			ret = -EINTR;
		kvm_private_cond_resched(COLLAPSE);
	}
	return ret;
}

static int collapse_one(struct kvm_private_block *block)
{
	int ret = 0;

	if (!kvm_private_block_is_wanted(block))
		return kvm_private_block_rejoin(block);
	if (kvm_private_unit_is_gigantic(&block->unit))
		ret = collapse_huge_pages(block);
	return ret ?: collapse_block(block);
}

/* Goes on to the next block that has pages. */
static u64 collapse_skip_holes(struct kvm_private_file *f, u64 offset, u64 end)
{
	u64 step = PAGE_SIZE << f->order;
	pgoff_t index = offset >> PAGE_SHIFT;

	if (!kvm_private_store_next_page(f, &index, end >> PAGE_SHIFT))
		return end;
	return max(offset, round_down((u64)index << PAGE_SHIFT, step));
}

/* The range, in bytes, is moved past the blocks that are done. */
static int collapse_range(struct kvm_private_file *f,
			  struct kvm_private_unit *parts, u64 *offset, u64 *size)
{
	u64 step = PAGE_SIZE << f->order;
	u64 end = *offset + *size;
	struct kvm_private_block block;
	u64 next;
	int ret;

	while ((*offset = collapse_skip_holes(f, *offset, end)) < end) {
		*size = end - *offset;
		next = min(round_down(*offset, step) + step, end);
		if (next - *offset == step) {
			kvm_private_block_init(&block, f, *offset >> PAGE_SHIFT,
					       f->order, parts);
			ret = collapse_one(&block);
			if (ret)
				return ret;
		}
		*offset = next;
		*size = end - next;
		if (next < end && signal_pending(current))
			return -EINTR;
		kvm_private_cond_resched(COLLAPSE);
	}
	*size = 0;
	return 0;
}

/**
 * kvm_private_ioctl_collapse() - KVM_PRIVATE_COLLAPSE
 * @file: a private file
 * @arg: the range
 * @user: the user's struct, moved past the blocks that are done
 *
 * Context: may sleep, for long; interruptible.
 * Return: 0 or a negative errno, see &struct kvm_private_collapse.
 */
long kvm_private_ioctl_collapse(struct file *file, void *arg, void __user *user)
{
	struct kvm_private_file *f = kvm_private_file(file);
	struct kvm_private_collapse *c = arg;
	struct kvm_private_unit *parts;
	pgoff_t start, end;
	int ret;

	if (!f->order || c->flags)
		return -EINVAL;
	ret = kvm_private_file_range(file, c->offset, c->size, &start, &end);
	if (ret)
		return ret;

	if (kvm_private_should_fail(PARTS))
		return -ENOMEM;
	parts = kvcalloc(KVM_PRIVATE_MAX_PARTS, sizeof(*parts), GFP_KERNEL_ACCOUNT);
	if (!parts)
		return -ENOMEM;
	ret = collapse_range(f, parts, &c->offset, &c->size);
	kvfree(parts);

	if (copy_to_user(user, c, sizeof(*c)))
		return -EFAULT;
	return ret;
}
