// SPDX-License-Identifier: GPL-2.0-only
/*
 * A block of pages that is to become one unit: its parts, their locks, and the entry that
 * takes their place.
 */

#include "access/access.h"
#include "debug/detour.h"
#include "debug/fail_point.h"
#include "internal.h"
#include "memory/unit.h"
#include "attribute.h"
#include "store/store.h"
#include "user/block.h"

void kvm_private_block_init(struct kvm_private_block *block, struct kvm_private_file *f,
			    pgoff_t index, unsigned int order, struct kvm_private_unit *parts)
{
	*block = (struct kvm_private_block){
		.f = f,
		.unit.index = index,
		.unit.order = order,
		.parts = parts,
		.xas = __XA_STATE(&f->units, index, 0, 0),
	};
}

void kvm_private_block_unlock(const struct kvm_private_block *block)
{
	unsigned int nr = block->nr_parts;

	while (nr)
		kvm_private_store_unlock(&block->parts[--nr]);
}

static int block_check_part(const struct kvm_private_block *block,
			    const struct kvm_private_unit *part)
{
	kvm_private_unit_assert_locked(part);

	if (WARN_ON_ONCE(part->order > block->unit.order))
		return -EBUSY;
	return kvm_private_unit_has_poison(part) ? -EHWPOISON : 0;
}

static struct kvm_private_guest *
block_part_guest(const struct kvm_private_unit *part)
{
	return kvm_private_unit_is_assigned(part) ? kvm_private_unit_guest(part) : NULL;
}

/* No platform knows a block of several huge pages, so a gigantic page can't be assigned. */
static int block_find_guest(struct kvm_private_block *block)
{
	unsigned int i;

	block->guest = block_part_guest(&block->parts[0]);
	for (i = 1; i < block->nr_parts; i++)
		if (block_part_guest(&block->parts[i]) != block->guest)
			return -EBUSY;
	return block->guest && kvm_private_unit_is_gigantic(&block->unit) ? -EBUSY : 0;
}

/**
 * kvm_private_block_lock() - find and lock a block's parts
 * @block: has no hole, as the caller has seen; @block->parts, @block->nr_parts and
 *	@block->guest are set
 *
 * The block gets no hole: kvm_private_store_remove() runs only with the invalidate_lock held
 * for writing, as it is here, and in no range that is claimed.
 *
 * Context: may sleep; invalidate_lock held for writing.
 * Return: 0, with the locks held; -EHWPOISON if a page has a memory error; -EBUSY if the
 * parts aren't all one guest's, or all nobody's, or are too many.
 */
int kvm_private_block_lock(struct kvm_private_block *block)
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
		if (block->nr_parts == KVM_PRIVATE_MAX_PARTS) {
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
		ret = block_check_part(block, part);
	}
	if (!ret)
		ret = block_find_guest(block);
	if (ret)
		kvm_private_block_unlock(block);
	return ret;
}

/**
 * kvm_private_block_reclaim() - take a block's pages back from their guests
 * @block: its parts are locked
 *
 * A unit has one guest's record for all its pages, while its parts may have several, or
 * none. So no part stays prepared: the next lookup for a guest prepares the new unit.
 *
 * Context: may sleep; an invalidation of the block is under way.
 */
void kvm_private_block_reclaim(struct kvm_private_block *block)
{
	unsigned int i;

	for (i = 0; i < block->nr_parts; i++)
		kvm_private_unit_reclaim(block->f, &block->parts[i]);
}

/**
 * kvm_private_block_store() - put the entry of a block's unit in its parts' place
 * @block: its parts are locked
 *
 * xas_store() may need a node: a gigantic entry goes one level above its parts, and where a
 * file has no more pages than those the tree doesn't reach that high. The node can't be
 * allocated under the locks. kvm_private_block_alloc_node() does that when the caller has
 * dropped them.
 *
 * Return: 0, %NEEDS_NODE or a negative errno.
 */
int kvm_private_block_store(struct kvm_private_block *block)
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

int kvm_private_block_alloc_node(struct kvm_private_block *block)
{
	return kvm_private_xas_nomem(&block->xas, KVM_PRIVATE_GFP_NODE,
				     KVM_PRIVATE_FAIL_JOIN_AGAIN) ? 0 : -ENOMEM;
}

/* Frees a node from kvm_private_block_alloc_node() that kvm_private_block_store() hasn't used. */
void kvm_private_block_free_node(struct kvm_private_block *block)
{
	xas_reset(&block->xas);
	xas_nomem(&block->xas, GFP_KERNEL);
}

/*
 * A gigantic unit goes back by huge pages, so it is unsplit if those are. A huge unit of
 * base pages can't go back in one piece.
 */
static bool block_is_unsplit(struct kvm_private_block *block)
{
	unsigned int i;

	if (!kvm_private_unit_is_gigantic(&block->unit))
		return false;
	for (i = 0; i < block->nr_parts; i++)
		if (!block->parts[i].unsplit)
			return false;
	return true;
}

/**
 * kvm_private_block_store_in_place() - make a block one unit where its pages are
 * @block: its parts are locked and lie side by side from @block->unit.head on
 *
 * Return: as kvm_private_block_store().
 */
int kvm_private_block_store_in_place(struct kvm_private_block *block)
{
	struct kvm_private_unit *part, *end = block->parts + block->nr_parts;
	int ret;

	block->unit.unsplit = block_is_unsplit(block);
	ret = kvm_private_block_store(block);
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

/**
 * kvm_private_block_is_wanted() - is a block to become one unit?
 * @block: needn't be locked
 *
 * Return: whether it has pages and isn't one unit yet, or part of a larger one. The answer
 * lasts while the invalidate_lock is held for writing.
 */
bool kvm_private_block_is_wanted(const struct kvm_private_block *block)
{
	pgoff_t next = block->unit.index;
	void *entry;

	if (!kvm_private_store_next_page(block->f, &next,
					 kvm_private_unit_end(&block->unit)))
		return false;
	entry = xa_load(&block->f->units, next);
	return !entry || kvm_private_entry_order(entry) < block->unit.order;
}

/**
 * kvm_private_block_is_volatile() - would a guest lose what is in a block?
 * @block: needn't be locked
 *
 * Context: invalidate_lock held.
 * Return: whether a private page of it can't be unmapped without that.
 */
bool kvm_private_block_is_volatile(const struct kvm_private_block *block)
{
	pgoff_t start = block->unit.index;
	pgoff_t end = kvm_private_unit_end(&block->unit);

	return kvm_private_bindings_volatile(block->f, start, end) &&
	       kvm_private_attribute_find(block->f, true, &start, &end);
}
