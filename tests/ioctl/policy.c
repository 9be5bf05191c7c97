// SPDX-License-Identifier: GPL-2.0-only
/*
 * A policy that mbind(2) sets on a mapping is the file's: it says where pages
 * are allocated, by whichever call, and get_mempolicy(2) tells it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "child.h"
#include "convert.h"
#include "fdinfo.h"
#include "numa.h"
#include "touch.h"
#include "unit.h"

#define PAGES 32
#define FILE_SIZE (PAGES * PAGE)

static int fd;
static char *map;

static void expect_policy(const void *at, int mode, unsigned long nodes,
			  const char *what)
{
	unsigned long nodes_found;
	int mode_found;

	expect_ok(numa_get(at, &mode_found, &nodes_found), "get_mempolicy");
	if (mode_found == mode && nodes_found == nodes)
		return;
	print_error("%s: mode %#x, nodes %#lx, not %#x and %#lx\n", what,
		    mode_found, nodes_found, mode, nodes);
	fail();
}

static void expect_node(void *at, int node, const char *what)
{
	int found;

	/* move_pages() doesn't look at pages that aren't mapped. */
	expect_reads(at, 0, "%s", what);
	found = numa_node(at);
	if (found == node)
		return;
	print_error("%s: page %td is on node %d, not %d\n", what,
		    ((char *)at - map) / (ptrdiff_t)PAGE, found, node);
	fail();
}

static void expect_all_on(unsigned int node, const char *what)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		expect_node(map + i * PAGE, node, what);
	assert_int_equal(file_on_node(fd, node), FILE_SIZE);
	assert_int_equal(file_on_node(fd, !node), 0);
}

static int create(void **state)
{
	(void)state;
	fd = file_create(FILE_SIZE, KVM_PRIVATE_FLAG_MMAP |
			 KVM_PRIVATE_FLAG_INIT_SHARED);
	map = file_map(fd, FILE_SIZE);
	return 0;
}

static int destroy(void **state)
{
	(void)state;
	munmap(map, FILE_SIZE);
	numa_set_task(MPOL_DEFAULT, 0);
	return close(fd);
}

static const struct fixture file = { .setup = create, .teardown = destroy };

/* A refused call changes no policy. */
TEST(bad_calls, &file)
{
	static const struct {
		const char *name;
		__u64 offset;
		size_t size;
		int mode;
		unsigned long nodes;
		unsigned int flags;
		int error;
	} calls[] = {
		{ "unknown mode", 0, PAGE, 999, NODE_0, 0, EINVAL },
		{ "negative mode", 0, PAGE, -1, NODE_0, 0, EINVAL },
		{ "unknown flag", 0, PAGE, MPOL_BIND, NODE_0, 1 << 9, EINVAL },
		{ "lazy", 0, PAGE, MPOL_BIND, NODE_0, MPOL_MF_LAZY, EINVAL },
		{ "no nodes", 0, PAGE, MPOL_BIND, 0, 0, EINVAL },
		{ "a node that isn't there", 0, PAGE, MPOL_BIND, 1 << 5, 0,
		  EINVAL },
		{ "the default with nodes", 0, PAGE, MPOL_DEFAULT, NODE_0, 0,
		  EINVAL },
		{ "local with nodes", 0, PAGE, MPOL_LOCAL, NODE_0, 0, EINVAL },
		{ "two kinds of nodes", 0, PAGE, MPOL_BIND |
		  MPOL_F_STATIC_NODES | MPOL_F_RELATIVE_NODES, NODE_0, 0,
		  EINVAL },
		{ "not aligned", 1, PAGE, MPOL_BIND, NODE_0, 0, EINVAL },
		{ "a range that wraps", 0, -PAGE, MPOL_BIND, NODE_0, 0,
		  EINVAL },
		{ "behind the mapping", FILE_SIZE / 2, PAGE, MPOL_BIND, NODE_0,
		  0, EFAULT },
	};
	unsigned int i;

	munmap(map + FILE_SIZE / 2, FILE_SIZE / 2);
	expect_ok(numa_bind(map, PAGE, MPOL_BIND, NODE_1, 0), "mbind");
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		expect_error(calls[i].error,
			     numa_bind(map + calls[i].offset, calls[i].size,
				       calls[i].mode, calls[i].nodes,
				       calls[i].flags), "%s", calls[i].name);
		expect_policy(map, MPOL_BIND, NODE_1, calls[i].name);
		expect_policy(map + PAGE, MPOL_DEFAULT, 0, calls[i].name);
	}
	expect_node(map, 1, "page with a policy");
}

