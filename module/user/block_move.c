// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copying a block to a new huge page, which is allocated before. The block is claimed while
 * it is copied. So the invalidate_lock is held, and guests' faults elsewhere are kept from
 * going on, only while the block is unmapped. Assigned pages can't be copied.
 */

#include <linux/highmem.h>

#include "access/access.h"
#include "debug/detour.h"
#include "debug/fail_point.h"
#include "debug/observer.h"
#include "internal.h"
#include "memory/memory.h"
#include "memory/poison.h"
#include "memory/unit.h"
#include "store/store.h"
#include "user/block.h"

/* For a caller that wants to copy the block */
static int move_lock_parts(struct kvm_private_block *block)
{
	int ret = kvm_private_block_lock(block);

	if (!ret && block->guest) {
		kvm_private_block_unlock(block);
		ret = -EBUSY;
	}
	return ret;
}

/*
 * The block is claimed and unmapped: no other task has a page of it or gets one before
 * move_swap_parts().
 */
static void move_copy_parts(struct kvm_private_block *block)
{
	struct kvm_private_unit *unit = &block->unit;
	struct kvm_private_unit *part;
	pgoff_t index;
	unsigned int i;

	for (i = 0; i < block->nr_parts; i++) {
		part = &block->parts[i];
		kvm_private_notify_host_access(part->head,
					       kvm_private_unit_nr(part), true);
		for (index = part->index; index < kvm_private_unit_end(part);
		     index++) {
			copy_highpage(kvm_private_unit_page(unit, index),
				      kvm_private_unit_page(part, index));
			kvm_private_cond_resched(COPY);
		}
	}
}

static int move_claim_unmapped(struct kvm_private_block *block,
			       struct kvm_private_claim *claim)
{
	struct kvm_private_file *f = block->f;
	pgoff_t start = block->unit.index;
	pgoff_t end = kvm_private_unit_end(&block->unit);
	int ret;

	kvm_private_claim(f, claim, start, end);
	kvm_private_unmap(f, start, end);
	ret = kvm_private_check_unused(f, start, end, &block->pinned);
	if (!ret)
		ret = move_lock_parts(block);
	if (ret) {
		kvm_private_release_claim(f, claim);
		return ret;
	}
	kvm_private_block_reclaim(block);
	kvm_private_block_unlock(block);
	return 0;
}

static int move_claim_parts(struct kvm_private_block *block,
			    struct kvm_private_claim *claim)
{
	struct kvm_private_file *f = block->f;
	pgoff_t start = block->unit.index;
	pgoff_t end = kvm_private_unit_end(&block->unit);
	int ret;

	ret = kvm_private_lock_unclaimed(f, start, end);
	if (ret)
		return ret;

	if (!kvm_private_block_is_wanted(block)) {
		ret = NOT_WANTED;
	} else if (kvm_private_store_next_hole(f, start, end) < end) {
		ret = HAS_HOLES;
	} else if (!kvm_private_bindings_movable(f, start, end) ||
		   kvm_private_block_is_volatile(block)) {
		ret = -EBUSY;
	} else {
		kvm_private_invalidate_begin(f, start, end);
		ret = move_claim_unmapped(block, claim);
		kvm_private_invalidate_end(f, start, end);
	}
	up_write(&f->invalidate_lock);

	return ret;
}

/* move_claim_parts() has invalidated the block, and no guest has mapped it since. */
static int move_swap_parts(struct kvm_private_block *block,
			   struct kvm_private_claim *claim)
{
	struct kvm_private_file *f = block->f;
	int ret;

	down_write(&f->invalidate_lock);
	ret = move_lock_parts(block);
	if (!ret) {
		ret = kvm_private_block_store(block);
		kvm_private_block_unlock(block);
	}
	/* After the store: see claim.c. */
	if (ret != NEEDS_NODE)
		kvm_private_release_claim(f, claim);
	up_write(&f->invalidate_lock);

	return ret;
}

/* Frees the parts, or after an error the new pages. */
static int move_parts(struct kvm_private_block *block, int errors)
{
	struct kvm_private_file *f = block->f;
	struct kvm_private_claim claim;
	int ret;

	ret = move_claim_parts(block, &claim);
	if (ret)
		goto free;

	move_copy_parts(block);
	while ((ret = move_swap_parts(block, &claim)) == NEEDS_NODE) {
		ret = kvm_private_block_alloc_node(block);
		if (ret) {
			kvm_private_release_claim(f, &claim);
			break;
		}
	}
	if (!ret) {
		kvm_private_unit_report_poison(&block->unit, errors);
		kvm_private_units_free(f, block->parts, block->nr_parts);
		return 0;
	}
free:
	kvm_private_units_free(f, &block->unit, 1);
	return ret;
}

/*
 * Called before memory for the new page, and for holes, is allocated: that would be for
 * nothing if the block can't be moved.
 */
static int move_check(struct kvm_private_block *block)
{
	struct kvm_private_file *f = block->f;
	pgoff_t start = block->unit.index;
	pgoff_t end = kvm_private_unit_end(&block->unit);
	int ret;

	ret = kvm_private_lock_unclaimed(f, start, end);
	if (ret)
		return ret;
	if (kvm_private_bindings_movable(f, start, end)) {
		kvm_private_unmap(f, start, end);
		ret = kvm_private_check_unused(f, start, end, &block->pinned);
	} else {
		ret = -EBUSY;
	}
	up_write(&f->invalidate_lock);

	return ret;
}

/**
 * kvm_private_block_move() - copy a block to a new huge page
 * @block: has no lock; with -EAGAIN @block->pinned is set
 *
 * Its holes get pages first.
 *
 * Context: may sleep, for long; interruptible.
 * Return: 0; %HAS_HOLES or %NOT_WANTED if another task was faster; -EBUSY if a page is
 * assigned, or another negative errno.
 */
int kvm_private_block_move(struct kvm_private_block *block)
{
	struct kvm_private_file *f = block->f;
	unsigned long nr = kvm_private_unit_nr(&block->unit);
	int errors = kvm_private_memory_errors_seen();
	int ret;

	ret = move_check(block);
	if (ret)
		return ret;
	ret = kvm_private_store_fill(f, block->unit.index,
				     kvm_private_unit_end(&block->unit));
	if (ret)
		return ret;

	if (kvm_private_should_fail(MOVE_CHARGE))
		return -ENOMEM;
	ret = kvm_private_charge(f, nr);
	if (ret)
		return ret;
	ret = kvm_private_unit_alloc(f, &block->unit, KVM_PRIVATE_GFP_PAGE);
	if (!ret)
		ret = move_parts(block, errors);
	/* Either the new pages are gone or the old ones. */
	kvm_private_uncharge(f, nr);
	return ret;
}
