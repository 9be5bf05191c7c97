// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making pages huge again: KVM_PRIVATE_COLLAPSE.
 *
 * A block whose pages still lie side by side in memory becomes one unit where it
 * is, and nobody notices but the next fault. Otherwise its pages are copied to a
 * new huge page, with all mappings of the block gone meanwhile.
 */

#include <linux/highmem.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "internal.h"
#include "observer.h"
#include "unit.h"

/**
 * struct block - what is to become one unit
 * @f: its file, whose invalidate_lock is held for writing
 * @unit: what it becomes
 * @parts: the units that it consists of, room for as many as it has pages.
 *	Locked, in the order of the file; nobody else locks more than one.
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

static bool has_poison(const struct kvm_private_unit *part)
{
	unsigned long i;

	for (i = 0; i < kvm_private_unit_nr(part); i++)
		if (PageHWPoison(part->head + i))
			return true;
	return false;
}

/* The block has no holes, and gets none. */
static int lock_parts(struct block *block)
{
	pgoff_t index = block->unit.index;
	struct kvm_private_unit *part;
	int ret = 0;

	while (!ret && index < kvm_private_unit_end(&block->unit)) {
		part = &block->parts[block->nr_parts];
		if (WARN_ON_ONCE(!kvm_private_store_lock_unit(block->f, index,
							      part))) {
			ret = -ENOENT;
			break;
		}
		block->nr_parts++;
		index = kvm_private_unit_end(part);
		if (has_poison(part))
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

static void store_block(struct block *block)
{
	XA_STATE_ORDER(xas, &block->f->units, block->unit.index,
		       block->unit.order);

	/* What is there takes more nodes than what it becomes. */
	xas_lock(&xas);
	xas_store(&xas, kvm_private_entry(&block->unit));
	WARN_ON_ONCE(xas_error(&xas));
	xas_unlock(&xas);
}

static void join_in_place(struct block *block)
{
	unsigned long nr = kvm_private_unit_nr(&block->unit), i;

	block->unit.head = block->parts[0].head;
	block->unit.whole = false;
	for (i = 0; i < block->nr_parts; i++)
		if (block->parts[i].whole)
			kvm_private_unit_break(&block->parts[i]);
	for (i = 1; i < nr; i++)
		kvm_private_page_set_head(block->unit.head + i,
					  block->unit.head);
	store_block(block);
	atomic_long_add(nr, &block->f->nr_huge);

	/* What was the lock of a part is nobody's any more. */
	unlock_parts(block);
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

static void move_parts(struct block *block)
{
	unsigned int nr = block->nr_parts;

	copy_parts(block);
	store_block(block);
	unlock_parts(block);
	kvm_private_units_free(block->f, block->parts, nr);
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
	join_in_place(block);
	return 0;
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

	ret = kvm_private_memlock_charge(&f->memlock, nr);
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
		move_parts(block);
	}
uncharge:
	/* Either the new pages are gone or the old ones. */
	kvm_private_memlock_uncharge(&f->memlock, nr);
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

static int collapse_locked(struct block *block)
{
	pgoff_t start = block->unit.index;
	pgoff_t end = kvm_private_unit_end(&block->unit);
	int ret;

	if (!is_wanted(block))
		return 0;

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

	block.parts = kvcalloc(kvm_private_unit_nr(&block.unit),
			       sizeof(*block.parts), GFP_KERNEL_ACCOUNT);
	if (!block.parts)
		return -ENOMEM;
	ret = collapse_range(&block, &c.offset, &c.size);
	kvfree(block.parts);

	if (copy_to_user(arg, &c, sizeof(c)))
		return -EFAULT;
	return ret;
}
