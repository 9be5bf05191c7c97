// SPDX-License-Identifier: GPL-2.0-only
/* Without the provider KVM 6.12 answers as Debian's does. */
#include <unistd.h>

#include "memfd.h"

TEST(capabilities)
{
	int vm = memfd_vm(ORDINARY);

	assert_int_equal(system_cap(KVM_CAP_GUEST_MEMFD_FLAGS), 0);
	assert_int_equal(vm_cap(vm, KVM_CAP_GUEST_MEMFD_FLAGS), 0);
	assert_int_equal(vm_cap(vm, KVM_CAP_GUEST_MEMFD), 0);
	assert_int_equal(vm_cap(vm, KVM_CAP_MEMORY_ATTRIBUTES), 0);
	assert_int_equal(vm_cap(vm, KVM_CAP_USER_MEMORY2), 1);
	close(vm);
}

TEST(capabilities_of_protected_vms)
{
	int vm;

	if (!has_vm_type(KVM_X86_SW_PROTECTED_VM))
		return;
	vm = memfd_vm(KVM_X86_SW_PROTECTED_VM);
	assert_int_equal(system_cap(KVM_CAP_GUEST_MEMFD), 1);
	assert_int_equal(vm_cap(vm, KVM_CAP_GUEST_MEMFD), 1);
	assert_int_equal(vm_cap(vm, KVM_CAP_GUEST_MEMFD_FLAGS), 0);
	close(vm);
}

TEST(no_flags)
{
	int vm = memfd_vm(ORDINARY);

	for (int bit = 0; bit < 64; bit++)
		expect_error(EINVAL, memfd_try(vm, PAGE, 1ULL << bit), "bit %d", bit);
	expect_error(EINVAL, memfd_try(vm, PAGE, SHARED), "both");
	expect_error(EINVAL, memfd_try(vm, 0, 0), "empty");
	close(vm);
}

TEST(no_slots_in_ordinary_vms, &pair)
{
	struct pair *p = *state;

	expect_region(EINVAL, p->vm, region_of(0, 0, PAGE, p->file, 0), "slot");
	expect_region(EINVAL, p->vm, region_of(0, 0, PAGE, -1, 0), "no file");
	expect_error(EINVAL, attributes_try(p->vm, 0, PAGE, KVM_MEMORY_ATTRIBUTE_PRIVATE),
		     "attributes");
}

TEST(slots_of_protected_vms)
{
	int vm, file, other;

	if (!has_vm_type(KVM_X86_SW_PROTECTED_VM))
		return;
	vm = memfd_vm(KVM_X86_SW_PROTECTED_VM);
	other = memfd_vm(KVM_X86_SW_PROTECTED_VM);
	file = memfd_create_for(vm, FILE_SIZE, 0);
	expect_region(0, vm, region_of(0, 0, PAGE, file, 0), "slot");
	/* Newer kernels call this EEXIST. */
	expect_region(EINVAL, vm, region_of(1, PAGE, PAGE, file, 0), "again");
	expect_region(EINVAL, other, region_of(0, 0, PAGE, file, PAGE), "other VM");
	expect_error(EINVAL, memfd_try(vm, PAGE, MMAP), "MMAP");
	close(file);
	close(other);
	close(vm);
}

TEST_MAIN("guest_memfd: provider off")
