// SPDX-License-Identifier: GPL-2.0-only
/* KVM_CHECK_EXTENSION: what a program learns about guest_memfd */
#include <limits.h>
#include <sys/ioctl.h>

#include "child.h"
#include "preloaded.h"
#include "unit.h"
#include "vm.h"

/* Beyond the last number that a KVM of today knows */
#define CAPABILITIES 300

static int kvm, vm, ordinary, vcpu;

TEST(strange_numbers)
{
	static const long numbers[] = {
		-1, LONG_MIN, LONG_MAX, INT_MAX, INT_MIN,
		1L << 32 | CAP_GUEST_MEMFD_FLAGS, -CAP_GUEST_MEMFD_FLAGS,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(numbers); i++)
		assert_int_equal(capability(vm, numbers[i]),
				 native_capability(vm, numbers[i]));
}

TEST(on_a_vcpu)
{
	expect_error(EINVAL, native_capability(vcpu, CAP_GUEST_MEMFD_FLAGS),
		     "natively");
	expect_error(EINVAL, capability(vcpu, CAP_GUEST_MEMFD_FLAGS), "a vCPU");
}

static void in_a_child(void *arg)
{
	(void)arg;
	expect_error(EIO, native_capability(vm, CAP_GUEST_MEMFD_FLAGS), "natively");
	expect_error(EIO, capability(vm, CAP_GUEST_MEMFD_FLAGS),
		     "another process's VM");
}

TEST(of_another_process)
{
	child_run(in_a_child, NULL);
}

TEST(private_memory)
{
	assert_int_equal(native_capability(vm, CAP_GUEST_MEMFD_FLAGS), 0);
	assert_int_equal(capability(vm, CAP_GUEST_MEMFD_FLAGS), GUEST_MMAP);
	assert_int_equal(capability(vm, CAP_GUEST_MEMFD), 1);
}

/* KVM takes guest_memfd slots for VMs with private memory only. */
TEST(ordinary_memory)
{
	assert_int_equal(capability(ordinary, CAP_GUEST_MEMFD_FLAGS), 0);
	assert_int_equal(capability(ordinary, CAP_GUEST_MEMFD), 0);
}

/*
 * A program that finds flags there, as KVM's selftests do, uses guest_memfd for
 * ordinary VMs.
 */
TEST(system_wide)
{
	assert_int_equal(capability(kvm, CAP_GUEST_MEMFD_FLAGS), 0);
	assert_int_equal(capability(kvm, CAP_GUEST_MEMFD), 1);
}

TEST(all_others)
{
	for (long i = 0; i < CAPABILITIES; i++) {
		assert_int_equal(capability(kvm, i), native_capability(kvm, i));
		assert_int_equal(capability(ordinary, i),
				 native_capability(ordinary, i));
		if (i != CAP_GUEST_MEMFD_FLAGS)
			assert_int_equal(capability(vm, i),
					 native_capability(vm, i));
	}
}

static int setup(void **state)
{
	(void)state;
	kvm = kvm_open();
	vm = vm_create();
	ordinary = vm_create_ordinary();
	vcpu = expect_ok(ioctl(vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
	return 0;
}

int main(int argc, char **argv)
{
	(void)argc;
	preloaded(argv);
	return tests_run("capabilities", &(struct fixture){ .setup = setup });
}
