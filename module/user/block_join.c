// SPDX-License-Identifier: GPL-2.0-only
/*
 * Having a guest's platform join the pages of a block, where they are assigned and lie side
 * by side. The platform is asked as well where a unit is huge still, but the guest had it
 * taken to pieces. The block is claimed meanwhile: a call of firmware takes a lock that other
 * tasks hold while they access user memory, such as a file's.
 */

#include "access/access.h"
#include "internal.h"
#include "memory/unit.h"
#include "store/store.h"
#include "user/block.h"

/**
 * kvm_private_block_find_binding() - find the binding whose platform can join a block
 * @block: its parts are locked; @block->binding is set
 *
 * Return: %HAS_TO_JOIN, or -EBUSY if there is none.
 */
int kvm_private_block_find_binding(struct kvm_private_block *block)
{
	block->binding = kvm_private_joining_binding(block->f, &block->unit);
	if (!block->binding || block->binding->guest != block->guest)
		return -EBUSY;
	return HAS_TO_JOIN;
}

/**
 * kvm_private_block_claim_assigned() - claim a block that is to be joined
 * @block: all one guest's; with -EAGAIN @block->pinned is set
 * @claim: the claim
 *
 * A lookup that has a page,
 * but whose consumer hasn't used it yet, is waited for: KVM may be about to run a vCPU
 * whose register state is in it.
 *
 * Context: invalidate_lock held for writing, an invalidation of the block is under way.
 * Return: %HAS_TO_JOIN, with the block claimed, or -EAGAIN.
 */
int kvm_private_block_claim_assigned(struct kvm_private_block *block,
				     struct kvm_private_claim *claim)
{
	struct kvm_private_file *f = block->f;
	pgoff_t start = block->unit.index;
	pgoff_t end = kvm_private_unit_end(&block->unit);
	int ret;

	kvm_private_claim(f, claim, start, end);
	ret = kvm_private_check_unreferenced(f, start, end, &block->pinned);
	if (ret)
		kvm_private_release_claim(f, claim);
	return ret ?: HAS_TO_JOIN;
}

/* The block has been claimed, by a task that saw its pages assigned to one guest. */
static int join_call(struct kvm_private_block *block)
{
	return block->binding->ops->join(block->binding, block->unit.index,
					 page_to_pfn(block->unit.head),
					 block->unit.order);
}

static int join_store(struct kvm_private_block *block)
{
	int ret = kvm_private_block_lock(block);

	if (ret)
		return ret;
	ret = kvm_private_block_store_in_place(block);
	kvm_private_block_unlock(block);
	return ret;
}

/**
 * kvm_private_block_join() - have a block joined, and make it one unit
 * @block: claimed by kvm_private_block_claim_assigned()
 * @claim: its claim, which is released
 *
 * If the store fails after join_call() the platform has the pages as a block, and the
 * store doesn't. The guest's next accesses find them as before, a part can be reclaimed
 * alone, and the next try has nothing to join.
 *
 * Context: may sleep; no lock held, since the platform's firmware takes its own.
 * Return: 0, %NEEDS_NODE or a negative errno.
 */
int kvm_private_block_join(struct kvm_private_block *block, struct kvm_private_claim *claim)
{
	struct kvm_private_file *f = block->f;
	int ret = join_call(block);

	down_write(&f->invalidate_lock);
	if (!ret)
		ret = join_store(block);
	/* After the store: see claim.c. */
	kvm_private_release_claim(f, claim);
	up_write(&f->invalidate_lock);

	return ret;
}

/*
 * Whether the platform has a huge unit, which is its guest's, in pieces: it has to, where a
 * guest of SEV-SNP validates base pages. The caller holds the invalidate_lock for writing,
 * so that the unit stays its guest's.
 */
static bool join_is_in_pieces(struct kvm_private_block *block)
{
	void *entry = xa_load(&block->f->units, block->unit.index);
	struct kvm_private_unit *unit = &block->unit;
	struct kvm_private_binding *binding;

	if (!entry)
		return false;
	*unit = kvm_private_entry_unit(entry, unit->index);
	if (!kvm_private_unit_is_huge(unit) || unit->poisoned)
		return false;
	binding = kvm_private_joining_binding(block->f, unit);
	block->binding = binding;
	return binding && binding->guest == kvm_private_unit_guest(unit) &&
	       !binding->ops->joined(binding, page_to_pfn(unit->head), unit->order);
}

/**
 * kvm_private_block_rejoin() - have a huge unit joined that the platform has in pieces
 * @block: the unit
 *
 * The caller has seen a huge unit, without a lock. Another task may have split or removed it
 * since, and then there is nothing to join. The block is one page whether its platform has
 * it as one or not. So it is no error if that can't be had now.
 *
 * Context: may sleep; interruptible.
 * Return: 0 or a negative errno.
 */
int kvm_private_block_rejoin(struct kvm_private_block *block)
{
	pgoff_t start = block->unit.index;
	pgoff_t end = kvm_private_unit_end(&block->unit);
	struct kvm_private_file *f = block->f;
	struct kvm_private_claim claim;
	int ret;

	ret = kvm_private_lock_unclaimed(f, start, end);
	if (ret)
		return ret;
	if (join_is_in_pieces(block)) {
		kvm_private_invalidate_begin(f, start, end);
		ret = kvm_private_block_claim_assigned(block, &claim);
		kvm_private_invalidate_end(f, start, end);
	}
	up_write(&f->invalidate_lock);

	if (ret == HAS_TO_JOIN) {
		ret = join_call(block);
		kvm_private_release_claim(f, &claim);
	}
	return ret == -EBUSY || ret == -EAGAIN ? 0 : ret;
}
