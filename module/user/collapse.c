// SPDX-License-Identifier: GPL-2.0-only
/*
 * Making pages huge again: KVM_PRIVATE_COLLAPSE.
 *
 * A block whose pages still lie side by side in memory becomes one unit where it is, and
 * only the next fault sees a difference. Otherwise its pages are copied to a new huge page,
 * which is allocated before. The block is claimed while it is copied. So the
 * invalidate_lock is held, and guests' faults elsewhere are kept from going on, only while
 * the block is unmapped. A gigantic page is made of huge pages, and these are made first.
 *
 * Assigned pages can't be copied. Where they lie side by side the guest's platform is asked
 * to join them. It is asked as well where a unit is huge still, but the guest had the
 * platform take it to pieces. The block is claimed meanwhile, too: a call of firmware takes
 * a lock that other tasks hold while they access user memory, such as a file's.
 */

#include <linux/highmem.h>
#include <linux/pagemap.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "access/access.h"
#include "debug/detour.h"
#include "debug/fail_point.h"
#include "debug/observer.h"
#include "internal.h"
#include "memory/memory.h"
#include "memory/poison.h"
#include "memory/unit.h"
#include "store/store.h"
#include "user/user.h"

/* Base pages in a huge page; a gigantic page has as many huge ones. */
#define MAX_PARTS	(PMD_SIZE >> PAGE_SHIFT)

/* Results of a try to collapse a block beside 0 and an error */
enum {
	HAS_TO_MOVE = 1,	/* its pages don't lie side by side */
	HAS_TO_JOIN,		/* its guest's platform has to join the pages */
	HAS_HOLES,		/* a hole was punched, or pages are still missing */
	NEEDS_NODE,		/* the store has no room for the entry */
	TRY_AGAIN,		/* the page that was in the way is no more */
	NOT_WANTED,		/* another task has collapsed it, or has taken its pages */
};

/**
 * struct block - a block that is to become one unit
 * @f: its file
 * @unit: the unit that it becomes
 * @parts: the units that it consists of, in the order of the file; room for %MAX_PARTS.
 *	A task that holds the lock of more than one unit has an invalidation under way.
 * @nr_parts: number of @parts
 * @guest: the guest that all parts are assigned to, or NULL if none is; valid while they are
 *	locked
 * @binding: with %HAS_TO_JOIN, the guest's binding; valid with the invalidate_lock held, and
 *	while the block is claimed
 * @xas: where the entry goes; carries a node from one try to the next
 * @pinned: with -EAGAIN, the offset of the page that was in the way
 */
struct block {
	struct kvm_private_file *f;
	struct kvm_private_unit unit;
	struct kvm_private_unit *parts;
	unsigned int nr_parts;
	struct kvm_private_guest *guest;
	struct kvm_private_binding *binding;
	struct xa_state xas;
	pgoff_t pinned;
};

static void collapse_init_block(struct block *block, struct kvm_private_file *f,
				pgoff_t index, unsigned int order,
				struct kvm_private_unit *parts)
{
	*block = (struct block){
		.f = f,
		.unit.index = index,
		.unit.order = order,
		.parts = parts,
		.xas = __XA_STATE(&f->units, index, 0, 0),
	};
}

static void collapse_unlock_parts(const struct block *block)
{
	unsigned int nr = block->nr_parts;

	while (nr)
		kvm_private_store_unlock(&block->parts[--nr]);
}

static int collapse_check_part(const struct block *block,
			       const struct kvm_private_unit *part)
{
	kvm_private_unit_assert_locked(part);

	if (WARN_ON_ONCE(part->order > block->unit.order))
		return -EBUSY;
	return kvm_private_unit_has_poison(part) ? -EHWPOISON : 0;
}

static struct kvm_private_guest *
collapse_part_guest(const struct kvm_private_unit *part)
{
	return kvm_private_unit_is_assigned(part) ? kvm_private_unit_guest(part) : NULL;
}

/* No platform knows a block of several huge pages, so a gigantic page can't be assigned. */
static int collapse_find_guest(struct block *block)
{
	unsigned int i;

	block->guest = collapse_part_guest(&block->parts[0]);
	for (i = 1; i < block->nr_parts; i++)
		if (collapse_part_guest(&block->parts[i]) != block->guest)
			return -EBUSY;
	return block->guest && kvm_private_unit_is_gigantic(&block->unit) ? -EBUSY : 0;
}

/*
 * Callers have seen that the block has no hole. It gets none: kvm_private_store_remove()
 * runs only with the invalidate_lock held for writing, as it is here, and in no range that
 * is claimed.
 */
