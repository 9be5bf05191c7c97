// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files backed by pages of 1 GiB, on a machine of two nodes: the first has one such page
 * to give, the second three. Each test leaves them all to the next one.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "child.h"
#include "convert.h"
#include "huge.h"
#include "meminfo.h"
#include "numa.h"
#include "rights.h"
#include "touch.h"
#include "unit.h"
#include "workers.h"

#define STRICT KVM_PRIVATE_FLAG_HUGE_STRICT
#define SHARED (KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED)

/* Huge pages in a gigantic one, and base pages */
#define BLOCKS (GIGANTIC_PAGE / HUGE_PAGE)
#define PAGES (GIGANTIC_PAGE / PAGE)

/* Two blocks, and a tail of two huge pages and three base pages */
#define FILE_SIZE (2 * GIGANTIC_PAGE + 2 * HUGE_PAGE + 3 * PAGE)

/* In the first block */
#define PUNCHED (5 * HUGE_PAGE + 77 * PAGE)

static __u64 tag(__u64 offset)
{
	return 0xa700000000000000ULL + offset;
}

static __u64 *word(char *map, __u64 offset)
{
	return (__u64 *)(map + offset);
}

static void write_tags(char *map, __u64 start, __u64 end)
{
	for (__u64 offset = start; offset < end; offset += PAGE)
		*word(map, offset) = tag(offset);
}

static void expect_tags(char *map, __u64 start, __u64 end)
{
	for (__u64 offset = start; offset < end; offset += PAGE)
		if (*word(map, offset) != tag(offset))
			fail_msg("at %#llx: %#llx", offset, *word(map, offset));
}

static void expect_zeros(char *map, __u64 start, __u64 end)
{
	for (__u64 offset = start; offset < end; offset += PAGE)
		if (*word(map, offset) || *word(map, offset + PAGE - 8))
			fail_msg("at %#llx: %#llx %#llx", offset,
				 *word(map, offset),
				 *word(map, offset + PAGE - 8));
}

static void needs_a_right(void *arg)
{
	int device = device_open();

	(void)arg;
	drop_ipc_lock();
	expect_error(EPERM, try_create_shift(device, GIB, 0, GIGANTIC_SHIFT),
		     "without CAP_IPC_LOCK");
	/* Wrong arguments are still EINVAL. */
	expect_error(EINVAL, try_create_shift(device, 0, 0, GIGANTIC_SHIFT + 1),
		     "a wrong size");
	close(expect_ok(huge_try_create(device, GIB, 0), "huge pages"));
}

/*
 * A page is on the node that the policy names, or on the other one if that node has none
 * left and the policy allows it. So the test needs the gigantic page of node 0. It is the
 * first test, since the others have base pages all over the memory: where those were, the
 * kernel may take pages of its own.
 */
TEST(policies)
{
	static const struct {
		const char *name;
		int mode;
		unsigned long nodes;
		int first, second;
	} modes[] = {
		{ "bind to 1", MPOL_BIND, NODE_1, 1, 1 },
		{ "prefer 0, which has one", MPOL_PREFERRED, NODE_0, 0, 1 },
		{ "prefer 1 of many", MPOL_PREFERRED_MANY, NODE_1, 1, 1 },
		{ "local, which has one", MPOL_LOCAL, 0, 0, 1 },
		{ "interleave", MPOL_INTERLEAVE, BOTH_NODES, 0, 1 },
		{ "the task's", MPOL_DEFAULT, 0, 1, 1 },
	};
	int fd = gigantic_create(2 * GIGANTIC_PAGE, STRICT | SHARED);
	char *map = file_map(fd, 2 * GIGANTIC_PAGE);

	for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
		__u64 first = (!modes[i].first + !modes[i].second) * GIGANTIC_PAGE;

		expect_ok(numa_set_task(MPOL_BIND, NODE_1), "set_mempolicy");
		expect_ok(numa_bind(map, 2 * GIGANTIC_PAGE, modes[i].mode,
				    modes[i].nodes, 0), "%s", modes[i].name);
		expect_ok(file_allocate(fd, 0, 2 * GIGANTIC_PAGE), "%s",
			  modes[i].name);
		expect_backing_1g(fd, 2, 0, 0, "%s", modes[i].name);
		expect_between(file_on_node(fd, 0), first, first, "%s: node 0",
			       modes[i].name);
		expect_reads(map, 0, "%s", modes[i].name);
		assert_int_equal(numa_node(map), modes[i].first);
		expect_reads(map + GIGANTIC_PAGE, 0, "%s", modes[i].name);
		assert_int_equal(numa_node(map + GIGANTIC_PAGE),
				 modes[i].second);
		/* The next mode needs both pages. */
		gigantic_leave_room();
		expect_ok(file_punch(fd, 0, 2 * GIGANTIC_PAGE), "punch");
	}
	/* A policy that binds to a node allows no page of another one. */
	expect_ok(numa_bind(map, 2 * GIGANTIC_PAGE, MPOL_BIND, NODE_0, 0),
		  "mbind");
	expect_error(ENOMEM, file_allocate(fd, 0, 2 * GIGANTIC_PAGE),
		     "more than the node has");
	assert_int_equal(file_on_node(fd, 1), 0);
	munmap(map, 2 * GIGANTIC_PAGE);
	close(fd);
}

