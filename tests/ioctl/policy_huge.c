// SPDX-License-Identifier: GPL-2.0-only
/* NUMA policies of files with huge pages: a huge page is on one node. */
#include <sys/mman.h>
#include <unistd.h>

#include "convert.h"
#include "huge.h"
#include "numa.h"
#include "touch.h"
#include "unit.h"

#define BLOCKS		4
#define FILE_SIZE	(BLOCKS * HUGE_PAGE)
#define FLAGS		(KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED | \
			 KVM_PRIVATE_FLAG_HUGE_STRICT)

static int fd;
static char *map;

static int file_setup(void **state)
{
	(void)state;
	fd = huge_create(FILE_SIZE, FLAGS);
	map = file_map(fd, FILE_SIZE);
	return 0;
}

static int file_teardown(void **state)
{
	(void)state;
	munmap(map, FILE_SIZE);
	close(fd);
	return numa_set_task(MPOL_DEFAULT, 0);
}

/* The kernel is asked about pages through a mapping that has them. */
static void expect_node(unsigned int block, int node, const char *what)
{
	char *at = map + block * HUGE_PAGE + 5 * PAGE;

	expect_reads(at, 0, "block %u: %s", block, what);
	expect_between(numa_node(at), node, node, "node of block %u: %s", block,
		       what);
}

static void expect_nodes(int even, int odd, const char *what)
{
	for (unsigned int i = 0; i < BLOCKS; i++)
		expect_node(i, i & 1 ? odd : even, what);
}

static const struct fixture file = { .setup = file_setup, .teardown = file_teardown };

TEST(all_modes, &file)
{
	static const struct {
		const char *name;
		int mode;
		unsigned long nodes;
		int even, odd;
	} modes[] = {
		{ "bind to 0", MPOL_BIND, NODE_0, 0, 0 },
		{ "bind to 1", MPOL_BIND, NODE_1, 1, 1 },
		{ "bind to 1, static", MPOL_BIND | MPOL_F_STATIC_NODES, NODE_1,
		  1, 1 },
		{ "prefer 0", MPOL_PREFERRED, NODE_0, 0, 0 },
		{ "prefer 1", MPOL_PREFERRED, NODE_1, 1, 1 },
		{ "prefer 1 of many", MPOL_PREFERRED_MANY, NODE_1, 1, 1 },
		/* The test runs on node 0. */
		{ "bind to both", MPOL_BIND, BOTH_NODES, 0, 0 },
		{ "local", MPOL_LOCAL, 0, 0, 0 },
		{ "interleave", MPOL_INTERLEAVE, BOTH_NODES, 0, 1 },
		{ "interleave 1 alone", MPOL_INTERLEAVE, NODE_1, 1, 1 },
	};

	/* Only one row has the task's policy. */
	expect_ok(numa_set_task(MPOL_BIND, NODE_1), "set_mempolicy");
	for (unsigned int i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
		expect_ok(numa_bind(map, FILE_SIZE, modes[i].mode,
				    modes[i].nodes, 0), "%s", modes[i].name);
		expect_ok(file_allocate(fd, 0, FILE_SIZE), "allocate");
		expect_backing(fd, BLOCKS, 0, "%s", modes[i].name);
		expect_nodes(modes[i].even, modes[i].odd, modes[i].name);
		expect_ok(file_punch(fd, 0, FILE_SIZE), "punch");
	}
}

/* Without a policy of the file's the task's counts. */
TEST(beside_a_policy, &file)
{
	expect_ok(numa_bind(map, HUGE_PAGE, MPOL_BIND, NODE_0, 0), "mbind");
	expect_ok(numa_set_task(MPOL_BIND, NODE_1), "set_mempolicy");
	expect_ok(file_allocate(fd, 0, FILE_SIZE), "allocate");
	expect_backing(fd, BLOCKS, 0, "allocated");
	assert_int_equal(file_on_node(fd, 0), HUGE_PAGE);
	assert_int_equal(file_on_node(fd, 1), FILE_SIZE - HUGE_PAGE);
	expect_node(0, 0, "with a policy");
}

/* A collapsed block is where its policy says. */
TEST(collapsed, &file)
{
	expect_ok(numa_bind(map, FILE_SIZE, MPOL_BIND, NODE_0, 0), "mbind");
	expect_ok(file_allocate(fd, 0, FILE_SIZE), "allocate");
	expect_ok(file_punch(fd, HUGE_PAGE + 7 * PAGE, PAGE), "punch");
	expect_ok(numa_bind(map, FILE_SIZE, MPOL_BIND, NODE_1, 0), "mbind");
	collapse_all(fd, FILE_SIZE);
	expect_backing(fd, BLOCKS, 0, "collapsed");
	assert_int_equal(file_on_node(fd, 1), HUGE_PAGE);
	expect_node(1, 1, "moved");
}

TEST_MAIN("policy of huge pages", .setup = numa_group_setup)
