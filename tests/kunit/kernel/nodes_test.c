// SPDX-License-Identifier: GPL-2.0-only
/*
 * The nodes of a policy: which modes take them, and which nodes of the machine they stand for.
 * A machine with several nodes (scripts/vm --numa) has more to choose from.
 */

#include <kunit/test.h>
#include <linux/module.h>

#include "memory/policy.c"
#include "user/set_policy.c"

/* Nodes that a mask of these tests may have; most machines have fewer. */
#define NR_NODES	6
#define NR_MASKS	BIT(NR_NODES)

static nodemask_t nodes_of(unsigned int mask)
{
	nodemask_t nodes = NODE_MASK_NONE;
	int nid;

	for (nid = 0; nid < NR_NODES; nid++)
		if (mask & BIT(nid))
			node_set(nid, nodes);
	return nodes;
}

/* The node after @turn others of @nodes, round and round */
static int nth_node(const nodemask_t *nodes, unsigned int turn)
{
	int all[NR_NODES];
	int nr = 0, nid;

	for (nid = 0; nid < NR_NODES; nid++)
		if (node_isset(nid, *nodes))
			all[nr++] = nid;
	return nr ? all[turn % nr] : NUMA_NO_NODE;
}

static void nodes_in_turn(struct kunit *test)
{
	unsigned int mask, turn;

	for (mask = 0; mask < NR_MASKS; mask++) {
		nodemask_t nodes = nodes_of(mask);

		for (turn = 0; turn < 3 * NR_NODES; turn++)
			KUNIT_EXPECT_EQ_MSG(test, kvm_private_node_in_turn(&nodes, turn),
					    nth_node(&nodes, turn), "mask %#x, turn %u",
					    mask, turn);
	}
}

static void nodes_in_a_late_turn(struct kunit *test)
{
	nodemask_t nodes = nodes_of(BIT(1) | BIT(4) | BIT(5));

	KUNIT_EXPECT_EQ(test, kvm_private_node_in_turn(&nodes, ULONG_MAX),
			nth_node(&nodes, ULONG_MAX % 3));
	nodes = NODE_MASK_NONE;
	node_set(MAX_NUMNODES - 1, nodes);
	KUNIT_EXPECT_EQ(test, kvm_private_node_in_turn(&nodes, 3), MAX_NUMNODES - 1);
}

static int nodes_make(struct mempolicy *mempolicy, unsigned int mode, const nodemask_t *nodes)
{
	memset(mempolicy, 0xff, sizeof(*mempolicy));
	return set_policy_make(mempolicy, mode, nodes);
}

static void modes_without_nodes(struct kunit *test)
{
	static const struct {
		unsigned int mode;
		int error;
		unsigned int becomes;
	} rows[] = {
		{ MPOL_DEFAULT, 0, MPOL_DEFAULT },
		{ MPOL_LOCAL, 0, MPOL_LOCAL },
		{ MPOL_PREFERRED, 0, MPOL_LOCAL },
		{ MPOL_PREFERRED_MANY, -EINVAL },
		{ MPOL_BIND, -EINVAL },
		{ MPOL_INTERLEAVE, -EINVAL },
		{ MPOL_LOCAL | MPOL_F_STATIC_NODES, -EINVAL },
		{ MPOL_LOCAL | MPOL_F_RELATIVE_NODES, -EINVAL },
		{ MPOL_PREFERRED | MPOL_F_STATIC_NODES, -EINVAL },
		{ MPOL_PREFERRED | MPOL_F_RELATIVE_NODES, -EINVAL },
	};
	const nodemask_t none = NODE_MASK_NONE;
	struct mempolicy mempolicy;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		KUNIT_EXPECT_EQ_MSG(test, nodes_make(&mempolicy, rows[i].mode, &none),
				    rows[i].error, "row %u", i);
		if (!rows[i].error)
			KUNIT_EXPECT_EQ_MSG(test, mempolicy.mode, rows[i].becomes, "row %u", i);
	}
}

static void modes_with_nodes(struct kunit *test)
{
	static const struct {
		unsigned int mode;
		int error;
	} rows[] = {
		{ MPOL_DEFAULT, -EINVAL },
		{ MPOL_LOCAL, -EINVAL },
		{ MPOL_PREFERRED, 0 },
		{ MPOL_PREFERRED_MANY, 0 },
		{ MPOL_BIND, 0 },
		{ MPOL_INTERLEAVE, 0 },
		{ MPOL_BIND | MPOL_F_STATIC_NODES, 0 },
		{ MPOL_BIND | MPOL_F_RELATIVE_NODES, 0 },
		{ MPOL_BIND | MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES, -EINVAL },
		{ MPOL_BIND | MPOL_F_NUMA_BALANCING, -EINVAL },
		{ MPOL_MAX, -EINVAL },
		{ MPOL_BIND | BIT(9), -EINVAL },
		{ UINT_MAX, -EINVAL },
	};
	struct mempolicy mempolicy;
	nodemask_t node = nodemask_of_node(first_node(node_states[N_MEMORY]));
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		KUNIT_EXPECT_EQ_MSG(test, nodes_make(&mempolicy, rows[i].mode, &node),
				    rows[i].error, "row %u", i);
		if (!rows[i].error) {
			KUNIT_EXPECT_EQ_MSG(test, mempolicy.mode | mempolicy.flags,
					    rows[i].mode, "row %u", i);
			KUNIT_EXPECT_EQ(test, mempolicy.home_node, NUMA_NO_NODE);
		}
	}
}