TEST(right)
{
	child_run(needs_a_right, NULL);
}

/* An allocated page brings all of its block with it, wherever in the block it lies. */
TEST(units)
{
	int fd = gigantic_create(FILE_SIZE, STRICT);

	expect_ok(file_allocate(fd, 300 * MIB, PAGE), "a page");
	expect_backing_1g(fd, 1, 0, 0, "a page of the first");
	assert_int_equal(lseek(fd, 0, SEEK_DATA), 0);
	assert_int_equal(lseek(fd, 0, SEEK_HOLE), GIGANTIC_PAGE);
	expect_ok(file_allocate(fd, GIGANTIC_PAGE - PAGE, 2 * PAGE), "a border");
	expect_backing_1g(fd, 2, 0, 0, "two");
	/* Where no gigantic page fits, the next smaller size comes. */
	expect_ok(file_allocate(fd, 2 * GIGANTIC_PAGE + HUGE_PAGE - PAGE, PAGE),
		  "in the tail");
	expect_backing_1g(fd, 2, 1, 0, "a page of the tail");
	expect_ok(file_allocate(fd, 0, FILE_SIZE), "all");
	expect_backing_1g(fd, 2, 2, 3, "all");
	expect_ok(file_punch(fd, GIGANTIC_PAGE, GIGANTIC_PAGE), "the second");
	expect_backing_1g(fd, 1, 2, 3, "the second punched");
	expect_ok(file_punch(fd, 0, FILE_SIZE), "punch");
	expect_backing_1g(fd, 0, 0, 0, "all punched");
	close(fd);
}

TEST(memory_comes_back)
{
	const __u64 before = settled_memfree();

	for (unsigned int round = 0; round < 3; round++) {
		int fd = gigantic_create(FILE_SIZE, STRICT);

		expect_ok(file_allocate(fd, 0, GIGANTIC_PAGE), "round %u", round);
		if (round == 1)
			expect_ok(file_punch(fd, PUNCHED, PAGE), "a hole");
		if (round == 2)
			expect_ok(file_punch(fd, 0, GIGANTIC_PAGE), "all");
		close(fd);
		wait_for_memfree(before - MEMINFO_NOISE);
	}
}

/*
 * The block's pages lie side by side and aligned, and are zeroed whatever was in them
 * before.
 */
TEST(content)
{
	int fd = gigantic_create(GIGANTIC_PAGE, STRICT | SHARED);
	char *map = file_map(fd, GIGANTIC_PAGE);
	__u64 first = pfn_at(map);

	assert_int_equal(first % PAGES, 0);
	for (__u64 i = 1; i < PAGES; i = 3 * i + 1)
		assert_int_equal(pfn_at(map + i * PAGE), first + i);
	for (unsigned int round = 0; round < 2; round++) {
		expect_zeros(map, 0, GIGANTIC_PAGE);
		write_tags(map, 0, GIGANTIC_PAGE);
		expect_backing_1g(fd, 1, 0, 0, "mapped, round %u", round);
		expect_ok(file_punch(fd, 0, GIGANTIC_PAGE), "punch");
		expect_backing_1g(fd, 0, 0, 0, "punched");
	}
	munmap(map, GIGANTIC_PAGE);
	close(fd);
}

