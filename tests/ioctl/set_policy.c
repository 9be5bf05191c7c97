// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_PRIVATE_SET_POLICY on a machine with any number of nodes. For files that
 * can't be mapped the proof is how many bytes are on which node. Files that can
 * be mapped are compared with mbind(2), the reference.
 */
#include <limits.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "convert.h"
#include "huge.h"
#include "numa.h"
#include "unit.h"

#define PAGES		96
#define FILE_SIZE	(PAGES * PAGE)
#define BLOCKS		8

/* As many bits as the kernel has nodes for, at most */
#define MASK_BITS	1024
#define MASK_WORDS	(MASK_BITS / 64)

static unsigned int nr_nodes;

static int set_policy(int fd, __u64 offset, __u64 size, __u32 mode,
		      __u64 nodes)
{
	struct kvm_private_set_policy policy = {
		.offset = offset, .size = size, .mode = mode,
		.nodemask = (uintptr_t)&nodes, .maxnode = 64,
	};

	return ioctl(fd, KVM_PRIVATE_SET_POLICY, &policy);
}

static void expect_on(int fd, unsigned int node, __u64 bytes, const char *what)
{
	expect_between(file_on_node(fd, node), bytes, bytes,
		       "bytes on node %u of %u, %s", node, nr_nodes, what);
}

static void expect_all_on(int fd, unsigned int node, __u64 bytes,
			  const char *what)
{
	for (unsigned int i = 0; i < nr_nodes; i++)
		expect_on(fd, i, i == node ? bytes : 0, what);
}

static __u64 all_nodes(void)
{
	return (1ULL << nr_nodes) - 1;
}

/* A mask for each of the errors that a mask can have */
static __u64 good_mask[1], empty_mask[1], no_such_node[1] = { 1ULL << 40 };
static __u64 no_such_bit[2 * MASK_WORDS];

/* Each row changes one field of a call that succeeds. */
static void bad_mode(struct kvm_private_set_policy *p, __u64 value)
{
	p->mode = value;
}

static void without_nodes(struct kvm_private_set_policy *p, __u64 mode)
{
	p->mode = mode;
	p->maxnode = 0;
}

static void bad_mask(struct kvm_private_set_policy *p, __u64 value)
{
	p->nodemask = value;
}

static void bad_length(struct kvm_private_set_policy *p, __u64 value)
{
	p->nodemask = (uintptr_t)no_such_bit;
	p->maxnode = value;
}

TEST(bad_modes_and_masks)
{
	const struct {
		void (*spoil)(struct kvm_private_set_policy *p, __u64 value);
		__u64 value;
	} calls[] = {
		{ bad_mode, 99 },
		{ bad_mode, UINT_MAX },
		{ bad_mode, MPOL_BIND | 1 << 9 },
		/* Balancing, which is for pages that can move */
		{ bad_mode, MPOL_BIND | 1 << 13 },
		{ bad_mode, MPOL_BIND | MPOL_F_STATIC_NODES |
			    MPOL_F_RELATIVE_NODES },
		{ bad_mode, MPOL_DEFAULT },
		{ bad_mode, MPOL_LOCAL },
		{ without_nodes, MPOL_BIND },
		{ without_nodes, MPOL_INTERLEAVE },
		{ without_nodes, MPOL_LOCAL | MPOL_F_STATIC_NODES },
		{ without_nodes, MPOL_PREFERRED | MPOL_F_STATIC_NODES },
		{ bad_mask, (uintptr_t)empty_mask },
		{ bad_mask, (uintptr_t)no_such_node },
		{ bad_length, 2 * MASK_BITS },
		{ bad_length, 8 * PAGE + 1 },
		{ bad_length, -1 },
	};
	int fd = file_create(FILE_SIZE, 0);

	good_mask[0] = 1;
	no_such_bit[2 * MASK_WORDS - 1] = 1ULL << 63;
	expect_ok(set_policy(fd, 0, PAGE, MPOL_BIND, 1ULL << (nr_nodes - 1)),
		  "a good one");
	for (size_t i = 0; i < ARRAY_SIZE(calls); i++) {
		struct kvm_private_set_policy policy = {
			.size = PAGE, .mode = MPOL_BIND, .maxnode = 64,
			.nodemask = (uintptr_t)good_mask,
		};

		calls[i].spoil(&policy, calls[i].value);
		expect_error(EINVAL,
			     ioctl(fd, KVM_PRIVATE_SET_POLICY, &policy),
			     "row %zu", i);
	}
	/* The file's policy is as before. */
	expect_ok(file_allocate(fd, 0, PAGE), "allocate");
	expect_all_on(fd, nr_nodes - 1, PAGE, "the good one");
	close(fd);
}

