// SPDX-License-Identifier: GPL-2.0-only
/*
 * NUMA policies of a file: for ranges of it, the nodes on which pages are allocated from
 * then on. They are the file's and not a mapping's: a guest's faults and fallocate() follow
 * the policy that mbind() has set.
 *
 * The kernel's own code for shared policies isn't exported. vma_alloc_folio() is, and it
 * takes the policy that the get_policy operation of a mapping returns. So the kernel
 * interprets the policies, and knows all modes that mbind() takes; only the ranges are kept
 * here.
 *
 * A policy is never changed. Its refcnt counts its users, and the kernel drops its
 * references at any time, without a callback. So a policy that has left its file is freed
 * when its file's reference is the last one. Until then it waits: policy_free_waiting()
 * looks at it when another policy goes, or the module.
 *
 * A range may have as many policies as pages. They are taken from it some at a time, so
 * that lookups don't spin for long; set_policy_lock keeps other tasks from setting policies
 * meanwhile.
 */

#include <linux/delay.h>
#include <linux/gfp.h>
#include <linux/interval_tree.h>
#include <linux/mempolicy.h>
#include <linux/pagemap.h>
#include <linux/slab.h>

#include "compat/compat.h"
#include "debug/detour.h"
#include "debug/fail_point.h"
#include "internal.h"
#include "memory/memory.h"

/* Policies that are dealt with at a time, while other tasks spin for the lock */
#define POLICIES_AT_ONCE	32

/**
 * struct kvm_private_policy - the policy of a range
 * @range: page offsets, in kvm_private_file.policies
 * @waiting: in waiting_policies, when it has left its file
 * @mempolicy: has MPOL_F_SHARED, so that the kernel counts its references; one
 *	of them is the file's
 */
struct kvm_private_policy {
	struct interval_tree_node range;
	struct list_head waiting;
	struct mempolicy mempolicy;
};

static DEFINE_SPINLOCK(waiting_lock);	/* guards waiting_policies */
static LIST_HEAD(waiting_policies);

static struct kvm_private_policy *policy_first(struct kvm_private_file *f,
					       pgoff_t first, pgoff_t last)
{
	struct interval_tree_node *node;

	node = interval_tree_iter_first(&f->policies, first, last);
	return node ? container_of(node, struct kvm_private_policy, range) :
		      NULL;
}

static struct kvm_private_policy *policy_new(const struct mempolicy *mempolicy)
{
	struct kvm_private_policy *policy;

	if (kvm_private_should_fail(POLICY))
		return NULL;
	policy = kzalloc(sizeof(*policy), KVM_PRIVATE_GFP_NODE);
	if (policy && mempolicy) {
		policy->mempolicy = *mempolicy;
		policy->mempolicy.flags |= MPOL_F_SHARED;
		atomic_set(&policy->mempolicy.refcnt, 1);
	}
	return policy;
}

/* The policy has left its file's tree, so no lookup takes another reference. */
static bool policy_is_unused(struct kvm_private_policy *policy)
{
	return atomic_cmpxchg(&policy->mempolicy.refcnt, 1, 0) == 1;
}

static void policy_free_list(struct list_head *unused)
{
	struct kvm_private_policy *policy, *next;

	list_for_each_entry_safe(policy, next, unused, waiting)
		kfree(policy);
}

/*
 * Frees the unused ones of some that wait, and puts the others last: the next call looks at
 * more.
 */
static bool policy_free_waiting(void)
{
	struct kvm_private_policy *policy;
	LIST_HEAD(unused);
	unsigned int i;
	bool none;

	spin_lock(&waiting_lock);
	for (i = 0; i < POLICIES_AT_ONCE && !list_empty(&waiting_policies); i++) {
		policy = list_first_entry(&waiting_policies,
					  struct kvm_private_policy, waiting);
		if (policy_is_unused(policy))
			list_move(&policy->waiting, &unused);
		else
			list_rotate_left(&waiting_policies);
	}
	none = list_empty(&waiting_policies);
	spin_unlock(&waiting_lock);

	policy_free_list(&unused);
	return none;
}

/* Frees the policies on @gone; those that are still used wait. */
static void policy_free_all(struct list_head *gone)
{
	struct kvm_private_policy *policy, *next;

	list_for_each_entry_safe(policy, next, gone, waiting) {
		if (likely(policy_is_unused(policy))) {
			list_del(&policy->waiting);
			kfree(policy);
		}
	}

	spin_lock(&waiting_lock);
	list_splice_tail_init(gone, &waiting_policies);
	spin_unlock(&waiting_lock);
	policy_free_waiting();
}

/*
 * Cuts [first, last] out of a policy's range. If that leaves a range on both sides, @rest
 * gets the one behind, and true is returned.
 */
static bool policy_cut(struct kvm_private_file *f,
		       struct kvm_private_policy *policy, pgoff_t first,
		       pgoff_t last, struct kvm_private_policy *rest,
		       struct list_head *gone)
{
	pgoff_t start = policy->range.start;
	pgoff_t end = policy->range.last;
	bool used = start < first && end > last;