/*
 * The block is split into the largest pieces that spare the hole, and no page is copied.
 */
TEST(holes)
{
	int fd = gigantic_create(GIGANTIC_PAGE, STRICT | SHARED);
	char *map = file_map(fd, GIGANTIC_PAGE);
	__u64 first;

	write_tags(map, 0, GIGANTIC_PAGE);
	first = pfn_at(map);
	expect_ok(file_punch(fd, 8 * HUGE_PAGE, HUGE_PAGE), "a huge page");
	expect_backing(fd, BLOCKS - 1, 0, "without a huge page");
	expect_ok(file_punch(fd, PUNCHED, PAGE), "a page");
	expect_backing(fd, BLOCKS - 2, HUGE_PAGES - 1, "without a page");
	assert_int_equal(lseek(fd, 0, SEEK_HOLE), PUNCHED);
	assert_int_equal(lseek(fd, PUNCHED, SEEK_DATA), PUNCHED + PAGE);
	assert_int_equal(pfn_at(map + 9 * HUGE_PAGE), first + 9 * HUGE_PAGES);
	expect_tags(map, 0, PUNCHED);
	expect_tags(map, PUNCHED + PAGE, 8 * HUGE_PAGE);
	expect_tags(map, 9 * HUGE_PAGE, GIGANTIC_PAGE);
	expect_zeros(map, PUNCHED, PUNCHED + PAGE);
	expect_zeros(map, 8 * HUGE_PAGE, 9 * HUGE_PAGE);
	expect_backing(fd, BLOCKS - 1, HUGE_PAGES, "filled up");
	munmap(map, GIGANTIC_PAGE);
	close(fd);
}

/* A punch of any range removes all of that range and no other page. */
TEST(ranges)
{
	static const struct {
		__u64 blocks, start, end, gigantic, huge, small;
	} rows[] = {
		{ 1, 0, PAGE, 0, BLOCKS - 1, HUGE_PAGES - 1 },
		{ 1, PAGE, GIGANTIC_PAGE - PAGE, 0, 0, 2 },
		{ 1, PUNCHED, PUNCHED + HUGE_PAGE, 0, BLOCKS - 2, HUGE_PAGES },
		{ 2, GIGANTIC_PAGE - PAGE, GIGANTIC_PAGE + PAGE, 0,
		  2 * BLOCKS - 2, 2 * HUGE_PAGES - 2 },
		{ 2, HUGE_PAGE, GIGANTIC_PAGE, 1, 1, 0 },
	};
	int fd = gigantic_create(2 * GIGANTIC_PAGE, STRICT);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		expect_ok(file_allocate(fd, 0, rows[i].blocks * GIGANTIC_PAGE),
			  "row %zu", i);
		expect_backing_1g(fd, rows[i].blocks, 0, 0, "row %zu", i);
		expect_ok(file_punch(fd, rows[i].start,
				     rows[i].end - rows[i].start), "row %zu", i);
		expect_backing_1g(fd, rows[i].gigantic, rows[i].huge,
				  rows[i].small, "row %zu, punched", i);
		assert_int_equal(lseek(fd, rows[i].start, SEEK_HOLE),
				 rows[i].start);
		expect_ok(file_punch(fd, 0, 2 * GIGANTIC_PAGE), "row %zu", i);
		expect_backing_1g(fd, 0, 0, 0, "row %zu, all punched", i);
	}
	close(fd);
}