TEST(sealed_files_have_none, &file)
{
	int sealed = file_create(FILE_SIZE, 0);

	/* Without a mapping there is nothing to call mbind() on. */
	assert_ptr_equal(mmap(NULL, PAGE, PROT_NONE, MAP_SHARED, sealed, 0),
			 MAP_FAILED);
	expect_ok(numa_set_task(MPOL_BIND, NODE_1), "set_mempolicy");
	expect_ok(file_allocate(sealed, 0, FILE_SIZE), "allocate");
	expect_ok(numa_set_task(MPOL_DEFAULT, 0), "set_mempolicy");
	assert_int_equal(file_on_node(sealed, 1), FILE_SIZE);
	close(sealed);
}

static void by_writing(void)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		assert_int_equal(touch_write(map + i * PAGE, 0), 0);
}

static void by_reading(void)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		expect_reads(map + i * PAGE, 0, "page %u", i);
}

static void by_fallocate(void)
{
	expect_ok(file_allocate(fd, 0, FILE_SIZE), "allocate");
}

static void by_populate(void)
{
	struct kvm_private_populate populate = { .size = FILE_SIZE };

	expect_ok(file_make_private(fd, 0, FILE_SIZE, 0), "to private");
	expect_ok(file_populate(fd, &populate), "populate");
	expect_ok(file_make_shared(fd, 0, FILE_SIZE, 0), "to shared");
}

static void by_mapping_at_once(void)
{
	char *other = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE,
			   MAP_SHARED | MAP_POPULATE, fd, 0);

	assert_ptr_not_equal(other, MAP_FAILED);
	munmap(other, FILE_SIZE);
}

static void by_advice(void)
{
	expect_ok(madvise(map, FILE_SIZE, MADV_POPULATE_WRITE), "madvise");
}

/* The kernel itself touches the pages. */
static void by_a_system_call(void)
{
	int zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);

	assert_int_equal(read(zero, map, FILE_SIZE), FILE_SIZE);
	close(zero);
}

static void touch_all(void *arg)
{
	(void)arg;
	by_writing();
}

static void by_another_process(void)
{
	child_run(touch_all, NULL);
}

static const struct {
	const char *name;
	void (*allocate)(void);
} ways[] = {
	{ "writing", by_writing },
	{ "reading", by_reading },
	{ "fallocate", by_fallocate },
	{ "populate", by_populate },
	{ "MAP_POPULATE", by_mapping_at_once },
	{ "MADV_POPULATE_WRITE", by_advice },
	{ "read(2) into it", by_a_system_call },
	{ "another process", by_another_process },
};

TEST(all_ways_to_allocate, &file)
{
	unsigned int i, node;

	for (i = 0; i < ARRAY_SIZE(ways); i++) {
		for (node = 0; node < 2; node++) {
			expect_ok(numa_bind(map, FILE_SIZE, MPOL_BIND,
					    1UL << node, 0), "mbind");
			/* The task's own policy doesn't count. */
			expect_ok(numa_set_task(MPOL_BIND, 1UL << !node),
				  "set_mempolicy");
			ways[i].allocate();
			expect_all_on(node, ways[i].name);
			expect_ok(file_punch(fd, 0, FILE_SIZE), "punch");
		}
		/*
		 * Without one of the file's it counts, and holes have kept no
		 * trace of the file's.
		 */
		expect_ok(numa_bind(map, FILE_SIZE, MPOL_DEFAULT, 0, 0),
			  "mbind to the default");
		ways[i].allocate();
		expect_all_on(0, ways[i].name);
		expect_ok(file_punch(fd, 0, FILE_SIZE), "punch");
	}
	expect_ok(numa_set_task(MPOL_DEFAULT, 0), "set_mempolicy");
}

