// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making pages huge again: KVM_PRIVATE_COLLAPSE.
 *
 * A block whose pages still lie side by side in memory becomes one unit where it
 * is, and nobody notices but the next fault. Otherwise its pages are copied to a
 * new huge page, with all mappings of the block gone meanwhile. What becomes
 * gigantic is made of huge pages, and these are made first.
 */

#include <linux/highmem.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "fail_point.h"
#include "internal.h"
#include "observer.h"
#include "unit.h"

/* Pages of a huge one, and as many huge ones make one that is gigantic. */
#define MAX_PARTS	(PMD_SIZE >> PAGE_SHIFT)

/**
 * struct block - what is to become one unit
 * @f: its file, whose invalidate_lock is held for writing
 * @unit: what it becomes
 * @parts: the units that it consists of, room for %MAX_PARTS. Locked, in the order
 *	of the file; nobody else locks more than one.
 * @nr_parts: how many are locked
 */
struct block {
	struct kvm_private_file *f;
	struct kvm_private_unit unit;
	struct kvm_private_unit *parts;
	unsigned int nr_parts;
};

static void unlock_parts(struct block *block)
{
	while (block->nr_parts)
		kvm_private_store_unlock(&block->parts[--block->nr_parts]);
}

/* The block has no holes, and gets none. */
static int lock_parts(struct block *block)
{
	pgoff_t index = block->unit.index;
	struct kvm_private_unit *part;
	int ret = 0;

	while (!ret && index < kvm_private_unit_end(&block->unit)) {
		/* A guest's firmware has just had a huge page taken to pieces. */
		if (block->nr_parts == MAX_PARTS) {
			ret = -EBUSY;
			break;
		}
		part = &block->parts[block->nr_parts];
		if (WARN_ON_ONCE(!kvm_private_store_lock_unit(block->f, index,
							      part))) {
			ret = -ENOENT;
			break;
		}
		block->nr_parts++;
		index = kvm_private_unit_end(part);
		if (kvm_private_pages_have_poison(part->head,
						  kvm_private_unit_nr(part)))
			ret = -EHWPOISON;
		else if (kvm_private_unit_is_guarded(part))
			ret = -EBUSY;
	}
	if (ret)
		unlock_parts(block);
	return ret;
}

static bool is_contiguous(const struct block *block)
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

/* Whom parts were prepared for, all of the block will be, with the next access. */
static void reclaim_parts(struct block *block)
{
	unsigned int i;

	for (i = 0; i < block->nr_parts; i++)
		kvm_private_unit_reclaim(block->f, &block->parts[i]);
}

/* Of a file with a gigantic page alone the store hasn't had a node so high. */
static int store_block(struct block *block)
{
	XA_STATE_ORDER(xas, &block->f->units, block->unit.index,
		       block->unit.order);

	do {
		xas_lock(&xas);
		kvm_private_xas_may_fail(&xas, KVM_PRIVATE_FAIL_JOIN);
		xas_store(&xas, kvm_private_entry(&block->unit));
		xas_unlock(&xas);
	} while (kvm_private_xas_nomem(&xas, KVM_PRIVATE_GFP_NODE,
				       KVM_PRIVATE_FAIL_JOIN_AGAIN));

	return xas_error(&xas);
}

/* Each huge page of what is gigantic may go back as one, others may not. */
static bool are_whole(struct block *block)
{
	unsigned int i;

	if (!kvm_private_unit_is_gigantic(&block->unit))
		return false;
	for (i = 0; i < block->nr_parts; i++)
		if (!block->parts[i].whole)
			return false;
	return true;
}

static int join_in_place(struct block *block)
{
	unsigned int i;
	int ret;

	block->unit.head = block->parts[0].head;
	block->unit.whole = are_whole(block);
	ret = store_block(block);
	if (ret)
		goto unlock;

	/* Who cares for charges waits for the invalidate_lock. */
	for (i = 0; i < block->nr_parts && !block->unit.whole; i++)
		if (block->parts[i].whole)
			kvm_private_unit_break(&block->parts[i]);
	for (i = 0; i < block->nr_parts; i++)
		kvm_private_unit_count(block->f, &block->parts[i],
				       -kvm_private_unit_nr(&block->parts[i]));
	kvm_private_unit_count(block->f, &block->unit,
			       kvm_private_unit_nr(&block->unit));
unlock:
	/* What was the lock of a part is nobody's any more. */
	unlock_parts(block);
	return ret;
}

static void copy_parts(struct block *block)
{
	struct kvm_private_unit *unit = &block->unit;
	struct kvm_private_unit *part;
	pgoff_t index;
	unsigned int i;

	for (i = 0; i < block->nr_parts; i++) {
		part = &block->parts[i];
		kvm_private_tell_host_access(part->head,
					     kvm_private_unit_nr(part), true);
		for (index = part->index; index < kvm_private_unit_end(part);
		     index++) {
			copy_highpage(kvm_private_unit_page(unit, index),
				      kvm_private_unit_page(part, index));
			cond_resched();
		}
	}
}

/* Frees what isn't used any more: the parts, or after an error the new pages. */
static int move_parts(struct block *block)
{
	unsigned int nr = block->nr_parts;
	int ret;

	copy_parts(block);
	ret = store_block(block);
	unlock_parts(block);
	if (ret)
		kvm_private_units_free(block->f, &block->unit, 1);
	else
		kvm_private_units_free(block->f, block->parts, nr);
	return ret;
}