/* Bits from maxnode on are ignored. */
TEST(length_of_the_mask)
{
	__u64 mask[MASK_WORDS + 1] = { all_nodes() };
	struct kvm_private_set_policy policy = {
		.size = FILE_SIZE, .mode = MPOL_BIND,
		.nodemask = (uintptr_t)mask,
	};
	int fd = file_create(FILE_SIZE, 0);

	mask[MASK_WORDS] = -1;
	for (unsigned int bits = 1; bits <= nr_nodes; bits++) {
		mask[0] = -1ULL << (bits - 1);
		policy.maxnode = bits;
		expect_ok(ioctl(fd, KVM_PRIVATE_SET_POLICY, &policy),
			  "%u bits", bits);
		expect_ok(file_allocate(fd, 0, FILE_SIZE), "allocate");
		expect_all_on(fd, bits - 1, FILE_SIZE, "the last bit");
		expect_ok(file_punch(fd, 0, FILE_SIZE), "punch");
	}
	mask[0] = 1;
	policy.maxnode = MASK_BITS;
	expect_ok(ioctl(fd, KVM_PRIVATE_SET_POLICY, &policy), "all bits");
	expect_ok(file_allocate(fd, 0, FILE_SIZE), "allocate");
	expect_all_on(fd, 0, FILE_SIZE, "all bits");
	close(fd);
}

static void populate(int fd, __u64 size)
{
	struct kvm_private_populate all = { .size = size };

	expect_ok(file_populate(fd, &all), "populate");
}

/* Tries all modes on a file of @size bytes, in base pages or in huge pages. */
static void check_modes(int fd, __u64 size)
{
	__u64 share = size / nr_nodes;

	for (unsigned int node = 0; node < nr_nodes; node++) {
		static const __u32 modes[] = {
			MPOL_BIND, MPOL_BIND | MPOL_F_STATIC_NODES,
			MPOL_BIND | MPOL_F_RELATIVE_NODES, MPOL_PREFERRED,
			MPOL_PREFERRED_MANY, MPOL_INTERLEAVE,
		};

		for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
			expect_ok(set_policy(fd, 0, size, modes[i], 1ULL << node),
				  "mode %#x", modes[i]);
			if (i % 2)
				populate(fd, size);
			else
				expect_ok(file_allocate(fd, 0, size), "allocate");
			expect_all_on(fd, node, size, "one node");
			expect_ok(file_punch(fd, 0, size), "punch");
		}
		/* The task's policy counts where the file has none any more */
		expect_ok(set_policy(fd, 0, size, MPOL_DEFAULT, 0), "default");
		expect_ok(numa_set_task(MPOL_BIND, 1UL << node), "the task's");
		expect_ok(file_allocate(fd, 0, size), "allocate");
		expect_all_on(fd, node, size, "the task's");
		expect_ok(file_punch(fd, 0, size), "punch");
		expect_ok(numa_set_task(MPOL_DEFAULT, 0), "the task's");
	}
	expect_ok(set_policy(fd, 0, size, MPOL_INTERLEAVE, all_nodes()),
		  "interleave");
	expect_ok(file_allocate(fd, 0, size), "allocate");
	for (unsigned int node = 0; node < nr_nodes; node++)
		expect_on(fd, node, share, "interleaved");
	expect_ok(file_punch(fd, 0, size), "punch");
	/* The test runs on node 0. */
	expect_ok(set_policy(fd, 0, size, MPOL_PREFERRED, 0), "prefer no node");
	expect_ok(file_allocate(fd, 0, size), "allocate");
	expect_all_on(fd, 0, size, "prefer no node");
	expect_ok(set_policy(fd, 0, size, MPOL_BIND, 1ULL << (nr_nodes - 1)),
		  "too late");
	expect_all_on(fd, 0, size, "too late");
}

