// SPDX-License-Identifier: GPL-2.0-only
/*
 * NUMA policies of mappings, on a machine with one node. Tests with several
 * nodes are elsewhere.
 */
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>

#include <linux/mempolicy.h>

#include "memfd.h"
#include "touch.h"

#define NODES	(8 * sizeof(unsigned long))

static long bind_pages(void *address, __u64 size, int mode, unsigned long nodes,
		       unsigned int flags)
{
	return syscall(SYS_mbind, address, size, mode, nodes ? &nodes : NULL,
		       nodes ? NODES : 0, flags);
}

static int policy_at(void *address, unsigned long *nodes)
{
	int mode = -1;

	*nodes = 0;
	expect_ok(syscall(SYS_get_mempolicy, &mode, nodes, NODES, address, MPOL_F_ADDR),
		  "get_mempolicy");
	return mode;
}

static void expect_policy(void *address, int mode, unsigned long nodes)
{
	unsigned long found;

	assert_int_equal(policy_at(address, &found), mode);
	assert_int_equal(found, nodes);
}

TEST(set_and_told, &pair_shared)
{
	static const struct {
		int mode;
		unsigned long nodes, told;
	} rows[] = {
		{ MPOL_BIND, 1, 1 }, { MPOL_INTERLEAVE, 1, 1 }, { MPOL_PREFERRED, 1, 1 },
		{ MPOL_PREFERRED_MANY, 1, 1 }, { MPOL_LOCAL, 0, 0 }, { MPOL_DEFAULT, 0, 0 },
		{ MPOL_BIND | MPOL_F_STATIC_NODES, 1, 1 },
	};
	struct pair *p = *state;
	char *map = memfd_map(p->file, FILE_SIZE);

	expect_policy(map, MPOL_DEFAULT, 0);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		expect_ok(bind_pages(map, FILE_SIZE, rows[i].mode, rows[i].nodes, 0),
			  "mode %#x", rows[i].mode);
		expect_policy(map, rows[i].mode, rows[i].told);
		expect_policy(map + FILE_SIZE - 1, rows[i].mode, rows[i].told);
		memset(map, 0x31, FILE_SIZE);
		expect_reads(map + PAGE, 0x31, "page under mode %#x", rows[i].mode);
		expect_ok(fallocate(p->file, HOLE, 0, FILE_SIZE), "punch");
	}
	munmap(map, FILE_SIZE);
}

/* The policy is the file's: other mappings have it, at their place. */
TEST(belongs_to_the_file, &pair_shared)
{
	struct pair *p = *state;
	char *map = memfd_map(p->file, FILE_SIZE);
	char *second = mmap(NULL, 4 * PAGE, PROT_READ, MAP_SHARED, p->file, 6 * PAGE);

	expect_ok(bind_pages(map + 8 * PAGE, 4 * PAGE, MPOL_BIND, 1, 0), "mbind");
	expect_policy(map, MPOL_DEFAULT, 0);
	expect_policy(map + 7 * PAGE, MPOL_DEFAULT, 0);
	expect_policy(map + 8 * PAGE, MPOL_BIND, 1);
	expect_policy(map + 12 * PAGE - 1, MPOL_BIND, 1);
	expect_policy(map + 12 * PAGE, MPOL_DEFAULT, 0);
	expect_policy(second + PAGE, MPOL_DEFAULT, 0);
	expect_policy(second + 2 * PAGE, MPOL_BIND, 1);
	munmap(map, FILE_SIZE);
	munmap(second, 4 * PAGE);
	map = memfd_map(p->file, FILE_SIZE);
	expect_policy(map + 8 * PAGE, MPOL_BIND, 1);
	expect_policy(map + 12 * PAGE, MPOL_DEFAULT, 0);

	/* A hole has a policy as well. */
	expect_ok(fallocate(p->file, HOLE, 0, FILE_SIZE), "punch");
	expect_policy(map + 8 * PAGE, MPOL_BIND, 1);

	/*
	 * The kernel calls the file only if the policy is new to the mapping.
	 */
	expect_ok(bind_pages(map, FILE_SIZE, MPOL_DEFAULT, 0, 0), "default");
	expect_policy(map + 8 * PAGE, MPOL_BIND, 1);
	expect_ok(bind_pages(map, FILE_SIZE, MPOL_PREFERRED, 1, 0), "preferred");
	expect_policy(map + 8 * PAGE, MPOL_PREFERRED, 1);
	expect_ok(bind_pages(map, FILE_SIZE, MPOL_DEFAULT, 0, 0), "default");
	expect_policy(map + 8 * PAGE, MPOL_DEFAULT, 0);
	munmap(map, FILE_SIZE);
}

