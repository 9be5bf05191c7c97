// SPDX-License-Identifier: GPL-2.0-only
/*
 * The memory that attributes take: none for a file all of whose pages have the same,
 * little for each boundary, whatever the file's size. And the errors when the
 * kernel hasn't even that little.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cgroup.h"
#include "child.h"
#include "convert.h"
#include "meminfo.h"
#include "slabinfo.h"
#include "unit.h"

#define TIB (KIB * GIB)
#define NODES "maple_node"

/* Ranges far apart, each with a boundary on both sides */
#define RANGES 2000
#define STRIDE (TIB / RANGES / PAGE * PAGE)

/*
 * A leaf has room for sixteen entries; a tree of them is never less than a third
 * full.
 */
#define MAX_NODES (2 * RANGES / 5)
#define LEAST_NODES (2 * RANGES / 16)

/* Pages that would take many nodes if each had an entry of its own */
#define NEIGHBOURS (4000 * PAGE)

#define CGROUP_LIMIT (2 * MIB)

/*
 * The limit pays for the leaves. Kernels that allocate nodes several at a time have inner
 * nodes besides, one for four leaves at least.
 */
#define NODE_SIZE 256
#define LIMITED_NODES (CGROUP_LIMIT / NODE_SIZE / 4 * 5)

TEST(one_attribute)
{
	int private = file_create(TIB, 0);
	int shared = file_create(TIB, KVM_PRIVATE_FLAG_INIT_SHARED);
	unsigned long before = slab_objects(NODES);
	__u64 memory = settled_memfree();

	expect_ok(file_make_shared(private, 0, TIB, 0), "to shared");
	expect_ok(file_make_private(shared, 0, TIB, 0), "to private");
	wait_for_slab_objects(NODES, before + SLABINFO_NOISE);
	expect_ok(file_make_private(private, 0, TIB, 0), "and back");
	expect_ok(file_make_shared(shared, 0, TIB, 0), "and back");
	wait_for_slab_objects(NODES, before + SLABINFO_NOISE);
	wait_for_memfree(memory - MEMINFO_NOISE);
	close(private);
	close(shared);
}

static void make_ranges(int fd)
{
	unsigned int i;

	for (i = 0; i < RANGES; i++)
		expect_ok(file_make_shared(fd, i * STRIDE + PAGE,
					   STRIDE / 2 / PAGE * PAGE, 0),
			  "range %u", i);
	assert_int_equal(file_shared(fd), RANGES * (STRIDE / 2 / PAGE * PAGE));
}

TEST(many_boundaries)
{
	unsigned long before = slab_objects(NODES);
	int fd = file_create(TIB, 0);
	unsigned int i;

	make_ranges(fd);
	wait_for_slab_objects(NODES, before + MAX_NODES + SLABINFO_NOISE);
	/*
	 * The counter must see these nodes, or the rest of the test would prove
	 * nothing.
	 */
	assert_true(slab_objects(NODES) >=
		    before + LEAST_NODES - SLABINFO_NOISE);

	/* Freed one by one, then all at once, and with the file. */
	for (i = 0; i < RANGES; i++)
		expect_ok(file_make_private(fd, i * STRIDE, STRIDE, 0),
			  "range %u back", i);
	assert_int_equal(file_shared(fd), 0);
	wait_for_slab_objects(NODES, before + SLABINFO_NOISE);

	make_ranges(fd);
	expect_ok(file_make_private(fd, 0, TIB, 0), "all back");
	assert_int_equal(file_shared(fd), 0);
	wait_for_slab_objects(NODES, before + SLABINFO_NOISE);

	make_ranges(fd);
	close(fd);
	wait_for_slab_objects(NODES, before + SLABINFO_NOISE);
}

/* A range without a boundary takes no node, whichever calls led to it. */
TEST(no_boundary_between_neighbours)
{
	unsigned long before = slab_objects(NODES);
	int fd = file_create(TIB, 0);
	__u64 middle = TIB / 2;
	__u64 offset;

	for (offset = 0; offset < NEIGHBOURS; offset += PAGE) {
		expect_ok(file_make_shared(fd, middle + offset, PAGE, 0),
			  "page behind the others");
		expect_ok(file_make_shared(fd, middle - offset - PAGE, PAGE, 0),
			  "page before the others");
	}
	assert_int_equal(file_shared(fd), 2 * NEIGHBOURS);
	wait_for_slab_objects(NODES, before + SLABINFO_NOISE);

	/* Every other page, and then the pages between. */
	for (offset = 0; offset < 2 * NEIGHBOURS; offset += 2 * PAGE)
		expect_ok(file_make_shared(fd, offset, PAGE, 0), "every other");
	assert_true(slab_objects(NODES) >= before + SLABINFO_NOISE);
	for (offset = PAGE; offset < 2 * NEIGHBOURS; offset += 2 * PAGE)
		expect_ok(file_make_shared(fd, offset, PAGE, 0), "between");
	assert_int_equal(file_shared(fd), 4 * NEIGHBOURS);
	wait_for_slab_objects(NODES, before + SLABINFO_NOISE);
	close(fd);
}

struct limited {
	struct cgroup cgroup;
	unsigned long nodes_before;
};

/* The caller's limit bounds how many boundaries it can make the file keep. */
static void share_every_other_page(void *arg)
{
	struct kvm_memory_attributes2 last = { .size = PAGE };
	struct limited *limited = arg;
	int root = cgroup_open_root();
	int fd = file_create(TIB, 0);
	int ret, error;

	expect_ok(mlockall(MCL_CURRENT), "mlockall");
	cgroup_enter(&limited->cgroup);
	do {
		last.offset += 2 * PAGE;
		ret = file_convert(fd, &last);
		error = errno;
	} while (!ret && last.offset < TIB / KIB);
	cgroup_leave(root);

	assert_int_equal(ret, -1);
	assert_int_equal(error, ENOMEM);
	assert_int_equal(last.error_offset, last.offset);
	assert_int_equal(file_shared(fd), last.offset / 2 - PAGE);
	wait_for_slab_objects(NODES, limited->nodes_before + LIMITED_NODES +
				     SLABINFO_NOISE);
	/*
	 * With memory again the conversion succeeds; one that takes no node always
	 * does.
	 */
	expect_ok(file_convert(fd, &last), "outside the cgroup");
	assert_int_equal(file_shared(fd), last.offset / 2);
	expect_ok(file_make_private(fd, 0, TIB, 0), "all back");
	assert_int_equal(file_shared(fd), 0);
}

/*
 * Where modules can't charge them, the nodes of the module's tree are charged to
 * no cgroup.
 */
static bool modules_can_charge(void)
{
	FILE *symbols = fopen("/proc/kallsyms", "re");
	bool found = false;
	char line[256];

	assert_non_null(symbols);
	while (!found && fgets(line, sizeof(line), symbols))
		found = strstr(line, "__ksymtab_mas_preallocate");
	fclose(symbols);
	return found;
}

TEST(no_memory_for_more)
{
	struct limited limited = { .nodes_before = slab_objects(NODES) };

	if (!modules_can_charge()) {
		print_message("# this kernel's modules can't charge it\n");
		return;
	}
	cgroup_make(&limited.cgroup, "kvm_private_states");
	cgroup_limit(&limited.cgroup, CGROUP_LIMIT);
	child_run(share_every_other_page, &limited);
	assert_int_equal(cgroup_event(&limited.cgroup, "oom_kill"), 0);
	cgroup_remove(&limited.cgroup);
	wait_for_slab_objects(NODES, limited.nodes_before + SLABINFO_NOISE);
}

TEST_MAIN("attributes_cost")