static int collapse_lock_parts(struct block *block)
{
	pgoff_t index = block->unit.index;
	struct kvm_private_unit *part;
	int ret = 0;

	lockdep_assert_held_write(&block->f->invalidate_lock);

	block->nr_parts = 0;
	while (!ret && index < kvm_private_unit_end(&block->unit)) {
		/*
		 * kvm_private_store_split() or kvm_private_store_split_locked() has split a
		 * huge page of a gigantic block since collapse_huge_pages().
		 */
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
		ret = collapse_check_part(block, part);
	}
	if (!ret)
		ret = collapse_find_guest(block);
	if (ret)
		collapse_unlock_parts(block);
	return ret;
}

/* For a caller that wants to copy the block */
static int collapse_lock_unassigned_parts(struct block *block)
{
	int ret = collapse_lock_parts(block);

	if (!ret && block->guest) {
		collapse_unlock_parts(block);
		ret = -EBUSY;
	}
	return ret;
}

static bool collapse_is_contiguous(const struct block *block)
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
 * A unit has one guest's record for all its pages, while its parts may have several, or
 * none. So no part stays prepared: the next lookup for a guest prepares the new unit.
 */
static void collapse_reclaim_parts(struct block *block)
{
	unsigned int i;

	for (i = 0; i < block->nr_parts; i++)
		kvm_private_unit_reclaim(block->f, &block->parts[i]);
}

/* The block has been claimed, by a task that saw its pages assigned to one guest. */
static int collapse_join(struct block *block)
{
	return block->binding->ops->join(block->binding, block->unit.index,
					 page_to_pfn(block->unit.head),
					 block->unit.order);
}

/*
 * xas_store() may need a node: a gigantic entry goes one level above its parts, and where a
 * file has no more pages than those the tree doesn't reach that high. The node can't be
 * allocated under the locks. collapse_alloc_node() does that when the caller has dropped
 * them.
 */
static int collapse_store(struct block *block)
{
	struct xa_state *xas = &block->xas;

	kvm_private_window(STORE);
	xas_set_order(xas, block->unit.index, block->unit.order);
	xas_lock(xas);
	kvm_private_xas_may_fail(xas, KVM_PRIVATE_FAIL_JOIN);
	xas_store(xas, kvm_private_entry(&block->unit));
	xas_unlock(xas);

	return xas_error(xas) == -ENOMEM ? NEEDS_NODE : xas_error(xas);
}

static int collapse_alloc_node(struct block *block)
{
	return kvm_private_xas_nomem(&block->xas, KVM_PRIVATE_GFP_NODE,
				     KVM_PRIVATE_FAIL_JOIN_AGAIN) ? 0 : -ENOMEM;
}

/* Frees a node from collapse_alloc_node() that collapse_store() hasn't used. */
static void collapse_free_node(struct block *block)
{
	xas_reset(&block->xas);
	xas_nomem(&block->xas, GFP_KERNEL);
}

/*
 * A gigantic unit goes back by huge pages, so it is unsplit if those are. A huge unit of
 * base pages can't go back in one piece.
 */
static bool collapse_is_unsplit(struct block *block)
{
	unsigned int i;

	if (!kvm_private_unit_is_gigantic(&block->unit))
		return false;
	for (i = 0; i < block->nr_parts; i++)
		if (!block->parts[i].unsplit)
			return false;
	return true;
}

static int collapse_store_in_place(struct block *block)
{
	struct kvm_private_unit *part, *end = block->parts + block->nr_parts;
	int ret;

	block->unit.unsplit = collapse_is_unsplit(block);
	ret = collapse_store(block);
	if (ret)
		return ret;

	for (part = block->parts; part < end; part++) {
		if (part->unsplit && !block->unit.unsplit) {
			kvm_private_unit_split_charge(part);
			kvm_private_unit_break(part);
		}
		kvm_private_unit_count(block->f, part,
				       -kvm_private_unit_nr(part));
	}
	kvm_private_unit_count(block->f, &block->unit,
			       kvm_private_unit_nr(&block->unit));
	if (block->guest)
		kvm_private_units_join_guest(block->parts, block->nr_parts);
	return 0;
}

/*
 * The block is all one guest's, and an invalidation is under way. A lookup that has a page,
 * but whose consumer hasn't used it yet, is waited for: KVM may be about to run a vCPU
 * whose register state is in it.
 */
