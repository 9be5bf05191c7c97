// SPDX-License-Identifier: GPL-2.0-only
/*
 * Huge pages at a limit: RLIMIT_MEMLOCK, a memory cgroup, memory in pieces. A
 * file makes do with base pages, unless it is strict. Every page counts once,
 * whatever became of its block.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cgroup.h"
#include "child.h"
#include "convert.h"
#include "huge.h"
#include "meminfo.h"
#include "rights.h"
#include "touch.h"
#include "unit.h"

#define STRICT KVM_PRIVATE_FLAG_HUGE_STRICT

/* Three blocks and some base pages */
#define EXTRA 7
#define LIMIT (3 * HUGE_PAGE + EXTRA * PAGE)
#define FILE_SIZE (16 * HUGE_PAGE + 20 * PAGE)
#define TAIL (16 * HUGE_PAGE)

static int device;
static unsigned int next_uid = 5000;

static int create_limited(__u64 limit, __u64 flags)
{
	limit_locked_memory(limit);
	become_user(next_uid);
	return huge_create_on(device, FILE_SIZE, flags);
}

static void expect_full(int fd, __u64 offset, const char *what)
{
	__u64 before = file_allocated(fd);

	expect_error(ENOMEM, file_allocate(fd, offset, PAGE), "%s", what);
	assert_int_equal(file_allocated(fd), before);
}

