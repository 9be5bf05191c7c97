/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A block of pages that KVM_PRIVATE_COLLAPSE makes one unit: block.c knows the block,
 * block_move.c copies its pages to a new one, block_join.c has a guest's platform join them.
 */
#ifndef KVM_PRIVATE_BLOCK_H
#define KVM_PRIVATE_BLOCK_H

#include <linux/xarray.h>

#include "memory/unit.h"

struct kvm_private_binding;
struct kvm_private_claim;
struct kvm_private_file;
struct kvm_private_guest;

/* Base pages in a huge page; a gigantic page has as many huge ones. */
#define KVM_PRIVATE_MAX_PARTS	(PMD_SIZE >> PAGE_SHIFT)

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
 * struct kvm_private_block - a block that is to become one unit
 * @f: its file
 * @unit: the unit that it becomes
 * @parts: the units that it consists of, in the order of the file; room for
 *	%KVM_PRIVATE_MAX_PARTS. A task that holds the lock of more than one unit has an
 *	invalidation under way.
 * @nr_parts: number of @parts
 * @guest: the guest that all parts are assigned to, or NULL if none is; valid while they are
 *	locked
 * @binding: with %HAS_TO_JOIN, the guest's binding; valid with the invalidate_lock held, and
 *	while the block is claimed
 * @xas: where the entry goes; carries a node from one try to the next
 * @pinned: with -EAGAIN, the offset of the page that was in the way
 */
struct kvm_private_block {
	struct kvm_private_file *f;
	struct kvm_private_unit unit;
	struct kvm_private_unit *parts;
	unsigned int nr_parts;
	struct kvm_private_guest *guest;
	struct kvm_private_binding *binding;
	struct xa_state xas;
	pgoff_t pinned;
};

/* block.c */
void kvm_private_block_init(struct kvm_private_block *block, struct kvm_private_file *f,
			    pgoff_t index, unsigned int order, struct kvm_private_unit *parts);
bool kvm_private_block_is_wanted(const struct kvm_private_block *block);
bool kvm_private_block_is_volatile(const struct kvm_private_block *block);
int kvm_private_block_lock(struct kvm_private_block *block);
void kvm_private_block_unlock(const struct kvm_private_block *block);
void kvm_private_block_reclaim(struct kvm_private_block *block);
int kvm_private_block_store(struct kvm_private_block *block);
int kvm_private_block_store_in_place(struct kvm_private_block *block);
int kvm_private_block_alloc_node(struct kvm_private_block *block);
void kvm_private_block_free_node(struct kvm_private_block *block);

/* block_move.c */
int kvm_private_block_move(struct kvm_private_block *block);

/* block_join.c */
int kvm_private_block_find_binding(struct kvm_private_block *block);
int kvm_private_block_claim_assigned(struct kvm_private_block *block,
				     struct kvm_private_claim *claim);
int kvm_private_block_join(struct kvm_private_block *block, struct kvm_private_claim *claim);
int kvm_private_block_rejoin(struct kvm_private_block *block);

#endif /* KVM_PRIVATE_BLOCK_H */