/* Each page has an attribute of its own, and a conversion splits no block. */
TEST(convert)
{
	int fd = gigantic_create(GIGANTIC_PAGE, STRICT | SHARED);
	char *map = file_map(fd, GIGANTIC_PAGE);

	write_tags(map, 0, GIGANTIC_PAGE);
	expect_ok(file_make_private(fd, PUNCHED, PAGE, CONVERT_PRESERVE), "a page");
	expect_sigbus(map + PUNCHED, "a private page");
	expect_tags(map, 0, PUNCHED);
	expect_tags(map, PUNCHED + PAGE, GIGANTIC_PAGE);
	expect_ok(file_make_private(fd, 0, GIGANTIC_PAGE, CONVERT_PRESERVE),
		  "all");
	expect_sigbus(map, "the first page");
	expect_ok(file_make_shared(fd, 0, GIGANTIC_PAGE, CONVERT_PRESERVE),
		  "back");
	expect_tags(map, 0, GIGANTIC_PAGE);
	expect_ok(file_make_shared(fd, PUNCHED, PAGE, CONVERT_ZERO), "with zeros");
	expect_zeros(map, PUNCHED, PUNCHED + PAGE);
	expect_tags(map, PUNCHED + PAGE, PUNCHED + HUGE_PAGE);
	expect_backing_1g(fd, 1, 0, 0, "converted");
	munmap(map, GIGANTIC_PAGE);
	close(fd);
}

/* A collapsed block keeps its content, and its holes become zeros. */
TEST(collapse)
{
	int fd = gigantic_create(FILE_SIZE, SHARED);
	char *map = file_map(fd, FILE_SIZE);

	write_tags(map, 0, GIGANTIC_PAGE);
	expect_ok(file_punch(fd, 8 * HUGE_PAGE, HUGE_PAGE), "a huge page");
	expect_ok(file_punch(fd, PUNCHED, PAGE), "a page");
	collapse_all(fd, FILE_SIZE);
	expect_backing_1g(fd, 1, 0, 0, "collapsed");
	assert_int_equal(pfn_at(map) % PAGES, 0);
	expect_tags(map, 0, PUNCHED);
	expect_zeros(map, PUNCHED, PUNCHED + PAGE);
	expect_tags(map, PUNCHED + PAGE, 8 * HUGE_PAGE);
	expect_zeros(map, 8 * HUGE_PAGE, 9 * HUGE_PAGE);
	expect_tags(map, 9 * HUGE_PAGE, GIGANTIC_PAGE);
	/* A block without pages stays a hole, and a second call finds no work. */
	collapse_all(fd, FILE_SIZE);
	expect_backing_1g(fd, 1, 0, 0, "collapsed again");
	expect_ok(file_punch(fd, 0, FILE_SIZE), "punch");
	expect_backing_1g(fd, 0, 0, 0, "punched");
	munmap(map, FILE_SIZE);
	close(fd);
}

/* A pinned page keeps its block from moving. */
TEST(collapse_pinned)
{
	struct kvm_private_collapse collapse = { .size = GIGANTIC_PAGE };
	int fd = gigantic_create(GIGANTIC_PAGE, SHARED);
	char *map = file_map(fd, GIGANTIC_PAGE);
	struct iovec iov = { .iov_base = map + PUNCHED + PAGE, .iov_len = PAGE };
	int pipe_fds[2];

	write_tags(map, 0, GIGANTIC_PAGE);
	expect_ok(file_punch(fd, PUNCHED, PAGE), "a page");
	expect_ok(pipe(pipe_fds), "pipe");
	assert_int_equal(vmsplice(pipe_fds[1], &iov, 1, 0), PAGE);
	expect_error(EAGAIN, file_collapse(fd, &collapse), "pinned");
	assert_int_equal(collapse.offset, 0);
	assert_int_equal(collapse.size, GIGANTIC_PAGE);
	expect_tags(map, PUNCHED + PAGE, GIGANTIC_PAGE);
	close(pipe_fds[0]);
	close(pipe_fds[1]);
	expect_ok(file_collapse(fd, &collapse), "not pinned any more");
	expect_backing_1g(fd, 1, 0, 0, "collapsed");
	expect_tags(map, PUNCHED + PAGE, GIGANTIC_PAGE);
	munmap(map, GIGANTIC_PAGE);
	close(fd);
}

/*
 * The machine runs out of gigantic pages: a strict allocation gets an error, another one
 * smaller pages. From here on the kernel's own pages may be anywhere.
 */