TEST(all_modes, &file)
{
	static const struct {
		const char *name;
		int mode;
		unsigned long nodes;
		/* Of the pages that are even and odd */
		int even, odd;
	} modes[] = {
		{ "bind to 0", MPOL_BIND, NODE_0, 0, 0 },
		{ "bind to 1", MPOL_BIND, NODE_1, 1, 1 },
		{ "bind to 1, static", MPOL_BIND | MPOL_F_STATIC_NODES, NODE_1,
		  1, 1 },
		{ "bind to 1, relative", MPOL_BIND | MPOL_F_RELATIVE_NODES,
		  NODE_1, 1, 1 },
		{ "prefer 0", MPOL_PREFERRED, NODE_0, 0, 0 },
		{ "prefer 1", MPOL_PREFERRED, NODE_1, 1, 1 },
		{ "prefer 1 of many", MPOL_PREFERRED_MANY, NODE_1, 1, 1 },
		/* The test runs on node 0. */
		{ "bind to both", MPOL_BIND, BOTH_NODES, 0, 0 },
		{ "prefer both", MPOL_PREFERRED_MANY, BOTH_NODES, 0, 0 },
		{ "local", MPOL_LOCAL, 0, 0, 0 },
		{ "interleave", MPOL_INTERLEAVE, BOTH_NODES, 0, 1 },
		{ "interleave 1 alone", MPOL_INTERLEAVE, NODE_1, 1, 1 },
		{ "interleave by weight", WEIGHTED_INTERLEAVE, BOTH_NODES, 0,
		  1 },
	};
	unsigned int i, page;

	/* Only one row has the task's policy. */
	expect_ok(numa_set_task(MPOL_BIND, NODE_1), "set_mempolicy");
	for (i = 0; i < ARRAY_SIZE(modes); i++) {
		int ret = numa_bind(map, FILE_SIZE, modes[i].mode,
				    modes[i].nodes, 0);

		if (ret && modes[i].mode == WEIGHTED_INTERLEAVE) {
			print_message("# this kernel can't %s\n",
				      modes[i].name);
			continue;
		}
		expect_ok(ret, "%s", modes[i].name);
		expect_policy(map, modes[i].mode, modes[i].nodes,
			      modes[i].name);
		/*
		 * Allocated from the end: the interleaving goes by the offset.
		 */
		for (page = PAGES; page--; )
			expect_node(map + page * PAGE, page % 2 ? modes[i].odd :
				    modes[i].even, modes[i].name);
		expect_ok(file_punch(fd, 0, FILE_SIZE), "punch");
	}
	expect_ok(numa_set_task(MPOL_DEFAULT, 0), "set_mempolicy");
}

/* The policy that each page was given: a node to be bound to, or none */
#define NONE 2
static unsigned char told[PAGES];

static void expect_as_told(void)
{
	char *shifted = mmap(NULL, FILE_SIZE - 5 * PAGE, PROT_READ, MAP_SHARED,
			     fd, 5 * PAGE);
	unsigned int i;

	assert_ptr_not_equal(shifted, MAP_FAILED);
	for (i = 0; i < PAGES; i++) {
		int mode = told[i] == NONE ? MPOL_DEFAULT : MPOL_BIND;
		unsigned long nodes = told[i] == NONE ? 0 : 1UL << told[i];

		expect_policy(map + i * PAGE, mode, nodes, "policy told");
		if (i >= 5)
			expect_policy(shifted + (i - 5) * PAGE, mode, nodes,
				      "policy seen through another mapping");
	}
	munmap(shifted, FILE_SIZE - 5 * PAGE);
}

/*
 * Each call goes through a mapping of its own, which is removed at once: the
 * kernel doesn't even call the file if the mapping had that policy before.
 */
static void tell(unsigned int first, unsigned int count, unsigned int node)
{
	unsigned int from = first - rand() % (first + 1);
	size_t size = (first + count - from) * PAGE;
	char *own = mmap(NULL, size, PROT_NONE, MAP_SHARED, fd, from * PAGE);
	char *start = own + (first - from) * PAGE;

	assert_ptr_not_equal(own, MAP_FAILED);
	if (node == NONE) {
		expect_ok(numa_bind(start, count * PAGE, MPOL_LOCAL, 0, 0),
			  "mbind to local");
		expect_ok(numa_bind(start, count * PAGE, MPOL_DEFAULT, 0, 0),
			  "mbind to the default");
	} else {
		expect_ok(numa_bind(start, count * PAGE, MPOL_BIND, 1UL << node,
				    0), "mbind");
	}
	munmap(own, size);
	memset(told + first, node, count);
}

