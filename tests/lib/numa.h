/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_LIB_NUMA_H
#define TESTS_LIB_NUMA_H

#include <linux/mempolicy.h>
#include <linux/types.h>
#include <stddef.h>

/* Sets of nodes are masks: bit n stands for node n. */
#define NODE_0 1UL
#define NODE_1 2UL
#define BOTH_NODES (NODE_0 | NODE_1)

/* Newer than the C library's header */
#define WEIGHTED_INTERLEAVE 6

/* Nodes with memory, which are the first ones */
unsigned int numa_nodes(void);

/* For tests that mean nothing unless the machine has two nodes with memory. */
void need_two_nodes(void);

/*
 * Group fixtures: the process runs on node 0, since without a policy the
 * processor's node counts. numa_group_setup() also wants two nodes.
 */
int numa_stay_on_node_0(void **state);
int numa_group_setup(void **state);

/* System calls: -1 and errno on an error. */
int numa_bind(void *start, size_t size, int mode, unsigned long nodes,
	      unsigned int flags);
int numa_set_task(int mode, unsigned long nodes);
int numa_get(const void *address, int *mode, unsigned long *nodes);

/* The node of the page that is mapped there, or a negative errno */
int numa_node(void *address);

/* Bytes of a private file on a node, as fdinfo tells */
__u64 file_on_node(int fd, unsigned int node);

/* Free bytes on a node */
__u64 node_free(unsigned int node);

#endif /* TESTS_LIB_NUMA_H */