TEST(none_left)
{
	const __u64 size = 2 * (meminfo_line("MemTotal") / GIB + 1) * GIB;
	const __u64 before = settled_memfree();
	int strict = gigantic_create(size, STRICT);
	int fd = gigantic_create(GIGANTIC_PAGE, 0);
	struct kvm_private_collapse collapse = { .size = GIGANTIC_PAGE };
	__u64 nr = 0;

	while (!file_allocate(strict, nr * GIGANTIC_PAGE, PAGE))
		nr++;
	assert_int_equal(errno, ENOMEM);
	expect_between(nr, 2, size / GIB / 2, "gigantic pages of this machine");
	expect_backing_1g(strict, nr, 0, 0, "all there are");
	/* 7.3 has given all memory that there was. */
	expect_ok(file_punch(strict, (nr - 1) * GIGANTIC_PAGE, 64 * MIB),
		  "make room for smaller pages");
	expect_ok(file_allocate(fd, PUNCHED, PAGE), "when there is none");
	expect_backing(fd, 1, 0, "something smaller");
	expect_error(ENOMEM, file_collapse(fd, &collapse), "when there is none");
	assert_int_equal(file_gigantic(fd), 0);
	expect_ok(file_punch(strict, 0, GIGANTIC_PAGE), "give one back");
	expect_ok(file_collapse(fd, &collapse), "when there is one");
	expect_backing_1g(fd, 1, 0, 0, "collapsed");
	close(fd);
	close(strict);
	wait_for_memfree(before - MEMINFO_NOISE);
}

/* The allocation moves other processes' memory out of the way. */
TEST(makes_room)
{
	const __u64 size = (node_free(1) - GIGANTIC_PAGE / 4) / MIB * MIB;
	int fd = gigantic_create(GIGANTIC_PAGE, STRICT | SHARED);
	char *map = file_map(fd, GIGANTIC_PAGE);
	char *others = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(others, MAP_FAILED);
	expect_ok(numa_bind(others, size, MPOL_BIND, NODE_1, 0), "mbind");
	expect_ok(numa_bind(map, GIGANTIC_PAGE, MPOL_BIND, NODE_1, 0), "mbind");
	write_tags(others, 0, size);
	/* Every 64th page stays, all over the node. */
	for (__u64 offset = 0; offset < size; offset += 64 * PAGE)
		assert_int_equal(madvise(others + offset + PAGE, 63 * PAGE,
					 MADV_DONTNEED), 0);
	expect_ok(file_allocate(fd, 0, PAGE), "allocate");
	expect_backing_1g(fd, 1, 0, 0, "allocated");
	for (__u64 offset = 0; offset < size; offset += 64 * PAGE)
		if (*word(others, offset) != tag(offset))
			fail_msg("at %#llx: %#llx", offset, *word(others, offset));
	munmap(others, size);
	munmap(map, GIGANTIC_PAGE);
	close(fd);
}

static bool is_fine(int error)
{
	return error == ENOMEM;
}

static void allocate_or_punch(struct worker *w)
{
	const int fd = *(const int *)w->arg;
	__u64 offset = rand_r(&w->seed) % PAGES * PAGE;

	switch (rand_r(&w->seed) % 16) {
	case 0:
		worker_note(w, "punch all",
			    file_punch(fd, 0, GIGANTIC_PAGE), NULL);
		break;
	case 1: {
		struct kvm_private_collapse collapse = { .size = GIGANTIC_PAGE };

		worker_note(w, "collapse", file_collapse(fd, &collapse),
			    is_fine);
		break;
	}
	case 2 ... 5:
		worker_note(w, "punch", file_punch(fd, offset, PAGE), NULL);
		break;
	default:
		worker_note(w, "allocate", file_allocate(fd, offset, PAGE),
			    is_fine);
	}
}

TEST(races)
{
	const __u64 before = settled_memfree();
	int fd = gigantic_create(GIGANTIC_PAGE, 0);
	struct worker workers[3];

	for (size_t i = 0; i < ARRAY_SIZE(workers); i++)
		workers[i] = (struct worker){
			.one_call = allocate_or_punch, .arg = &fd, .seed = i,
		};
	workers_run(workers, ARRAY_SIZE(workers), 8);
	close(fd);
	wait_for_memfree(before - MEMINFO_NOISE);
}

static int setup(void **state)
{
	return gigantic_group_setup(state) ?: numa_group_setup(state);
}

TEST_MAIN("gigantic", .setup = setup)
