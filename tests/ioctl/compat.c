// SPDX-License-Identifier: GPL-2.0-only
/*
 * The same ioctls through the kernel's entry for 32-bit programs: numbers that such a program
 * needs two words for. arguments.c tries wrong arguments.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "convert.h"
#include "ioctl32.h"
#include "memory.h"
#include "unit.h"

static char *low;

static int map_low(void **state)
{
	(void)state;
	low = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
	return low == MAP_FAILED ? -1 : 0;
}

static int unmap_low(void **state)
{
	(void)state;
	return munmap(low, 4 * PAGE);
}

static const struct fixture low_memory = { .setup = map_low, .teardown = unmap_low };

TEST(tells_the_same, &low_memory)
{
	struct kvm_private_info wide = { .size = sizeof(wide) };
	struct kvm_private_info *info = (void *)low;
	int device = device_open();

	expect_ok(ioctl(device, KVM_PRIVATE_GET_INFO, &wide), "GET_INFO");
	info->size = sizeof(*info);
	expect_ok(ioctl32(device, KVM_PRIVATE_GET_INFO, info), "32-bit GET_INFO");
	assert_memory_equal(info, &wide, sizeof(wide));
	close(device);
}

TEST(creates_and_populates, &low_memory)
{
	struct kvm_private_create *create = (void *)low;
	struct kvm_private_populate *populate = (void *)low;
	int device = device_open();
	int fd;

	create->size = 8 * GIB;
	create->flags = KVM_PRIVATE_FLAG_NO_AUTO_ALLOC;
	fd = expect_ok(ioctl32(device, KVM_PRIVATE_CREATE, create),
		       "32-bit CREATE");
	memset(low, 0, PAGE);
	populate->offset = 6 * GIB;
	populate->size = 2 * PAGE;
	populate->source = (uintptr_t)low + PAGE;
	expect_ok(ioctl32(fd, KVM_PRIVATE_POPULATE, populate),
		  "32-bit POPULATE");
	assert_int_equal(populate->offset, 6 * GIB + 2 * PAGE);
	assert_int_equal(populate->size, 0);
	assert_int_equal(populate->source, (uintptr_t)low + 3 * PAGE);
	assert_int_equal(file_allocated(fd), 2 * PAGE);
	assert_int_equal(lseek(fd, 0, SEEK_DATA), 6 * GIB);
	close(fd);
	close(device);
}

TEST(converts, &low_memory)
{
	struct kvm_memory_attributes2 *attributes = (void *)low;
	int fd = file_create(8 * GIB, 0);

	attributes->offset = 5 * GIB;
	attributes->size = 2 * PAGE;
	attributes->error_offset = 1;
	expect_ok(ioctl32(fd, KVM_SET_MEMORY_ATTRIBUTES2, attributes),
		  "32-bit KVM_SET_MEMORY_ATTRIBUTES2");
	assert_int_equal(attributes->error_offset, 1);
	assert_int_equal(file_shared(fd), 2 * PAGE);

	attributes->attributes = KVM_MEMORY_ATTRIBUTE_PRIVATE;
	attributes->flags = CONVERT_ZERO;
	expect_error(EOPNOTSUPP,
		     ioctl32(fd, KVM_SET_MEMORY_ATTRIBUTES2, attributes),
		     "zeros for private pages");
	assert_int_equal(attributes->error_offset, 5 * GIB);
	assert_int_equal(file_shared(fd), 2 * PAGE);
	close(fd);
}

int main(void)
{
	if (!kernel_takes_32_bit_calls()) {
		print_message("1..0 # SKIP the kernel takes no 32-bit system calls\n");
		return 0;
	}
	return tests_run("compat", NULL);
}