TEST(overlapping, &pair_shared)
{
	struct pair *p = *state;
	char *map = memfd_map(p->file, FILE_SIZE);

	expect_ok(bind_pages(map, 16 * PAGE, MPOL_BIND, 1, 0), "bind");
	expect_ok(bind_pages(map + 4 * PAGE, 4 * PAGE, MPOL_INTERLEAVE, 1, 0), "middle");
	expect_ok(bind_pages(map + 12 * PAGE, 8 * PAGE, MPOL_PREFERRED, 1, 0), "tail");
	expect_ok(bind_pages(map + 5 * PAGE, PAGE, MPOL_DEFAULT, 0, 0), "one page");
	for (int i = 0; i < 24; i++) {
		int want = i == 5 ? MPOL_DEFAULT : i < 4 ? MPOL_BIND :
			   i < 8 ? MPOL_INTERLEAVE : i < 12 ? MPOL_BIND :
			   i < 20 ? MPOL_PREFERRED : MPOL_DEFAULT;

		expect_policy(map + i * PAGE, want, want == MPOL_DEFAULT ? 0 : 1);
	}
	munmap(map, FILE_SIZE);
}

TEST(refused, &pair_shared)
{
	struct pair *p = *state;
	char *map = memfd_map(p->file, FILE_SIZE);

	expect_error(EINVAL, bind_pages(map, PAGE, 999, 1, 0), "unknown mode");
	expect_error(EINVAL, bind_pages(map, PAGE, MPOL_BIND, 0, 0), "no nodes");
	expect_error(EINVAL, bind_pages(map, PAGE, MPOL_DEFAULT, 1, 0), "default, nodes");
	expect_error(EINVAL, bind_pages(map, PAGE, MPOL_BIND, 1, 1 << 20), "flags");
	expect_error(EINVAL, bind_pages(map + 1, PAGE, MPOL_BIND, 1, 0), "unaligned");
	expect_error(EINVAL, bind_pages(map, PAGE, MPOL_BIND, 2, 0), "node that isn't there");
	expect_policy(map, MPOL_DEFAULT, 0);
	munmap(map, FILE_SIZE);
}

/* The pages' nodes, and that a policy lets the pages stay there */
TEST(asked_to_move, &pair_shared)
{
	struct pair *p = *state;
	char *map = memfd_map(p->file, FILE_SIZE);
	void *pages[3] = { map, map + PAGE, map + FILE_SIZE - PAGE };
	int nodes[3] = { 0, 0, 0 }, status[3] = { -1, -1, -1 };

	map[0] = 1;
	map[FILE_SIZE - PAGE] = 1;
	expect_ok(syscall(SYS_move_pages, 0, 3, pages, NULL, status, 0), "where are they");
	assert_int_equal(status[0], 0);
	assert_int_equal(status[1], -ENOENT);
	assert_int_equal(status[2], 0);
	expect_ok(syscall(SYS_move_pages, 0, 3, pages, nodes, status, MPOL_MF_MOVE),
		  "to where they are");
	assert_int_equal(status[0], 0);
	expect_ok(bind_pages(map, FILE_SIZE, MPOL_BIND, 1, MPOL_MF_STRICT), "strict");
	expect_ok(bind_pages(map, FILE_SIZE, MPOL_BIND, 1, MPOL_MF_MOVE), "move");
	expect_ok(bind_pages(map, FILE_SIZE, MPOL_BIND, 1,
			     MPOL_MF_MOVE | MPOL_MF_STRICT), "move, strict");
	expect_ok(bind_pages(map, FILE_SIZE, MPOL_BIND, 1, MPOL_MF_MOVE_ALL), "move all");
	expect_reads(map, 1, "after all that");
	munmap(map, FILE_SIZE);
}

/* The policy also holds for pages that aren't mapped. */
TEST(of_private_pages, &pair_mmap)
{
	struct pair *p = *state;
	char *map = memfd_map(p->file, FILE_SIZE);

	expect_ok(bind_pages(map, FILE_SIZE, MPOL_BIND, 1, 0), "mbind");
	expect_policy(map, MPOL_BIND, 1);
	expect_ok(fallocate(p->file, FALLOC_FL_KEEP_SIZE, 0, FILE_SIZE), "allocate");
	munmap(map, FILE_SIZE);
}

TEST(past_the_end, &pair_shared)
{
	struct pair *p = *state;
	char *map = memfd_map(p->file, 2 * FILE_SIZE);

	expect_ok(bind_pages(map, 2 * FILE_SIZE, MPOL_BIND, 1, 0), "mbind");
	expect_policy(map + 2 * FILE_SIZE - PAGE, MPOL_BIND, 1);
	expect_sigbus(map + FILE_SIZE, "behind the end");
	munmap(map, 2 * FILE_SIZE);
}

TEST_MAIN("guest_memfd: policy")