/* Returns 1 if the pages have to move. There are no holes. */
static int try_in_place(struct block *block)
{
	int ret = lock_parts(block);

	if (ret)
		return ret;
	if (!is_contiguous(block)) {
		unlock_parts(block);
		return 1;
	}
	reclaim_parts(block);
	return join_in_place(block);
}

static int try_moving(struct block *block)
{
	struct kvm_private_file *f = block->f;
	unsigned long nr = kvm_private_unit_nr(&block->unit);
	pgoff_t end = kvm_private_unit_end(&block->unit);
	pgoff_t start = block->unit.index, held;
	int ret;

	kvm_private_unmap(f, start, end);
	ret = kvm_private_check_unused(f, start, end, &held);
	if (ret)
		return ret;
	ret = kvm_private_store_fill(f, start, end);
	if (ret)
		return ret;

	ret = kvm_private_may_fail(MOVE_CHARGE, -ENOMEM,
				   kvm_private_charge(f, nr));
	if (ret)
		return ret;
	ret = kvm_private_unit_alloc(f, &block->unit, KVM_PRIVATE_GFP_PAGE);
	if (ret)
		goto uncharge;

	ret = lock_parts(block);
	if (ret) {
		kvm_private_units_free(f, &block->unit, 1);
	} else {
		reclaim_parts(block);
		ret = move_parts(block);
	}
uncharge:
	/* Either the new pages are gone or the old ones. */
	kvm_private_uncharge(f, nr);
	return ret;
}

static bool is_wanted(struct block *block)
{
	pgoff_t next = block->unit.index;
	void *entry;

	if (!kvm_private_store_next_page(block->f, &next,
					 kvm_private_unit_end(&block->unit)))
		return false;
	entry = xa_load(&block->f->units, next);
	return !entry || kvm_private_entry_order(entry) < block->unit.order;
}

static int join(struct block *block)
{
	pgoff_t start = block->unit.index;
	pgoff_t end = kvm_private_unit_end(&block->unit);
	int ret;

	kvm_private_invalidate_begin(block->f, start, end);
	/* What is missing wouldn't come from where it would have to. */
	ret = 1;
	if (kvm_private_store_next_hole(block->f, start, end) == end)
		ret = try_in_place(block);
	if (ret > 0)
		ret = try_moving(block);
	kvm_private_invalidate_end(block->f, start, end);
	return ret;
}

/* First fills it: what is missing is huge, where all of a huge page is. */
static int join_huge_pages(struct block *block)
{
	struct block part = {
		.f = block->f,
		.unit.index = block->unit.index,
		.unit.order = kvm_private_order_below(block->unit.order),
		.parts = block->parts,
	};
	pgoff_t end = kvm_private_unit_end(&block->unit);
	int ret;

	ret = kvm_private_store_fill(block->f, block->unit.index, end);
	for (; !ret && part.unit.index < end;
	     part.unit.index = kvm_private_unit_end(&part.unit)) {
		if (!is_wanted(&part))
			continue;
		ret = join(&part);
		/* Each call gets further, however often signals come. */
		if (!ret && signal_pending(current))
			ret = -EINTR;
		cond_resched();
	}
	return ret;
}

static int collapse_locked(struct block *block)
{
	int ret = 0;

	if (!is_wanted(block))
		return 0;

	if (kvm_private_unit_is_gigantic(&block->unit))
		ret = join_huge_pages(block);
	return ret ?: join(block);
}

static int collapse(struct block *block)
{
	int ret;

	if (down_write_killable(&block->f->invalidate_lock))
		return -EINTR;
	ret = collapse_locked(block);
	up_write(&block->f->invalidate_lock);

	return ret;
}

/* Moves what it has seen to out of the range, which is in bytes. */
static int collapse_range(struct block *block, u64 *offset, u64 *size)
{
	u64 step = PAGE_SIZE << block->unit.order;
	u64 end = *offset + *size;
	u64 next;
	int ret = 0;

	while (*offset < end) {
		next = min(round_down(*offset, step) + step, end);
		if (next - *offset == step) {
			block->unit.index = *offset >> PAGE_SHIFT;
			ret = collapse(block);
			if (ret)
				break;
		}
		*offset = next;
		*size = end - next;
		if (next < end && signal_pending(current))
			return -EINTR;
		cond_resched();
	}
	return ret;
}

/**
 * kvm_private_ioctl_collapse() - KVM_PRIVATE_COLLAPSE
 * @file: a private file
 * @arg: the user's struct, moved past what was done
 *
 * Context: may sleep, for long; interruptible.
 * Return: 0 or a negative errno, see &struct kvm_private_collapse.
 */
long kvm_private_ioctl_collapse(struct file *file,
				struct kvm_private_collapse __user *arg)
{
	struct kvm_private_file *f = kvm_private_file(file);
	struct block block = { .f = f, .unit.order = f->order };
	struct kvm_private_collapse c;
	pgoff_t start, end;
	int ret;

	if (copy_from_user(&c, arg, sizeof(c)))
		return -EFAULT;
	if (!f->order || c.flags ||
	    memchr_inv(c.reserved, 0, sizeof(c.reserved)))
		return -EINVAL;
	ret = kvm_private_file_range(file, c.offset, c.size, &start, &end);
	if (ret)
		return ret;

	block.parts = kvm_private_may_fail(PARTS, NULL,
					   kvcalloc(MAX_PARTS,
						    sizeof(*block.parts),
						    GFP_KERNEL_ACCOUNT));
	if (!block.parts)
		return -ENOMEM;
	ret = collapse_range(&block, &c.offset, &c.size);
	kvfree(block.parts);

	if (copy_to_user(arg, &c, sizeof(c)))
		return -EFAULT;
	return ret;
}
