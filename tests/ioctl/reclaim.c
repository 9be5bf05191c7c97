// SPDX-License-Identifier: GPL-2.0-only
/* All memory comes back after many rounds of each call. */
#include <unistd.h>

#include "child.h"
#include "device.h"
#include "file_table.h"
#include "meminfo.h"
#include "unit.h"

#define ROUNDS 10000

/*
 * The kernel doesn't give slabs back page by page as objects are freed: those
 * of the busiest moment stay for a while. A leak of one object of 64 bytes a
 * round is more than half a MiB, of one inode a round more than six.
 */
#define SLAB_NOISE (ROUNDS * 64)

static int device;
static __u64 free_before;
static __u64 slab_before;

static void nothing_lost(void)
{
	wait_for_memfree(free_before - MEMINFO_NOISE);
	wait_for_meminfo_below("Slab", slab_before + SLAB_NOISE);
}

static int measure(void **state)
{
	unsigned int i;

	(void)state;
	device = device_open();
	/* The first rounds fill caches that are meant to stay. */
	for (i = 0; i < 200; i++) {
		int fd = file_create_on(device, GIB, 0);

		file_allocate(fd, 0, MIB);
		close(fd);
	}
	free_before = settled_memfree();
	slab_before = meminfo_line("Slab");
	return 0;
}

static int close_device(void **state)
{
	(void)state;
	file_table_restore();
	return close(device);
}

static const struct fixture measured = { .setup = measure, .teardown = close_device };

TEST(create_allocate_close, &measured)
{
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		int fd = file_create_on(device, GIB, 0);

		expect_ok(file_allocate(fd, i * PAGE, 16 * PAGE), "round %u", i);
		close(fd);
	}
	nothing_lost();
}

TEST(allocate_and_punch, &measured)
{
	int fd = file_create_on(device, LARGEST_FILE, 0);
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		/* Far apart: each has its own nodes of the index. */
		__u64 offset = (__u64)i << 34;

		expect_ok(file_allocate(fd, offset, PAGE), "round %u", i);
		expect_ok(file_punch(fd, offset, PAGE), "round %u", i);
	}
	nothing_lost();
	close(fd);
}

TEST(spread_widely, &measured)
{
	int fd = file_create_on(device, LARGEST_FILE, 0);
	unsigned int i;

	for (i = 0; i < ROUNDS; i++)
		expect_ok(file_allocate(fd, (__u64)i << 34, PAGE),
			  "page %u", i);
	assert_int_equal(file_allocated(fd), ROUNDS * PAGE);
	expect_ok(file_punch(fd, 0, LARGEST_FILE), "punch everything");
	assert_int_equal(file_allocated(fd), 0);
	/*
	 * The pages go while the file is still there, and so do the nodes of
	 * the index.
	 */
	nothing_lost();
	close(fd);
}

TEST(calls_that_fail, &measured)
{
	int fd = file_create_on(device, GIB, 0);
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		struct kvm_private_populate populate = {
			.offset = i * PAGE, .size = PAGE, .source = 8,
		};

		expect_error(EFAULT, file_populate(fd, &populate),
			     "round %u", i);
		expect_ok(file_punch(fd, 0, GIB), "round %u", i);
		expect_error(EINVAL, file_try_create(device, PAGE, 1ULL << 63),
			     "round %u", i);
	}
	nothing_lost();
	close(fd);
}

TEST(creates_that_fail, &measured)
{
	struct file_table_attempt attempt = {
		.device = device, .times = ROUNDS,
	};

	file_table_full();
	child_run(file_table_attempt, &attempt);
	file_table_restore();
	nothing_lost();
}

TEST(sparse_files_cost_nothing, &measured)
{
	int fds[64];
	__u64 before;
	unsigned int i;

	before = settled_memfree();
	for (i = 0; i < ARRAY_SIZE(fds); i++)
		fds[i] = file_create_on(device, LARGEST_FILE, 0);
	/* One byte for each page of a file would take 64 GiB. */
	wait_for_memfree(before - MEMINFO_NOISE);
	for (i = 0; i < ARRAY_SIZE(fds); i++) {
		assert_int_equal(file_allocated(fds[i]), 0);
		close(fds[i]);
	}
}

TEST(large_rounds, &measured)
{
	const __u64 size = 256 * MIB;
	unsigned int i;

	for (i = 0; i < 16; i++) {
		int fd = file_create_on(device, LARGEST_FILE, 0);

		expect_ok(file_allocate(fd, 5 * GIB, size), "round %u", i);
		close(fd);
		/* All rounds together allocate more than the machine has. */
		wait_for_memfree(free_before - MEMINFO_NOISE);
	}
}

TEST_MAIN("reclaim")
