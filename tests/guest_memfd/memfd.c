// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#include "memfd.h"

static int open_kvm(void)
{
	return expect_ok(open("/dev/kvm", O_RDWR | O_CLOEXEC), "/dev/kvm");
}

int memfd_vm(unsigned long type)
{
	int kvm = open_kvm();
	int vm = expect_ok(ioctl(kvm, KVM_CREATE_VM, type), "VM of type %lu", type);

	close(kvm);
	return vm;
}

int memfd_try(int vm, __u64 size, __u64 flags)
{
	struct kvm_create_guest_memfd create = { .size = size, .flags = flags };

	return ioctl(vm, KVM_CREATE_GUEST_MEMFD, &create);
}

int memfd_create_for(int vm, __u64 size, __u64 flags)
{
	return expect_ok(memfd_try(vm, size, flags), "file of %#llx, flags %#llx",
			 size, flags);
}

int region_try(int vm, const struct kvm_userspace_memory_region2 *region)
{
	return ioctl(vm, KVM_SET_USER_MEMORY_REGION2, region);
}

void expect_region(int error, int vm, struct kvm_userspace_memory_region2 region,
		   const char *what)
{
	expect_result(error, region_try(vm, &region), "%s", what);
}

int region_delete(int vm, __u32 slot)
{
	struct kvm_userspace_memory_region2 region = { .slot = slot };

	return region_try(vm, &region);
}

int attributes_try(int vm, __u64 address, __u64 size, __u64 attributes)
{
	struct kvm_memory_attributes set = {
		.address = address, .size = size, .attributes = attributes,
	};

	return ioctl(vm, KVM_SET_MEMORY_ATTRIBUTES, &set);
}

long system_cap(long cap)
{
	int kvm = open_kvm();
	long ret = ioctl(kvm, KVM_CHECK_EXTENSION, cap);

	close(kvm);
	return ret;
}

long vm_cap(int vm, long cap)
{
	return ioctl(vm, KVM_CHECK_EXTENSION, cap);
}

bool has_vm_type(unsigned long type)
{
	if (system_cap(KVM_CAP_VM_TYPES) & 1L << type)
		return true;
	print_message("# this KVM has no VMs of type %lu: nothing to test\n", type);
	return false;
}

char *memfd_map(int file, __u64 size)
{
	char *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);

	assert_ptr_not_equal(map, MAP_FAILED);
	return map;
}

static int setup(void **state, __u64 flags)
{
	struct pair *pair = malloc(sizeof(*pair));

	if (!pair)
		return -1;
	pair->vm = memfd_vm(ORDINARY);
	pair->file = memfd_create_for(pair->vm, FILE_SIZE, flags);
	*state = pair;
	return 0;
}

static int pair_setup(void **state)
{
	return setup(state, 0);
}

static int pair_setup_mmap(void **state)
{
	return setup(state, MMAP);
}

static int pair_setup_shared(void **state)
{
	return setup(state, SHARED);
}

static int pair_teardown(void **state)
{
	struct pair *pair = *state;

	close(pair->vm);
	close(pair->file);
	free(pair);
	return 0;
}

const struct fixture pair = { .setup = pair_setup, .teardown = pair_teardown };
const struct fixture pair_mmap = {
	.name = "mappable", .setup = pair_setup_mmap, .teardown = pair_teardown,
};

const struct fixture pair_shared = {
	.name = "shared", .setup = pair_setup_shared, .teardown = pair_teardown,
};
