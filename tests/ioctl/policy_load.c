// SPDX-License-Identifier: GPL-2.0-only
/* NUMA policies where memory is short, in large numbers, and under fire. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cgroup.h"
#include "child.h"
#include "convert.h"
#include "meminfo.h"
#include "numa.h"
#include "touch.h"
#include "unit.h"
#include "watched.h"
#include "workers.h"

#define SHARED_FILE (KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED)

/* So much of the node is left for the machine's own needs. */
#define RESERVE (64 * MIB)

static void fill_a_node(void *arg)
{
	__u64 killed = vmstat_line("oom_kill");
	int fd = *(int *)arg;
	__u64 filled, hole;
	int raised;
	char *map;

	expect_ok(mlockall(MCL_CURRENT), "mlockall");
	map = file_map(fd, 4 * GIB);
	expect_ok(numa_bind(map, 4 * GIB, MPOL_BIND, NODE_1, 0), "mbind");
	expect_error(ENOMEM, file_allocate(fd, 0, 4 * GIB),
		     "allocate more than the node has");
	filled = file_allocated(fd);
	assert_int_equal(file_on_node(fd, 1), filled);
	expect_between(node_free(1), 0, RESERVE, "bytes free on the node");
	/* Reclaim may have freed a few pages meanwhile, but soon finds no more. */
	hole = filled;
	while (!(raised = touch_write(map + hole, 1))) {
		hole += PAGE;
		expect_between(hole - filled, 0, RESERVE, "bytes after the last");
	}
	/*
	 * A touch has no better error than the signal; but the OOM killer kills no
	 * process for it.
	 */
	assert_int_equal(raised, SIGBUS);
	expect_error(ENOMEM, file_allocate(fd, hole, RESERVE),
		     "allocate on a node that is full");
	assert_int_equal(vmstat_line("oom_kill"), killed);

	/*
	 * The other node has room for pages that a policy only prefers on this
	 * one.
	 */
	expect_ok(numa_bind(map + hole, RESERVE, MPOL_PREFERRED, NODE_1, 0),
		  "mbind to prefer it");
	expect_ok(file_allocate(fd, hole, RESERVE), "allocate");
	expect_between(file_on_node(fd, 0), PAGE, RESERVE, "bytes on the other");
	hole += RESERVE;
	expect_ok(numa_bind(map + hole, MIB, MPOL_BIND, NODE_0, 0),
		  "mbind to the other");
	assert_int_equal(touch_write(map + hole, 1), 0);
	assert_int_equal(numa_node(map + hole), 0);
	assert_int_equal(vmstat_line("oom_kill"), killed);
}

TEST(a_node_is_full)
{
	__u64 before = settled_memfree();
	int fd = file_create(4 * GIB, SHARED_FILE);

	child_run(fill_a_node, &fd);
	close(fd);
	wait_for_memfree(before - MEMINFO_NOISE);
}

/*
 * Mappings of one page each, made before the cgroup is full: then mbind() takes no
 * charged memory but for the file's policies.
 */
#define POLICIES 24000
/*
 * Bytes of a policy, which has a bit for each node that the kernel is configured
 * for
 */
#define POLICY_MIN 320
#define POLICY_MIN_FEW_NODES 96
#define POLICY_MAX 1024
#define LIMIT MIB

struct many {
	struct cgroup cgroup;
	int fd;
	char *map;
};