/* The nodes that a mask stands for, where the task may use the @allowed ones */
static nodemask_t nodes_wanted(const nodemask_t *allowed, unsigned int mask, unsigned int mode)
{
	nodemask_t nodes = NODE_MASK_NONE;
	int nid;

	for (nid = 0; nid < NR_NODES; nid++) {
		if (!(mask & BIT(nid)))
			continue;
		if (mode & MPOL_F_RELATIVE_NODES)
			node_set(nth_node(allowed, nid), nodes);
		else if (node_isset(nid, *allowed))
			node_set(nid, nodes);
	}
	return nodes;
}

static void nodes_expect(struct kunit *test, const nodemask_t *allowed, unsigned int mask,
			 unsigned int mode)
{
	nodemask_t nodes = nodes_of(mask), wanted = nodes_wanted(allowed, mask, mode);
	struct mempolicy mempolicy;
	int ret = nodes_make(&mempolicy, mode, &nodes);

	KUNIT_ASSERT_EQ_MSG(test, ret, nodes_empty(wanted) ? -EINVAL : 0,
			    "mode %#x, mask %#x", mode, mask);
	if (ret)
		return;
	if (mempolicy.mode == MPOL_PREFERRED)
		wanted = nodemask_of_node(first_node(wanted));
	KUNIT_ASSERT_TRUE_MSG(test, nodes_equal(mempolicy.nodes, wanted),
			      "mode %#x, mask %#x: %*pbl instead of %*pbl", mode, mask,
			      nodemask_pr_args(&mempolicy.nodes), nodemask_pr_args(&wanted));
	if (mempolicy.flags)
		KUNIT_EXPECT_TRUE(test, nodes_equal(mempolicy.w.user_nodemask, nodes));
	else
		KUNIT_EXPECT_TRUE(test, nodes_equal(mempolicy.w.cpuset_mems_allowed,
						    current->mems_allowed));
}

static void nodes_expect_all(struct kunit *test)
{
	static const unsigned int modes[] = {
		MPOL_BIND, MPOL_BIND | MPOL_F_STATIC_NODES,
		MPOL_BIND | MPOL_F_RELATIVE_NODES, MPOL_INTERLEAVE | MPOL_F_RELATIVE_NODES,
		MPOL_PREFERRED, MPOL_PREFERRED | MPOL_F_RELATIVE_NODES, MPOL_PREFERRED_MANY,
	};
	unsigned int mask, i;
	nodemask_t allowed;

	nodes_and(allowed, current->mems_allowed, node_states[N_MEMORY]);
	for (mask = 1; mask < NR_MASKS; mask++)
		for (i = 0; i < ARRAY_SIZE(modes); i++)
			nodes_expect(test, &allowed, mask, modes[i]);
}

static void nodes_of_the_machine(struct kunit *test)
{
	nodes_expect_all(test);
}

/* A test has a thread of its own, which goes with it. */
static void nodes_of_a_cpuset(struct kunit *test)
{
	unsigned int mask;

	for (mask = 1; mask < NR_MASKS; mask++) {
		nodemask_t allowed = nodes_of(mask);

		if (!nodes_subset(allowed, node_states[N_MEMORY]))
			continue;
		set_mems_allowed(allowed);
		nodes_expect_all(test);
	}
}

/* The kernel doesn't let a task be without memory; a node may go at any time. */
static void nodes_without_memory(struct kunit *test)
{
	nodemask_t without, node = nodemask_of_node(first_node(node_states[N_MEMORY]));
	struct mempolicy mempolicy;

	nodes_complement(without, node_states[N_MEMORY]);
	set_mems_allowed(without);
	KUNIT_EXPECT_EQ(test, nodes_make(&mempolicy, MPOL_BIND, &node), -EINVAL);
	KUNIT_EXPECT_EQ(test, nodes_make(&mempolicy, MPOL_BIND | MPOL_F_RELATIVE_NODES, &node),
			-EINVAL);
	set_mems_allowed(node_states[N_MEMORY]);
}

static struct kunit_case nodes_cases[] = {
	KUNIT_CASE(nodes_in_turn),
	KUNIT_CASE(nodes_in_a_late_turn),
	KUNIT_CASE(modes_without_nodes),
	KUNIT_CASE(modes_with_nodes),
	KUNIT_CASE(nodes_of_the_machine),
	KUNIT_CASE(nodes_of_a_cpuset),
	KUNIT_CASE(nodes_without_memory),
	{}
};

static struct kunit_suite nodes = {
	.name = "kvm_private_nodes",
	.test_cases = nodes_cases,
};

kunit_test_suite(nodes);