	interval_tree_remove(&policy->range, &f->policies);
	if (used) {
		rest->mempolicy = policy->mempolicy;
		atomic_set(&rest->mempolicy.refcnt, 1);
		rest->range.start = last + 1;
		rest->range.last = end;
		interval_tree_insert(&rest->range, &f->policies);
	}

	if (start < first)
		policy->range.last = first - 1;
	else if (end > last)
		policy->range.start = last + 1;
	else
		list_add(&policy->waiting, gone);
	if (start < first || end > last)
		interval_tree_insert(&policy->range, &f->policies);
	return used;
}

/*
 * Takes [first, last] from some of the policies that have it now. When no policy has any of
 * it left, inserts @policy, if there is one, and returns true.
 *
 * A policy that reaches beyond both ends goes on behind the range in @rest, which is NULL
 * then. There is one such policy at most, and then no other in the range.
 */
static bool policy_replace_some(struct kvm_private_file *f, pgoff_t first,
				pgoff_t last, struct kvm_private_policy *policy,
				struct kvm_private_policy **rest,
				struct list_head *gone)
{
	struct kvm_private_policy *old = NULL;
	unsigned int i;

	write_lock(&f->policy_lock);
	for (i = 0; i < POLICIES_AT_ONCE; i++) {
		old = policy_first(f, first, last);
		if (!old)
			break;
		if (policy_cut(f, old, first, last, *rest, gone))
			*rest = NULL;
	}
	if (!old && policy)
		interval_tree_insert(&policy->range, &f->policies);
	WRITE_ONCE(f->has_policies,
		   policy || !RB_EMPTY_ROOT(&f->policies.rb_root));
	write_unlock(&f->policy_lock);

	return !old;
}

static void policy_replace(struct kvm_private_file *f, pgoff_t first,
			   pgoff_t last, struct kvm_private_policy *policy,
			   struct kvm_private_policy **rest)
{
	LIST_HEAD(gone);
	bool done;

	do {
		done = policy_replace_some(f, first, last, policy, rest, &gone);
		policy_free_all(&gone);
		kvm_private_cond_resched(POLICIES);
	} while (!done);
}

/**
 * kvm_private_policy_set() - say on which nodes pages are to be
 * @f: the file
 * @start: first page offset
 * @end: page offset after the last
 * @mempolicy: is copied; NULL: from now on the allocating task's counts
 *
 * Pages that are there stay where they are, also when they are converted. Where a range has
 * many policies, pages that are allocated while they are replaced may be placed as the
 * allocating task's policy says.
 *
 * Context: may sleep.
 * Return: 0, or -ENOMEM and nothing has changed.
 */
int kvm_private_policy_set(struct kvm_private_file *f, pgoff_t start,
			   pgoff_t end, const struct mempolicy *mempolicy)
{
	struct kvm_private_policy *policy = NULL, *rest;

	rest = policy_new(NULL);
	if (!rest)
		return -ENOMEM;
	if (mempolicy) {
		policy = policy_new(mempolicy);
		if (!policy) {
			kfree(rest);
			return -ENOMEM;
		}
		policy->range.start = start;
		policy->range.last = end - 1;
	}

	mutex_lock(&f->set_policy_lock);
	policy_replace(f, start, end - 1, policy, &rest);
	mutex_unlock(&f->set_policy_lock);

	kfree(rest);
	return 0;
}

void kvm_private_policy_destroy(struct kvm_private_file *f)
{
	struct kvm_private_policy *rest = NULL;

	/* @rest may be NULL: no policy reaches beyond both ends of this range. */
	if (kvm_private_has_policies(f))
		policy_replace(f, 0, ULONG_MAX, NULL, &rest);
}

/* All files have gone. The kernel drops the references that it still has soon. */
void kvm_private_policy_exit(void)
{
	while (!policy_free_waiting())
		msleep(20);
}

/*
 * vm_operations_struct.get_policy of the host's mappings, and of the one that stands for a
 * file where the kernel allocates for it. Both have the file as vm_private_data. The kernel
 * drops the reference. It sets the start of interleaving itself, so that is left alone
 * here.
 */
struct mempolicy *kvm_private_vm_get_policy(struct vm_area_struct *vma,
					    unsigned long KVM_PRIVATE_ADDRESS_AND_ILX)
{
	struct kvm_private_file *f = vma->vm_private_data;
	pgoff_t index = linear_page_index(vma, address);
	struct mempolicy *mempolicy = NULL;
	struct kvm_private_policy *policy;

	read_lock(&f->policy_lock);
	policy = policy_first(f, index, index);
	if (policy) {
		mempolicy = &policy->mempolicy;
		mpol_get(mempolicy);
	}
	read_unlock(&f->policy_lock);

	return mempolicy;
}

static const struct vm_operations_struct allocator_vm_ops = {
	.get_policy	= kvm_private_vm_get_policy,
};

