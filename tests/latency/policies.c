// SPDX-License-Identifier: GPL-2.0-only
/* Files whose policy changes with each page */
#include <sys/mman.h>
#include <unistd.h>

#include "convert.h"
#include "numa.h"
#include "stretch.h"
#include "unit.h"

#define POLICIES 100000
#define SIZE (POLICIES * PAGE)

static int set_policy(int fd, __u64 offset, __u64 size, int mode)
{
	const __u64 nodes = NODE_0;
	struct kvm_private_set_policy policy = {
		.offset = offset, .size = size, .mode = mode,
		.nodemask = (uintptr_t)&nodes,
		.maxnode = mode == MPOL_DEFAULT ? 0 : 64,
	};

	return ioctl(fd, KVM_PRIVATE_SET_POLICY, &policy);
}

static int make_policies(void)
{
	int fd = file_create(SIZE, KVM_PRIVATE_FLAG_MMAP |
				   KVM_PRIVATE_FLAG_INIT_SHARED);

	for (__u64 i = 0; i < POLICIES; i++)
		expect_ok(set_policy(fd, i * PAGE, PAGE, MPOL_BIND),
			  "policy %llu", i);
	return fd;
}

TEST(one_for_all, &stretch)
{
	int fd = make_policies();

	expect_ok(stretch(set_policy(fd, 0, SIZE, MPOL_BIND),
			  "%u policies: one for all", POLICIES), "SET_POLICY");
	close(fd);
}

TEST(none_for_all, &stretch)
{
	int fd = make_policies();

	expect_ok(stretch(set_policy(fd, PAGE, SIZE - PAGE, MPOL_DEFAULT),
			  "%u policies: none for all but one", POLICIES), "SET_POLICY");
	close(fd);
}

TEST(by_mbind, &stretch)
{
	int fd = make_policies();
	char *map = file_map(fd, SIZE);

	expect_ok(stretch(numa_bind(map, SIZE, MPOL_INTERLEAVE, NODE_0, 0),
			  "%u policies: mbind() of all", POLICIES), "mbind");
	munmap(map, SIZE);
	close(fd);
}

TEST(with_the_file, &stretch)
{
	int fd = make_policies();

	/* One policy at the end of many, and pages that look theirs up */
	expect_ok(stretch(set_policy(fd, SIZE - PAGE, PAGE, MPOL_PREFERRED),
			  "%u policies: change one", POLICIES), "SET_POLICY");
	expect_ok(stretch(file_allocate(fd, 0, 64 * MIB), "%u policies: allocate", POLICIES),
		  "allocate");
	expect_ok(stretch(close(fd), "%u policies: the end of the file",
			  POLICIES), "close");
}

TEST_MAIN("latency: policies",
	  .setup = stretch_group_setup, .teardown = stretch_group_teardown)