TEST(modes)
{
	int fd = file_create(FILE_SIZE, 0);

	check_modes(fd, FILE_SIZE);
	close(fd);
}

TEST(modes_of_huge_pages)
{
	int fd = huge_create(BLOCKS * HUGE_PAGE, KVM_PRIVATE_FLAG_HUGE_STRICT);

	check_modes(fd, BLOCKS * HUGE_PAGE);
	expect_backing(fd, BLOCKS, 0, "at last");
	close(fd);
}

/* Many ranges over each other: the last call on each page counts. */
TEST(ranges)
{
	int fd = file_create(FILE_SIZE, 0);
	unsigned int told[PAGES] = { 0 };

	srand(7);
	expect_ok(set_policy(fd, 0, FILE_SIZE, MPOL_BIND, 1), "all");
	for (unsigned int i = 0; i < 200; i++) {
		unsigned int first = rand() % PAGES;
		unsigned int nr = 1 + rand() % (PAGES - first);
		unsigned int node = rand() % nr_nodes;

		expect_ok(set_policy(fd, first * PAGE, nr * PAGE, MPOL_BIND,
				     1ULL << node), "range %u", i);
		for (unsigned int page = first; page < first + nr; page++)
			told[page] = node;
	}
	for (unsigned int page = 0; page < PAGES; page++) {
		expect_ok(file_allocate(fd, page * PAGE, PAGE), "allocate");
		expect_all_on(fd, told[page], PAGE, "by ranges");
		expect_ok(file_punch(fd, page * PAGE, PAGE), "punch");
	}
	close(fd);
}

/* get_mempolicy() and the places of pages agree after both calls */
TEST(like_mbind)
{
	int fd = file_create(FILE_SIZE, KVM_PRIVATE_FLAG_MMAP |
			     KVM_PRIVATE_FLAG_INIT_SHARED);
	int other = file_create(FILE_SIZE, KVM_PRIVATE_FLAG_MMAP |
				KVM_PRIVATE_FLAG_INIT_SHARED);
	char *map = file_map(fd, FILE_SIZE), *other_map = file_map(other, FILE_SIZE);
	static const __u32 flags[] = {
		0, 0, MPOL_F_STATIC_NODES, MPOL_F_RELATIVE_NODES,
		MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES,
	};

	srand(11);
	for (unsigned int i = 0; i < 400; i++) {
		__u32 mode = rand() % 8 | flags[rand() % ARRAY_SIZE(flags)];
		__u64 nodes = rand() % (4ULL << nr_nodes);
		unsigned long mask, other_mask;
		int found, other_found, ret, error;

		ret = numa_bind(other_map, FILE_SIZE, mode, nodes, 0);
		error = errno;
		if (ret)
			expect_error(error, set_policy(fd, 0, FILE_SIZE, mode,
						       nodes),
				     "mode %#x, nodes %#llx", mode, nodes);
		else
			expect_ok(set_policy(fd, 0, FILE_SIZE, mode, nodes),
				  "mode %#x, nodes %#llx", mode, nodes);
		expect_ok(numa_get(map, &found, &mask), "get_mempolicy");
		expect_ok(numa_get(other_map, &other_found, &other_mask),
			  "get_mempolicy");
		if (found != other_found || mask != other_mask)
			fail_msg("mode %#x, nodes %#llx: %#x, %#lx instead of %#x, %#lx",
				 mode, nodes, found, mask, other_found,
				 other_mask);
		expect_ok(file_allocate(fd, 0, FILE_SIZE), "allocate");
		expect_ok(file_allocate(other, 0, FILE_SIZE), "allocate");
		for (unsigned int node = 0; node < nr_nodes; node++)
			expect_on(fd, node, file_on_node(other, node), "mbind");
		expect_ok(file_punch(fd, 0, FILE_SIZE), "punch");
		expect_ok(file_punch(other, 0, FILE_SIZE), "punch");
	}
	munmap(map, FILE_SIZE);
	munmap(other_map, FILE_SIZE);
	close(fd);
	close(other);
}

static int setup(void **state)
{
	nr_nodes = numa_nodes();
	if (nr_nodes < 2) {
		print_error("run this with --numa 2 or more\n");
		return -1;
	}
	return numa_stay_on_node_0(state);
}

TEST_MAIN("set_policy", .setup = setup)