/**
 * kvm_private_policy_alloc() - allocate a page as the file's policy says
 * @f: the file
 * @index: page offset that the page is for; selects the node where pages are interleaved
 * @gfp: how to allocate
 *
 * Where the file has no policy the current task's counts.
 *
 * Context: as @gfp says.
 * Return: the page, or NULL.
 */
struct folio *kvm_private_policy_alloc(struct kvm_private_file *f,
				       pgoff_t index, gfp_t gfp)
{
	/* No mapping, but it has all the fields that vma_alloc_folio() looks at. */
	struct vm_area_struct vma = {
		.vm_ops = &allocator_vm_ops,
		.vm_pgoff = index,
		.vm_private_data = f,
	};

	return kvm_private_vma_alloc_page(gfp, &vma);
}

/* The policy, without its references; false if there is none */
static bool policy_copy(struct kvm_private_file *f, pgoff_t index,
			struct mempolicy *copy)
{
	struct kvm_private_policy *policy;

	read_lock(&f->policy_lock);
	policy = policy_first(f, index, index);
	if (policy)
		*copy = policy->mempolicy;
	read_unlock(&f->policy_lock);

	return policy;
}

/**
 * kvm_private_node_in_turn() - choose a node by turns
 * @nodes: the nodes to choose from
 * @turn: number of nodes to skip, round and round
 *
 * Return: the node; %NUMA_NO_NODE if there are none.
 */
int kvm_private_node_in_turn(const nodemask_t *nodes, unsigned long turn)
{
	unsigned int skip = turn % max(nodes_weight(*nodes), 1);
	int nid = first_node(*nodes);

	for (; skip; skip--)
		nid = next_node(nid, *nodes);
	return nid < MAX_NUMNODES ? nid : NUMA_NO_NODE;
}

/*
 * vma_alloc_folio() makes large folios only, which can't come apart. So the modes are
 * implemented here as mbind(2) describes them; weights don't count.
 */
static struct page *policy_alloc_by_mode(struct mempolicy *mempolicy,
					 pgoff_t index, unsigned int order,
					 gfp_t gfp)
{
	nodemask_t *nodes = &mempolicy->nodes;
	struct page *page;
	int nid;

	switch (mempolicy->mode) {
	case MPOL_BIND:
		return kvm_private_alloc_among(gfp, order, nodes);
	case MPOL_PREFERRED_MANY:
		page = kvm_private_alloc_among(gfp, order, nodes);
		return page ?: alloc_pages(gfp, order);
	case MPOL_PREFERRED:
		return alloc_pages_node(first_node(*nodes), gfp, order);
	case MPOL_LOCAL:
		return alloc_pages_node(numa_mem_id(), gfp, order);
	default:
		nid = kvm_private_node_in_turn(nodes, index >> order);
		return alloc_pages_node(nid, gfp, order);
	}
}

/**
 * kvm_private_policy_alloc_block() - kvm_private_policy_alloc() for many pages
 * @f: the file
 * @index: page offset that the first page is for, whose policy counts
 * @order: log2 of their number
 * @gfp: how to allocate
 *
 * Context: as @gfp says.
 * Return: the first of the pages, which are no compound page, or NULL.
 */
struct page *kvm_private_policy_alloc_block(struct kvm_private_file *f,
					    pgoff_t index, unsigned int order,
					    gfp_t gfp)
{
	struct mempolicy mempolicy;

	return policy_copy(f, index, &mempolicy) ?
	       policy_alloc_by_mode(&mempolicy, index, order, gfp) :
	       alloc_pages(gfp, order);
}

/**
 * kvm_private_policy_nodes() - find the nodes that the file's policy wants memory on
 * @f: the file
 * @index: page offset of a block
 * @order: log2 of its number of pages
 * @nodes: out: the nodes to try, whether they have any left or not
 *
 * For an allocation that bypasses the page allocator. Where the file has no policy the
 * current task's counts.
 *
 * Return: whether no other node will do.
 */
bool kvm_private_policy_nodes(struct kvm_private_file *f, pgoff_t index,
			      unsigned int order, nodemask_t *nodes)
{
	struct mempolicy *mempolicy = current->mempolicy;
	struct mempolicy copy;
	int nid;

	if (policy_copy(f, index, &copy))
		mempolicy = &copy;
	*nodes = nodemask_of_node(numa_mem_id());
	if (!mempolicy || mempolicy->mode == MPOL_LOCAL)
		return false;

	*nodes = mempolicy->nodes;
	switch (mempolicy->mode) {
	case MPOL_BIND:
		return true;
	case MPOL_PREFERRED_MANY:
		return false;
	case MPOL_PREFERRED:
		*nodes = nodemask_of_node(first_node(mempolicy->nodes));
		return false;
	default:
		nid = kvm_private_node_in_turn(&mempolicy->nodes,
					       index >> order);
		if (nid != NUMA_NO_NODE)
			*nodes = nodemask_of_node(nid);
		return false;
	}
}