TEST(ranges_that_overlap, &file)
{
	unsigned int round, i, node;

	memset(told, NONE, sizeof(told));
	srand(1);
	for (round = 0; round < 300; round++) {
		unsigned int first = rand() % PAGES;

		tell(first, 1 + rand() % (PAGES - first), rand() % 3);
		expect_as_told();
	}
	/* The last round leaves the file's policies in pieces. */
	tell(PAGES / 4, PAGES / 8, 0);
	tell(PAGES / 2, PAGES / 8, 1);
	tell(3 * PAGES / 4, PAGES / 8, NONE);
	for (node = 0; node < 2; node++) {
		expect_ok(numa_set_task(MPOL_BIND, 1UL << node),
			  "set_mempolicy");
		by_fallocate();
		for (i = 0; i < PAGES; i++)
			expect_node(map + i * PAGE, told[i] == NONE ? node :
				    told[i], "page in one of many ranges");
		expect_ok(file_punch(fd, 0, FILE_SIZE), "punch");
	}
	expect_ok(numa_set_task(MPOL_DEFAULT, 0), "set_mempolicy");
}

TEST(stays_where_it_is, &file)
{
	void *page = map;
	int node = 1, status;

	by_fallocate();
	by_reading();
	expect_ok(numa_bind(map, FILE_SIZE, MPOL_BIND, NODE_1, 0), "mbind");
	expect_all_on(0, "allocated before");

	/* Pages don't move on request either. */
	expect_ok(numa_bind(map, FILE_SIZE, MPOL_BIND, NODE_1, MPOL_MF_MOVE),
		  "mbind and move");
	expect_error(EIO, numa_bind(map, FILE_SIZE, MPOL_BIND, NODE_1,
				    MPOL_MF_STRICT), "strictly");
	expect_error(EIO, numa_bind(map, FILE_SIZE, MPOL_BIND, NODE_1,
				    MPOL_MF_STRICT | MPOL_MF_MOVE_ALL),
		     "strictly, and move");
	expect_ok(syscall(SYS_move_pages, 0, 1UL, &page, &node, &status,
			  MPOL_MF_MOVE_ALL), "move_pages");
	expect_between(status, -EBUSY, -1, "status of a page to be moved");
	expect_ok(syscall(SYS_migrate_pages, 0, 8UL,
			  &(unsigned long){ NODE_0 },
			  &(unsigned long){ NODE_1 }), "migrate_pages");
	expect_all_on(0, "after all attempts to move");

	/* A conversion leaves the page where it is; a punch doesn't. */
	expect_ok(file_make_private(fd, 0, FILE_SIZE, CONVERT_PRESERVE),
		  "to private");
	expect_ok(file_make_shared(fd, 0, FILE_SIZE, CONVERT_PRESERVE), "back");
	expect_all_on(0, "converted");
	expect_ok(file_punch(fd, 0, FILE_SIZE), "punch");
	expect_all_on(1, "after a hole");
}

static void look_and_bind(void *arg)
{
	char *own = file_map(fd, FILE_SIZE);

	(void)arg;
	expect_policy(own, MPOL_BIND, NODE_1, "seen from another process");
	expect_ok(numa_bind(own + PAGE, PAGE, MPOL_INTERLEAVE, NODE_1, 0),
		  "mbind in another process");
}

TEST(is_the_files, &file)
{
	char line[256], address[32];
	bool found = false;
	FILE *maps;

	expect_ok(numa_bind(map, FILE_SIZE, MPOL_BIND, NODE_1, 0), "mbind");
	munmap(map, FILE_SIZE);
	expect_ok(file_allocate(fd, 0, FILE_SIZE / 2), "allocate");
	assert_int_equal(file_on_node(fd, 1), FILE_SIZE / 2);
	child_run(look_and_bind, NULL);

	map = file_map(fd, FILE_SIZE);
	expect_policy(map, MPOL_BIND, NODE_1, "through a new mapping");
	expect_policy(map + PAGE, MPOL_INTERLEAVE, NODE_1, "as the other said");
	expect_policy(map + 2 * PAGE, MPOL_BIND, NODE_1, "and behind");
	expect_all_on(1, "all said that");

	snprintf(address, sizeof(address), "%lx bind:1 ", (unsigned long)map);
	maps = fopen("/proc/self/numa_maps", "re");
	assert_non_null(maps);
	while (!found && fgets(line, sizeof(line), maps))
		found = !strncmp(line, address, strlen(address));
	fclose(maps);
	assert_true(found);
}

TEST(behind_the_end, &file)
{
	size_t size = 4 * FILE_SIZE;
	char *large = file_map(fd, size);

	expect_ok(numa_bind(large, size, MPOL_BIND, NODE_1, 0), "mbind");
	expect_policy(large + size - 1, MPOL_BIND, NODE_1, "behind the end");
	expect_sigbus(large + FILE_SIZE, "first page behind the end");
	expect_all_on(1, "pages before it");
	munmap(large, size);
}

TEST_MAIN("policy", .setup = numa_group_setup)
