// SPDX-License-Identifier: GPL-2.0-only
/* KVM_PRIVATE_GET_INFO and the device node itself. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "child.h"
#include "device.h"
#include "unit.h"

#define CANARY 0xa5

static int device;

TEST(tells_what_it_can)
{
	struct kvm_private_info info;
	unsigned int i;

	memset(&info, CANARY, sizeof(info));
	info.size = sizeof(info);
	expect_ok(ioctl(device, KVM_PRIVATE_GET_INFO, &info), "GET_INFO");
	assert_int_equal(info.size, sizeof(info));
	assert_int_equal(info.api_version, KVM_PRIVATE_API_VERSION);
	assert_int_equal(info.create_flags, KVM_PRIVATE_FLAG_MMAP |
			 KVM_PRIVATE_FLAG_INIT_SHARED |
			 KVM_PRIVATE_FLAG_NO_AUTO_ALLOC |
			 KVM_PRIVATE_FLAG_HUGE_STRICT);
	/*
	 * The largest size needs functions that some kernels don't export to
	 * modules.
	 */
	assert_int_equal(info.page_sizes & ~GIB, PAGE | 2 * MIB);
	assert_int_equal(info.attributes, KVM_MEMORY_ATTRIBUTE_PRIVATE);
	assert_int_equal(info.attribute_flags,
			 KVM_SET_MEMORY_ATTRIBUTES2_ZERO |
			 KVM_SET_MEMORY_ATTRIBUTES2_PRESERVE);
	for (i = 0; i < ARRAY_SIZE(info.reserved); i++)
		assert_int_equal(info.reserved[i], 0);
}

/* Programs are compiled against these numbers, and against upstream's. */
TEST(numbers_are_fixed)
{
	assert_int_equal(KVM_PRIVATE_FLAG_MMAP, 1);
	assert_int_equal(KVM_PRIVATE_FLAG_INIT_SHARED, 2);
	assert_int_equal(KVM_PRIVATE_FLAG_NO_AUTO_ALLOC, 1ULL << 32);
	assert_int_equal(KVM_PRIVATE_FLAG_HUGE_STRICT, 1ULL << 33);
	assert_int_equal(sizeof(struct kvm_private_collapse), 64);
	assert_int_equal(KVM_MEMORY_ATTRIBUTE_PRIVATE, 8);
	assert_int_equal(KVM_SET_MEMORY_ATTRIBUTES2, 0xc080aed2);
	assert_int_equal(sizeof(struct kvm_memory_attributes2), 128);
	assert_int_equal(offsetof(struct kvm_memory_attributes2, error_offset),
			 32);
}

TEST(device_has_no_content)
{
	char byte = 0;
	struct iovec vec = { &byte, 1 };
	static const int refused[] = { EINVAL, ESPIPE, 0 };

	expect_error(EINVAL, read(device, &byte, 1), "read");
	expect_error(EINVAL, write(device, &byte, 1), "write");
	expect_error_of(refused, preadv(device, &vec, 1, 0), "preadv");
	expect_error_of(refused, pwritev(device, &vec, 1, 0), "pwritev");
	assert_ptr_equal(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, device, 0),
			 MAP_FAILED);
	assert_int_equal(errno, ENODEV);
	expect_error(ENODEV, fallocate(device, 0, 0, PAGE), "fallocate");
}

static void open_as_nobody(void *arg)
{
	(void)arg;
	expect_ok(setuid(65534), "setuid");
	expect_error(EACCES, open(KVM_PRIVATE_DEVICE, O_RDWR), "open");
}

TEST(node_is_roots)
{
	struct stat st;

	expect_ok(fstat(device, &st), "fstat");
	assert_true(S_ISCHR(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_uid, 0);
	child_run(open_as_nobody, NULL);
}

static int setup(void **state)
{
	(void)state;
	device = device_open();
	return 0;
}

TEST_MAIN("info", .setup = setup)
