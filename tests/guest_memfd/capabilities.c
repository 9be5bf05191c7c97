// SPDX-License-Identifier: GPL-2.0-only
/* The capabilities that KVM reports, system-wide and for VMs of each type */
#include "memfd.h"

/*
 * Numbers that were proposed for conversion in place, and mean something else
 * now
 */
static const long taken[] = { 245, 246, 247, 248, 249, 250, 251 };

TEST(of_the_system)
{
	assert_int_equal(system_cap(KVM_CAP_GUEST_MEMFD), 1);
	assert_int_equal(system_cap(KVM_CAP_GUEST_MEMFD_FLAGS), SHARED);
	assert_int_equal(system_cap(KVM_CAP_USER_MEMORY2), 1);
	assert_int_equal(system_cap(KVM_CAP_MEMORY_FAULT_INFO), 1);
}

TEST(of_an_ordinary_vm)
{
	int vm = memfd_vm(ORDINARY);

	assert_int_equal(vm_cap(vm, KVM_CAP_GUEST_MEMFD), 1);
	assert_int_equal(vm_cap(vm, KVM_CAP_GUEST_MEMFD_FLAGS), SHARED);
	assert_int_equal(vm_cap(vm, KVM_CAP_USER_MEMORY2), 1);
	assert_int_equal(vm_cap(vm, KVM_CAP_MEMORY_ATTRIBUTES), 0);
	close(vm);
}

TEST(of_a_protected_vm)
{
	int vm;

	if (!has_vm_type(KVM_X86_SW_PROTECTED_VM))
		return;
	vm = memfd_vm(KVM_X86_SW_PROTECTED_VM);
	assert_int_equal(vm_cap(vm, KVM_CAP_GUEST_MEMFD), 1);
	assert_int_equal(vm_cap(vm, KVM_CAP_GUEST_MEMFD_FLAGS), MMAP);
	assert_int_equal(vm_cap(vm, KVM_CAP_MEMORY_ATTRIBUTES),
			 KVM_MEMORY_ATTRIBUTE_PRIVATE);
	assert_int_equal(system_cap(KVM_CAP_MEMORY_ATTRIBUTES),
			 KVM_MEMORY_ATTRIBUTE_PRIVATE);
	close(vm);
}

/* They are other architectures' by now, so that a yes would be wrong. */
TEST(of_proposed_numbers)
{
	int vm = memfd_vm(ORDINARY);

	for (unsigned int i = 0; i < ARRAY_SIZE(taken); i++) {
		assert_int_equal(system_cap(taken[i]), 0);
		assert_int_equal(vm_cap(vm, taken[i]), 0);
	}
	close(vm);
}

/* Each flag that is promised works, and no other one. */
static void try_flags(unsigned long type)
{
	int vm = memfd_vm(type);
	__u64 flags = vm_cap(vm, KVM_CAP_GUEST_MEMFD_FLAGS);

	for (int i = 0; i < 64; i++) {
		__u64 bit = 1ULL << i;

		if (flags & bit) {
			close(memfd_create_for(vm, PAGE, bit));
			continue;
		}
		expect_error(EINVAL, memfd_try(vm, PAGE, bit),
			     "type %lu, bit %d", type, i);
		expect_error(EINVAL, memfd_try(vm, PAGE, flags | bit),
			     "type %lu, bit %d beside the others", type, i);
	}
	close(memfd_create_for(vm, PAGE, flags));
	close(vm);
}

TEST(say_which_flags_work)
{
	try_flags(ORDINARY);
	if (has_vm_type(KVM_X86_SW_PROTECTED_VM))
		try_flags(KVM_X86_SW_PROTECTED_VM);
}

TEST_MAIN("guest_memfd: capabilities")