static int collapse_claim_assigned(struct block *block,
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

static int collapse_find_binding(struct block *block)
{
	block->binding = kvm_private_joining_binding(block->f, &block->unit);
	if (!block->binding || block->binding->guest != block->guest)
		return -EBUSY;
	return HAS_TO_JOIN;
}

/*
 * Looks at the entries alone, since the parts aren't locked. collapse_locked() looks again.
 */
static bool collapse_looks_contiguous(const struct block *block)
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

/*
 * Whether the block has pages and isn't one unit yet, or part of a larger one. The answer
 * lasts while the invalidate_lock is held for writing.
 */
static bool collapse_is_wanted(const struct block *block)
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
	int ret = collapse_lock_parts(block);

	if (ret)
		return ret;
	block->unit.head = block->parts[0].head;
	if (!collapse_is_contiguous(block)) {
		ret = block->guest ? -EBUSY : HAS_TO_MOVE;
	} else if (block->guest) {
		ret = collapse_find_binding(block);
	} else {
		collapse_reclaim_parts(block);
		ret = collapse_store_in_place(block);
	}
	/* If they were joined, only the first part's lock is that of a unit now. */
	collapse_unlock_parts(block);
	return ret;
}

static int collapse_try_in_place(struct block *block,
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
	if (!collapse_is_wanted(block)) {
		ret = NOT_WANTED;
	} else if (collapse_looks_contiguous(block)) {
		kvm_private_invalidate_begin(block->f, start, end);
		ret = collapse_locked(block);
		if (ret == HAS_TO_JOIN)
			ret = collapse_claim_assigned(block, claim);
		kvm_private_invalidate_end(block->f, start, end);
	}
	up_write(&block->f->invalidate_lock);

	return ret;
}

static int collapse_store_joined(struct block *block)
{
	int ret = collapse_lock_parts(block);

	if (ret)
		return ret;
	ret = collapse_store_in_place(block);
	collapse_unlock_parts(block);
	return ret;
}

/*
 * If the store fails after collapse_join() the platform has the pages as a block, and the
 * store doesn't. The guest's next accesses find them as before, a part can be reclaimed
 * alone, and the next try has nothing to join.
 */
static int collapse_join_parts(struct block *block, struct kvm_private_claim *claim)
{
	struct kvm_private_file *f = block->f;
	int ret = collapse_join(block);

	down_write(&f->invalidate_lock);
	if (!ret)
		ret = collapse_store_joined(block);
	/* After the store: see claim.c. */
	kvm_private_release_claim(f, claim);
	up_write(&f->invalidate_lock);

	return ret;
}

/*
 * The block is claimed and unmapped: no other task has a page of it or gets one before
 * collapse_swap_parts().
 */
static void collapse_copy_parts(struct block *block)
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

static int collapse_claim_unmapped(struct block *block,
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
		ret = collapse_lock_unassigned_parts(block);
	if (ret) {
		kvm_private_release_claim(f, claim);
		return ret;
	}
	collapse_reclaim_parts(block);
	collapse_unlock_parts(block);
	return 0;
}

static int collapse_claim_parts(struct block *block,
				struct kvm_private_claim *claim)
{
	struct kvm_private_file *f = block->f;
	pgoff_t start = block->unit.index;
	pgoff_t end = kvm_private_unit_end(&block->unit);
	int ret;

	ret = kvm_private_lock_unclaimed(f, start, end);
	if (ret)
		return ret;

	if (!collapse_is_wanted(block)) {
		ret = NOT_WANTED;
	} else if (kvm_private_store_next_hole(f, start, end) < end) {
		ret = HAS_HOLES;
	} else if (!kvm_private_bindings_movable(f, start, end)) {
		ret = -EBUSY;
	} else {
		kvm_private_invalidate_begin(f, start, end);
		ret = collapse_claim_unmapped(block, claim);
		kvm_private_invalidate_end(f, start, end);
	}
	up_write(&f->invalidate_lock);

	return ret;
}

/* collapse_claim_parts() has invalidated the block, and no guest has mapped it since. */
static int collapse_swap_parts(struct block *block,
			       struct kvm_private_claim *claim)
{
	struct kvm_private_file *f = block->f;
	int ret;

	down_write(&f->invalidate_lock);
	ret = collapse_lock_unassigned_parts(block);
	if (!ret) {
		ret = collapse_store(block);
		collapse_unlock_parts(block);
	}
	/* After the store: see claim.c. */
	if (ret != NEEDS_NODE)
		kvm_private_release_claim(f, claim);
	up_write(&f->invalidate_lock);

	return ret;
}