static char *map_pages(int fd)
{
	char *map = mmap(NULL, POLICIES * PAGE, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned int i;

	assert_ptr_not_equal(map, MAP_FAILED);
	for (i = 0; i < POLICIES; i++) {
		char *at = map + i * PAGE;

		assert_ptr_equal(mmap(at, PAGE, PROT_READ | PROT_WRITE,
				      MAP_SHARED | MAP_FIXED, fd, i * PAGE),
				 at);
	}
	return map;
}

static int bind_in_turn(char *map, unsigned int i)
{
	return numa_bind(map + i * PAGE, PAGE, MPOL_BIND,
			 i % 2 ? NODE_1 : NODE_0, 0);
}

static void make_many(void *arg)
{
	struct many *many = arg;
	char *map = map_pages(many->fd);
	unsigned int i;

	cgroup_enter(&many->cgroup);
	for (i = 0; i < POLICIES; i++)
		expect_ok(bind_in_turn(map, i), "mbind of page %u", i);
}

TEST(who_makes_them_pays)
{
	struct many many = { .fd = file_create(POLICIES * PAGE, SHARED_FILE) };
	__u64 least = POLICIES * POLICY_MIN;
	unsigned int round;
	__u64 charged;
	char *map;

	if (kernel_is_watched())
		least = POLICIES * POLICY_MIN_FEW_NODES;
	cgroup_make(&many.cgroup, "policies");
	child_run(make_many, &many);
	/* The process is gone: the remaining policies are the file's. */
	charged = cgroup_memory(&many.cgroup);
	expect_between(charged, least, POLICIES * POLICY_MAX, "memory.current");

	/* One policy for the whole file replaces them. */
	map = file_map(many.fd, POLICIES * PAGE);
	expect_ok(numa_bind(map, POLICIES * PAGE, MPOL_BIND, NODE_1, 0),
		  "mbind of all");
	cgroup_wait_below(&many.cgroup, CGROUP_NOISE);
	munmap(map, POLICIES * PAGE);

	/* The end of the file frees all of its policies. */
	for (round = 0; round < 2; round++) {
		child_run(make_many, &many);
		expect_between(cgroup_memory(&many.cgroup), least,
			       POLICIES * POLICY_MAX, "memory.current");
		close(many.fd);
		cgroup_wait_below(&many.cgroup, CGROUP_NOISE);
		many.fd = file_create(POLICIES * PAGE, SHARED_FILE);
	}
	close(many.fd);
	cgroup_remove(&many.cgroup);
}

/* The results in the full cgroup, where no message can be written */
static struct {
	unsigned int done;
	int ret, error;
	int mode_before, mode_failed;
} found;

static void make_too_many(void *arg)
{
	struct many *many = arg;
	unsigned long nodes;
	unsigned int i;
	char *map;
	int root;

	expect_ok(mlockall(MCL_CURRENT), "mlockall");
	map = map_pages(many->fd);
	/* The even pages have a policy already, so that the change of it fails. */
	for (i = 0; i < POLICIES; i += 2)
		expect_ok(numa_bind(map + i * PAGE, PAGE, MPOL_PREFERRED,
				    NODE_1, 0), "mbind");
	root = cgroup_open_root();
	cgroup_enter(&many->cgroup);
	/*
	 * The odd pages have none: the kernel doesn't give a replaced policy back
	 * in here.
	 */
	for (i = 1; i < POLICIES; i += 2) {
		found.ret = bind_in_turn(map, i);
		found.error = errno;
		if (found.ret)
			break;
	}
	found.done = i;
	numa_get(map + i * PAGE, &found.mode_failed, &nodes);
	/* Its neighbour keeps its policy when changing that fails, too. */
	if (!bind_in_turn(map, i - 1))
		found.ret = 1;
	numa_get(map + (i - 1) * PAGE, &found.mode_before, &nodes);
	cgroup_leave(root);

	assert_int_equal(found.ret, -1);
	assert_int_equal(found.error, ENOMEM);
	expect_between(found.done, LIMIT / KIB / 2, POLICIES, "policies made");
	assert_int_equal(found.mode_failed, MPOL_DEFAULT);
	assert_int_equal(found.mode_before, MPOL_PREFERRED);
	assert_int_equal(cgroup_event(&many->cgroup, "oom_kill"), 0);
	expect_ok(bind_in_turn(map, i), "mbind without the limit");
	assert_int_equal(touch_write(map + i * PAGE, 1), 0);
	assert_int_equal(numa_node(map + i * PAGE), i % 2);
}

TEST(over_the_limit)
{
	struct many many = { .fd = file_create(POLICIES * PAGE, SHARED_FILE) };

	cgroup_make(&many.cgroup, "policies");
	cgroup_limit(&many.cgroup, LIMIT);
	child_run(make_too_many, &many);
	close(many.fd);
	cgroup_wait_below(&many.cgroup, CGROUP_NOISE);
	cgroup_remove(&many.cgroup);
}

#define PAGES 64
#define FILE_SIZE (PAGES * PAGE)
#define THREADS 4
#define SECONDS 5

/*
 * The first pages belong to node 1 all the time, though the one policy that they
 * are in grows and shrinks. The other pages change their policy.
 */
#define STEADY 8

struct fire {
	int fd;
	char *map;
};

static void bind_some(struct worker *worker, const struct fire *fire)
{
	static const struct {
		int mode;
		unsigned long nodes;
	} policies[] = {
		{ MPOL_BIND, NODE_1 }, { MPOL_BIND, NODE_1 },
		{ MPOL_BIND, NODE_0 }, { MPOL_INTERLEAVE, BOTH_NODES },
		{ MPOL_PREFERRED_MANY, BOTH_NODES }, { MPOL_LOCAL, 0 },
		{ MPOL_DEFAULT, 0 },
	};
	unsigned int first = STEADY + rand_r(&worker->seed) % (PAGES - STEADY);
	unsigned int count = 1 + rand_r(&worker->seed) % (PAGES - first);
	unsigned int which = rand_r(&worker->seed) % ARRAY_SIZE(policies);
	char *own;

	/*
	 * Half of the calls go through the mapping that all threads use, which is
	 * split.
	 */
	if (rand_r(&worker->seed) % 2) {
		worker_note(worker, "mbind",
			    numa_bind(fire->map + first * PAGE, count * PAGE,
				      policies[which].mode,
				      policies[which].nodes, 0), NULL);
		return;
	}
	own = mmap(NULL, FILE_SIZE, PROT_READ, MAP_SHARED, fire->fd, 0);
	if (own == MAP_FAILED) {
		worker_note(worker, "mmap", -1, NULL);
		return;
	}
	if (rand_r(&worker->seed) % 4)
		worker_note(worker, "mbind of its own",
			    numa_bind(own + first * PAGE, count * PAGE,
				      policies[which].mode,
				      policies[which].nodes, 0), NULL);
	else
		worker_note(worker, "mbind of all",
			    numa_bind(own, FILE_SIZE, MPOL_BIND, NODE_1, 0),
			    NULL);
	munmap(own, FILE_SIZE);
}

/* All of these pages are on node 1, though the other threads bind and punch. */
static void check_steady(struct worker *worker, const struct fire *fire)
{
	unsigned int page = rand_r(&worker->seed) % STEADY;
	void *at = fire->map + page * PAGE;
	unsigned char value;
	int status = -1;

	/*
	 * Another thread's hole may come in between: then the page isn't mapped.
	 */
	if (touch_read(at, &value))
		worker_failed(worker, "touch");
	else if (syscall(SYS_move_pages, 0, 1UL, &at, NULL, &status, 0))
		worker_failed(worker, "move_pages");
	else if (status == 0)
		worker_failed(worker, "a page of node 1 is on node 0");
	else
		worker_note(worker, "steady", 0, NULL);
}

static void ask(struct worker *worker, const struct fire *fire)
{
	char *at = fire->map + rand_r(&worker->seed) % PAGES * PAGE;
	unsigned long nodes;
	int mode, node;

	worker_note(worker, "get_mempolicy", numa_get(at, &mode, &nodes), NULL);
	/* Here the kernel keeps the policy while it faults the page in. */
	worker_note(worker, "get_mempolicy of a node",
		    syscall(SYS_get_mempolicy, &node, NULL, 0UL, at,
			    MPOL_F_NODE | MPOL_F_ADDR), NULL);
}

static void read_maps(struct worker *worker)
{
	char text[4096];
	FILE *maps = fopen("/proc/self/numa_maps", "re");

	worker_note(worker, "open numa_maps", maps ? 0 : -1, NULL);
	if (!maps)
		return;
	while (fread(text, 1, sizeof(text), maps))
		;
	fclose(maps);
}

static void one_call(struct worker *worker)
{
	const struct fire *fire = worker->arg;
	unsigned int first = rand_r(&worker->seed) % PAGES;
	unsigned int count = 1 + rand_r(&worker->seed) % (PAGES - first);

	switch (rand_r(&worker->seed) % 8) {
	case 0:
	case 1:
		bind_some(worker, fire);
		break;
	case 2:
		worker_note(worker, "allocate",
			    file_allocate(fire->fd, first * PAGE,
					  count * PAGE), NULL);
		break;
	case 3:
		worker_note(worker, "punch",
			    file_punch(fire->fd, first * PAGE, count * PAGE),
			    NULL);
		break;
	case 4:
		ask(worker, fire);
		break;
	case 5:
		read_maps(worker);
		break;
	default:
		check_steady(worker, fire);
	}
}

static void run_workers(void *arg)
{
	struct worker workers[THREADS] = { { 0 } };
	unsigned int i;

	for (i = 0; i < THREADS; i++) {
		workers[i].one_call = one_call;
		workers[i].arg = arg;
	}
	workers_run(workers, THREADS, SECONDS);
}

/*
 * Two processes: in a single one, mbind() would keep faults and queries waiting.
 */
TEST(everything_at_once)
{
	struct fire fire = { .fd = file_create(FILE_SIZE, SHARED_FILE) };
	__u64 before = settled_memfree();
	unsigned int i;
	pid_t other;

	fire.map = file_map(fire.fd, FILE_SIZE);
	expect_ok(numa_bind(fire.map, FILE_SIZE, MPOL_BIND, NODE_1, 0),
		  "mbind");
	other = child_start(run_workers, &fire);
	run_workers(&fire);
	child_wait(other);

	expect_ok(file_allocate(fire.fd, 0, FILE_SIZE), "allocate");
	for (i = 0; i < STEADY; i++) {
		expect_reads(fire.map + i * PAGE, 0, "page %u", i);
		assert_int_equal(numa_node(fire.map + i * PAGE), 1);
	}
	munmap(fire.map, FILE_SIZE);
	close(fire.fd);
	wait_for_memfree(before - MEMINFO_NOISE);
}

static int need_nodes(void **state)
{
	(void)state;
	need_two_nodes();
	return 0;
}

TEST_MAIN("policy_load", .setup = need_nodes)
