// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_PRIVATE_SET_POLICY: mbind(2) for files that can't be mapped. The kernel's code that
 * makes policies isn't exported, so a mode and a mask are dealt with here as mbind(2)
 * describes.
 */

#include <linux/cpuset.h>
#include <linux/mempolicy.h>
#include <linux/nodemask.h>
#include <linux/uaccess.h>

#include "internal.h"
#include "memory/memory.h"
#include "user/user.h"

/* As many as mbind() takes, independent of the kernel's number of nodes */
#define MAX_BITS	(PAGE_SIZE * BITS_PER_BYTE)

/* Bits beyond those that the kernel has nodes for must be zero. */
static int set_policy_get_nodes(nodemask_t *nodes, const u64 __user *mask,
				u64 nr_bits)
{
	u64 at, word;

	nodes_clear(*nodes);
	if (nr_bits > MAX_BITS)
		return -EINVAL;

	for (at = 0; at < nr_bits; at += 64, mask++) {
		if (get_user(word, mask))
			return -EFAULT;
		if (nr_bits - at < 64)
			word &= GENMASK_ULL(nr_bits - at - 1, 0);
		for (; word; word &= word - 1) {
			if (at + __ffs64(word) >= MAX_NUMNODES)
				return -EINVAL;
			node_set(at + __ffs64(word), *nodes);
		}
	}
	return 0;
}

static bool set_policy_mode_is_valid(unsigned int mode, unsigned int flags)
{
	if (mode >= MPOL_MAX ||
	    flags == (MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES))
		return false;
	/* NUMA balancing moves pages, and these don't move. */
	return !(flags & MPOL_F_NUMA_BALANCING);
}

/* As for mbind(): some modes take no nodes, most need some. */
static bool set_policy_nodes_fit(const struct mempolicy *mempolicy,
				 const nodemask_t *nodes)
{
	switch (mempolicy->mode) {
	case MPOL_DEFAULT:
		return nodes_empty(*nodes);
	case MPOL_LOCAL:
		return nodes_empty(*nodes) && !mempolicy->flags;
	default:
		return !nodes_empty(*nodes);
	}
}

/* Resolves the nodes once and for all: a later change of the cpuset doesn't count. */
static int set_policy_resolve(struct mempolicy *mempolicy,
			      const nodemask_t *nodes)
{
	nodemask_t allowed;
	int nid;

	nodes_and(allowed, cpuset_current_mems_allowed, node_states[N_MEMORY]);
	if (nodes_empty(allowed))
		return -EINVAL;
	if (mempolicy->flags & MPOL_F_RELATIVE_NODES) {
		for_each_node_mask(nid, *nodes)
			node_set(kvm_private_node_in_turn(&allowed, nid),
				 mempolicy->nodes);
	} else {
		nodes_and(mempolicy->nodes, *nodes, allowed);
	}
	if (nodes_empty(mempolicy->nodes))
		return -EINVAL;

	if (mempolicy->mode == MPOL_PREFERRED)
		mempolicy->nodes =
			nodemask_of_node(first_node(mempolicy->nodes));
	/* get_mempolicy() tells these. */
	if (mempolicy->flags)
		mempolicy->w.user_nodemask = *nodes;
	else
		mempolicy->w.cpuset_mems_allowed = cpuset_current_mems_allowed;
	return 0;
}

static int set_policy_make(struct mempolicy *mempolicy, unsigned int mode,
			   const nodemask_t *nodes)
{
	unsigned int flags = mode & MPOL_MODE_FLAGS;

	mode &= ~MPOL_MODE_FLAGS;
	if (!set_policy_mode_is_valid(mode, flags))
		return -EINVAL;

	*mempolicy = (struct mempolicy){
		.mode = mode, .flags = flags, .home_node = NUMA_NO_NODE,
	};
	/* MPOL_LOCAL was once spelt like this. */
	if (mode == MPOL_PREFERRED && nodes_empty(*nodes))
		mempolicy->mode = MPOL_LOCAL;
	if (!set_policy_nodes_fit(mempolicy, nodes))
		return -EINVAL;
	if (nodes_empty(*nodes))
		return 0;
	return set_policy_resolve(mempolicy, nodes);
}

/**
 * kvm_private_ioctl_set_policy() - KVM_PRIVATE_SET_POLICY
 * @file: a private file
 * @arg: the range and its policy
 * @user: unused
 *
 * Context: may sleep.
 * Return: 0 or a negative errno, see &struct kvm_private_set_policy.
 */
long kvm_private_ioctl_set_policy(struct file *file, void *arg, void __user *user)
{
	const struct kvm_private_set_policy *p = arg;
	struct mempolicy mempolicy;
	pgoff_t start, end;
	nodemask_t nodes;
	int ret;

	if (p->flags)
		return -EINVAL;
	ret = kvm_private_file_range(file, p->offset, p->size, &start, &end);
	if (ret)
		return ret;
	ret = set_policy_get_nodes(&nodes, u64_to_user_ptr(p->nodemask),
				   p->maxnode);
	if (ret)
		return ret;
	ret = set_policy_make(&mempolicy, p->mode, &nodes);
	if (ret)
		return ret;

	return kvm_private_policy_set(kvm_private_file(file), start, end,
				      mempolicy.mode == MPOL_DEFAULT ?
				      NULL : &mempolicy);
}