/* Frees the parts, or after an error the new pages. */
static int collapse_move_parts(struct block *block, int errors)
{
	struct kvm_private_file *f = block->f;
	struct kvm_private_claim claim;
	int ret;

	ret = collapse_claim_parts(block, &claim);
	if (ret)
		goto free;

	collapse_copy_parts(block);
	while ((ret = collapse_swap_parts(block, &claim)) == NEEDS_NODE) {
		ret = collapse_alloc_node(block);
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
static int collapse_check_movable(struct block *block)
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

static int collapse_try_moving(struct block *block)
{
	struct kvm_private_file *f = block->f;
	unsigned long nr = kvm_private_unit_nr(&block->unit);
	int errors = kvm_private_memory_errors_seen();
	int ret;

	ret = collapse_check_movable(block);
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
		ret = collapse_move_parts(block, errors);
	/* Either the new pages are gone or the old ones. */
	kvm_private_uncharge(f, nr);
	return ret;
}

static int collapse_try(struct block *block)
{
	struct kvm_private_claim claim;
	int ret;

	kvm_private_window(COLLAPSE);
	ret = collapse_try_in_place(block, &claim);
	switch (ret) {
	case HAS_TO_JOIN:
		return collapse_join_parts(block, &claim);
	case HAS_TO_MOVE:
		return collapse_try_moving(block);
	default:
		return ret;
	}
}

static int collapse_block(struct block *block)
{
	unsigned long since = 0;
	int ret;

	do {
		ret = collapse_try(block);
		if (ret == -EAGAIN &&
		    kvm_private_store_wait_unused(block->f, block->pinned, &since))
			ret = TRY_AGAIN;
		if (ret == NEEDS_NODE)
			ret = collapse_alloc_node(block) ?: TRY_AGAIN;
		if (ret == NOT_WANTED)
			ret = 0;
		if (ret > 0 && fatal_signal_pending(current))
			ret = -EINTR;
	} while (ret > 0);

	collapse_free_node(block);
	return ret;
}

/*
 * Whether the platform has a huge unit, which is its guest's, in pieces: it has to, where a
 * guest of SEV-SNP validates base pages. The caller holds the invalidate_lock for writing,
 * so that the unit stays its guest's.
 */
static bool collapse_is_in_pieces(struct block *block)
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

/*
 * The caller has seen a huge unit, without a lock. Another task may have split or removed it
 * since, and then there is nothing to join. The block is one page whether its platform has
 * it as one or not. So it is no error if that can't be had now.
 */
static int collapse_rejoin(struct block *block)
{
	pgoff_t start = block->unit.index;
	pgoff_t end = kvm_private_unit_end(&block->unit);
	struct kvm_private_file *f = block->f;
	struct kvm_private_claim claim;
	int ret;

	ret = kvm_private_lock_unclaimed(f, start, end);
	if (ret)
		return ret;
	if (collapse_is_in_pieces(block)) {
		kvm_private_invalidate_begin(f, start, end);
		ret = collapse_claim_assigned(block, &claim);
		kvm_private_invalidate_end(f, start, end);
	}
	up_write(&f->invalidate_lock);

	if (ret == HAS_TO_JOIN) {
		ret = collapse_join(block);
		kvm_private_release_claim(f, &claim);
	}
	return ret == -EBUSY || ret == -EAGAIN ? 0 : ret;
}

/* Fills the holes first: where all of a huge page is missing, a huge page comes at once. */
static int collapse_huge_pages(struct block *block)
{
	unsigned int order = kvm_private_order_below(block->unit.order);
	pgoff_t index = block->unit.index;
	pgoff_t end = kvm_private_unit_end(&block->unit);
	struct block part;
	int ret;

	ret = kvm_private_store_fill(block->f, index, end);
	for (; !ret && index < end; index += 1UL << order) {
		collapse_init_block(&part, block->f, index, order,
				    block->parts);
		ret = collapse_is_wanted(&part) ? collapse_block(&part) :
						  collapse_rejoin(&part);
		/* Each call gets further, however often signals come. */
		if (!ret && signal_pending(current))
			ret = -EINTR;
		kvm_private_cond_resched(COLLAPSE);
	}
	return ret;
}

static int collapse_one(struct block *block)
{
	int ret = 0;

	if (!collapse_is_wanted(block))
		return collapse_rejoin(block);
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
	struct block block;
	u64 next;
	int ret;

	while ((*offset = collapse_skip_holes(f, *offset, end)) < end) {
		*size = end - *offset;
		next = min(round_down(*offset, step) + step, end);
		if (next - *offset == step) {
			collapse_init_block(&block, f, *offset >> PAGE_SHIFT,
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
	parts = kvcalloc(MAX_PARTS, sizeof(*parts), GFP_KERNEL_ACCOUNT);
	if (!parts)
		return -ENOMEM;
	ret = collapse_range(f, parts, &c->offset, &c->size);
	kvfree(parts);

	if (copy_to_user(user, c, sizeof(*c)))
		return -EFAULT;
	return ret;
}