/* A test whose body runs as a child and as a new user */
#define USER_TEST(name)							\
	static void in_child_##name(void *unused);			\
	TEST(name)							\
	{								\
		next_uid++;						\
		child_run(in_child_##name, NULL);			\
	}								\
	static void in_child_##name(__attribute__((unused)) void *unused)

USER_TEST(fills_up_to_the_limit)
{
	int fd = create_limited(LIMIT, 0);

	expect_error(ENOMEM, file_allocate(fd, 0, FILE_SIZE), "too much");
	expect_backing(fd, 3, EXTRA, "to the limit");
	assert_int_equal(lseek(fd, 0, SEEK_HOLE), LIMIT);
	expect_full(fd, 10 * HUGE_PAGE, "a block elsewhere");
	expect_full(fd, TAIL, "the tail");
	expect_ok(file_allocate(fd, 0, LIMIT), "what is there");

	/* Each base page of a huge one counts as a page. */
	expect_ok(file_punch(fd, HUGE_PAGE, PAGE), "punch");
	expect_ok(file_allocate(fd, 10 * HUGE_PAGE + PAGE, PAGE), "elsewhere");
	expect_backing(fd, 2, 511 + EXTRA + 1, "one page moved");
	expect_full(fd, 11 * HUGE_PAGE, "once more");
	expect_full(fd, HUGE_PAGE, "in its old place");

	/* The 511 pages that are left of the block, and one more */
	expect_ok(file_punch(fd, HUGE_PAGE, HUGE_PAGE), "the rest of it");
	expect_ok(file_punch(fd, 10 * HUGE_PAGE, HUGE_PAGE), "the other one");
	expect_ok(file_allocate(fd, 12 * HUGE_PAGE + MIB, PAGE), "a block");
	expect_backing(fd, 3, EXTRA, "a block again");
	expect_full(fd, 11 * HUGE_PAGE, "once more");

	/* The whole charge has come back. */
	expect_ok(file_punch(fd, 0, FILE_SIZE), "punch all");
	expect_ok(file_allocate(fd, 4 * HUGE_PAGE, 3 * HUGE_PAGE), "three");
	expect_ok(file_allocate(fd, TAIL, EXTRA * PAGE), "in the tail");
	expect_backing(fd, 3, EXTRA, "once more");
	expect_full(fd, 0, "a block");
	close(fd);
	fd = huge_create_on(device, FILE_SIZE, 0);
	expect_error(ENOMEM, file_allocate(fd, 0, FILE_SIZE), "too much");
	expect_backing(fd, 3, EXTRA, "in a new file");
}

USER_TEST(less_than_a_block)
{
	int fd = create_limited(HUGE_PAGE - PAGE, 0);

	expect_ok(file_allocate(fd, HUGE_PAGE + 5 * PAGE, PAGE), "one page");
	expect_backing(fd, 0, 1, "one page");
	expect_error(ENOMEM, file_allocate(fd, 0, FILE_SIZE), "all");
	expect_backing(fd, 0, 511, "all");
	assert_int_equal(lseek(fd, 0, SEEK_HOLE), 510 * PAGE);
}

USER_TEST(strict_stops_at_a_block)
{
	int fd = create_limited(LIMIT, STRICT);

	expect_error(ENOMEM, file_allocate(fd, 0, FILE_SIZE), "too much");
	expect_backing(fd, 3, 0, "whole blocks");
	expect_full(fd, 10 * HUGE_PAGE, "a block elsewhere");
	/*
	 * Where no huge page fits, base pages aren't second best: a strict file
	 * has them in its tail.
	 */
	expect_ok(file_allocate(fd, TAIL, 2 * PAGE), "the tail");
	expect_backing(fd, 3, 2, "with the tail");
	expect_ok(file_punch(fd, 7 * PAGE, PAGE), "punch");
	expect_full(fd, 10 * HUGE_PAGE, "a block elsewhere");
	expect_ok(file_allocate(fd, 0, HUGE_PAGE), "fill up");
	expect_backing(fd, 2, 512 + 2, "filled up");
	expect_ok(file_allocate(fd, TAIL, EXTRA * PAGE), "the tail");
	expect_full(fd, TAIL + EXTRA * PAGE, "at the limit");
	expect_ok(file_punch(fd, HUGE_PAGE, PAGE), "punch");
	expect_ok(file_allocate(fd, TAIL + EXTRA * PAGE, PAGE), "the tail");
	expect_full(fd, HUGE_PAGE, "the hole in a block");
	expect_backing(fd, 1, 512 + 511 + EXTRA + 1, "at the limit");
}

static void populate_at_the_limit(void *arg)
{
	char *source = mmap(NULL, 4 * HUGE_PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct kvm_private_populate populate = {
		.size = 4 * HUGE_PAGE, .source = (uintptr_t)source,
	};
	int fd = create_limited(LIMIT, *(__u64 *)arg);
	__u64 done = *(__u64 *)arg & STRICT ? 3 * HUGE_PAGE : LIMIT;

	assert_ptr_not_equal(source, MAP_FAILED);
	expect_error(ENOMEM, file_populate(fd, &populate), "populate");
	assert_int_equal(populate.offset, done);
	assert_int_equal(populate.size, 4 * HUGE_PAGE - done);
	assert_int_equal(populate.source, (uintptr_t)source + done);
	assert_int_equal(file_allocated(fd), done);
	/*
	 * A populate from a bad source leaves only the charge of the pages that
	 * it allocated.
	 */
	expect_ok(file_punch(fd, 0, FILE_SIZE), "punch");
	populate = (struct kvm_private_populate){
		.size = HUGE_PAGE, .source = 8,
	};
	expect_error(EFAULT, file_populate(fd, &populate), "bad source");
	expect_ok(file_punch(fd, 0, FILE_SIZE), "punch");
	expect_ok(file_allocate(fd, 0, 3 * HUGE_PAGE), "all of the limit");
	expect_backing(fd, 3, 0, "all of the limit");
}

/* A touch of a mapping meets the limit as SIGBUS. */
static void touch_at_the_limit(void *arg)
{
	const __u64 shared = KVM_PRIVATE_FLAG_MMAP |
			     KVM_PRIVATE_FLAG_INIT_SHARED;
	int fd = create_limited(LIMIT, shared | *(__u64 *)arg);
	bool strict = *(__u64 *)arg & STRICT;
	char *map = file_map(fd, FILE_SIZE);
	__u64 at;

	for (at = 0; at < 3 * HUGE_PAGE; at += HUGE_PAGE)
		expect_reads(map + at + MIB, 0, "block at %#llx", at);
	if (strict) {
		expect_sigbus(map + at, "one block more");
		expect_reads(map + TAIL, 0, "the tail");
		expect_backing(fd, 3, 1, "touched");
	} else {
		for (; at < LIMIT; at += PAGE)
			expect_reads(map + at, 0, "page at %#llx", at);
		expect_sigbus(map + at, "one page more");
		expect_backing(fd, 3, EXTRA, "touched");
	}
}

static void in_both_ways(void (*body)(void *arg))
{
	__u64 flags[] = { 0, STRICT };

	for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++) {
		next_uid++;
		child_run(body, &flags[i]);
	}
}

TEST(populating)
{
	in_both_ways(populate_at_the_limit);
}

TEST(touching)
{
	in_both_ways(touch_at_the_limit);
}

/*
 * While it is made, a new huge page is charged beside the pages that it replaces.
 */
USER_TEST(collapse_at_the_limit)
{
	struct kvm_private_collapse collapse = { .size = HUGE_PAGE };
	int fd = create_limited(HUGE_PAGE, 0);
	int ret;

	expect_ok(file_allocate(fd, 0, PAGE), "allocate");
	expect_ok(file_punch(fd, 5 * PAGE, PAGE), "punch");
	ret = file_collapse(fd, &collapse);
	if (ret) {
		assert_int_equal(errno, ENOMEM);
		assert_int_equal(collapse.offset, 0);
		assert_int_equal(collapse.size, HUGE_PAGE);
		assert_int_equal(file_huge(fd), 0);
		expect_ok(file_allocate(fd, 5 * PAGE, PAGE), "fill up");
		expect_backing(fd, 0, 512, "filled up");
	} else {
		expect_backing(fd, 1, 0, "collapsed");
	}
	expect_full(fd, HUGE_PAGE, "another block");
	expect_ok(file_punch(fd, 0, PAGE), "punch");
	expect_ok(file_allocate(fd, HUGE_PAGE, PAGE), "another block");
	expect_full(fd, 0, "the hole");
}

static struct cgroup cgroup;

#define CGROUP_LIMIT (32 * MIB)
#define BIG_FILE (64 * MIB)

struct full {
	int fd;
	int ret;
	int error;
};

/* The child must not need a page of its own while its cgroup is full. */
static void allocate_in_the_cgroup(void *arg)
{
	struct full *full = arg;
	int root = cgroup_open_root();

	expect_ok(mlockall(MCL_CURRENT), "mlockall");
	cgroup_enter(&cgroup);
	full->ret = file_allocate(full->fd, 0, BIG_FILE);
	full->error = errno;
	cgroup_leave(root);
	assert_int_equal(full->ret, -1);
	assert_int_equal(full->error, ENOMEM);
	assert_int_equal(cgroup_event(&cgroup, "oom_kill"), 0);
}

static void fill_a_cgroup(__u64 flags)
{
	struct full full = { .fd = huge_create(BIG_FILE, flags) };

	cgroup_limit(&cgroup, CGROUP_LIMIT);
	child_run(allocate_in_the_cgroup, &full);
	expect_between(file_huge(full.fd), CGROUP_LIMIT / 2, CGROUP_LIMIT,
		       "bytes in huge pages");
	if (flags & STRICT)
		assert_int_equal(file_small(full.fd), 0);
	else
		expect_between(file_allocated(full.fd),
			       CGROUP_LIMIT - 4 * CGROUP_NOISE, CGROUP_LIMIT,
			       "bytes up to the limit");
	for (__u64 at = 0; at < CGROUP_LIMIT / 2; at += HUGE_PAGE)
		expect_ok(file_punch(full.fd, at + 3 * PAGE, PAGE), "split");
	close(full.fd);
	cgroup_wait_below(&cgroup, CGROUP_NOISE);
}

static int make_cgroup(void **state)
{
	(void)state;
	cgroup_make(&cgroup, "huge");
	return 0;
}

static int remove_cgroup(void **state)
{
	(void)state;
	cgroup_remove(&cgroup);
	return 0;
}

static const struct fixture in_cgroup = { .setup = make_cgroup, .teardown = remove_cgroup };

TEST(limit_of_a_cgroup, &in_cgroup)
{
	fill_a_cgroup(0);
	fill_a_cgroup(STRICT);
}

static void allocate_half(void *arg)
{
	cgroup_enter(&cgroup);
	expect_ok(file_allocate(*(int *)arg, 0, BIG_FILE / 2), "allocate");
}

/*
 * The pages of a split block stay charged to the block's cgroup. The test looks
 * at the charge with all of them there and with half of each.
 */
TEST(charge_of_split_pages, &in_cgroup)
{
	__u64 before = cgroup_memory(&cgroup);
	int fd = huge_create(BIG_FILE, 0);
	__u64 at;

	child_run(allocate_half, &fd);
	expect_backing(fd, BIG_FILE / 2 / HUGE_PAGE, 0, "allocated");
	expect_between(cgroup_memory(&cgroup), before + BIG_FILE / 2,
		       before + BIG_FILE / 2 + CGROUP_NOISE, "memory.current");
	for (at = 0; at < BIG_FILE / 2; at += HUGE_PAGE)
		expect_ok(file_punch(fd, at + MIB / 2, MIB), "punch half");
	cgroup_wait_below(&cgroup, before + BIG_FILE / 4 + CGROUP_NOISE);
	expect_between(cgroup_memory(&cgroup), BIG_FILE / 4,
		       before + BIG_FILE / 4 + CGROUP_NOISE, "memory.current");
	/* The pages that take their places are charged to the parent's cgroup. */
	expect_ok(file_allocate(fd, 0, BIG_FILE / 2), "fill up");
	cgroup_wait_below(&cgroup, before + BIG_FILE / 4 + CGROUP_NOISE);
	close(fd);
	cgroup_wait_below(&cgroup, CGROUP_NOISE);
}

/* A charge too many or too few in each round would add up. */
TEST(no_charge_is_lost, &in_cgroup)
{
	int fd = huge_create(BIG_FILE, 0);
	__u64 first = 0;
	unsigned int round;
	__u64 at;

	for (round = 0; round < 20; round++) {
		child_run(allocate_half, &fd);
		if (!first)
			first = cgroup_memory(&cgroup);
		expect_between(cgroup_memory(&cgroup), first - CGROUP_NOISE,
			       first + CGROUP_NOISE, "round %u", round);
		for (at = 0; at < BIG_FILE / 2; at += HUGE_PAGE)
			expect_ok(file_punch(fd, at + at / HUGE_PAGE * PAGE,
					     (1 + round * 20) * PAGE), "split");
		expect_ok(file_punch(fd, 0, BIG_FILE), "punch");
		cgroup_wait_below(&cgroup, CGROUP_NOISE);
	}
	close(fd);
}

/*
 * Half of this is far more than the kernel keeps back for itself. That is some
 * 160 MiB, and only after earlier shortages have boosted the zones' watermarks.
 */
#define PIECES (512 * MIB)
#define ROOM (2 * HUGE_PAGE)

/*
 * Memory in pieces: a file of base pages takes its share first, then one of huge
 * pages takes all that it can get. Only every other page of the first file is
 * free then.
 */
TEST(memory_in_pieces)
{
	int base = file_create(PIECES, 0);
	int greedy = huge_create(LARGEST_FILE, STRICT);
	int modest = huge_create(PIECES, 0);
	const __u64 wanted = PIECES / 16;
	__u64 killed = vmstat_line("oom_kill");
	__u64 before, pieces, at;

	/* Freed pages go back where the next allocation finds them. */
	before = settled_memfree();
	expect_ok(file_allocate(base, 0, PIECES), "base pages");
	expect_error(ENOMEM, file_allocate(greedy, 0, LARGEST_FILE), "the rest");
	assert_int_equal(file_small(greedy), 0);
	assert_int_not_equal(file_huge(greedy), 0);
	/*
	 * The punch takes batches of pages to pieces, for which it needs some
	 * memory.
	 */
	expect_ok(file_punch(base, 0, ROOM), "room");
	for (at = ROOM; at < PIECES; at += 2 * PAGE)
		expect_ok(file_punch(base, at, PAGE), "every other page");

	/* The kernel may have kept huge pages back until more memory was free. */
	expect_error(ENOMEM, file_allocate(greedy, LARGEST_FILE / 2,
					   LARGEST_FILE / 2), "strict");
	assert_int_equal(file_small(greedy), 0);
	expect_ok(file_allocate(modest, 0, wanted), "in pieces");
	assert_int_equal(file_allocated(modest), wanted);
	pieces = file_small(modest);
	expect_between(pieces, wanted / 2, wanted, "bytes in base pages");
	/* There is room again, and the base pages stay base pages. */
	close(greedy);
	expect_ok(file_allocate(modest, 0, PIECES), "with enough memory");
	expect_backing(modest, (PIECES - pieces) / HUGE_PAGE, pieces / PAGE,
		       "with enough memory");
	assert_int_equal(vmstat_line("oom_kill"), killed);
	close(modest);
	close(base);
	wait_for_memfree(before - MEMINFO_NOISE);
}

static int setup(void **state)
{
	(void)state;
	device = device_open();
	return 0;
}

TEST_MAIN("huge_limits", .setup = setup)
