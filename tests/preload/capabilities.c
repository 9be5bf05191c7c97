// SPDX-License-Identifier: GPL-2.0-only
/* KVM_CHECK_EXTENSION: what a program is told about guest_memfd. */
#include <limits.h>
#include <sys/ioctl.h>

#include "child.h"
#include "preloaded.h"
#include "unit.h"
#include "vm.h"

/* Beyond the last number that a KVM of today knows */
#define CAPABILITIES 300

static int kvm, vm, ordinary, vcpu;

static void strange_numbers(void **state)
{
	static const long numbers[] = {
		-1, LONG_MIN, LONG_MAX, INT_MAX, INT_MIN,
		1L << 32 | CAP_GUEST_MEMFD_FLAGS, -CAP_GUEST_MEMFD_FLAGS,
	};

	(void)state;
	for (unsigned int i = 0; i < ARRAY_SIZE(numbers); i++)
		assert_int_equal(capability(vm, numbers[i]),
				 native_capability(vm, numbers[i]));
}

static void on_a_vcpu(void **state)
{
	(void)state;
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

static void of_another_process(void **state)
{
	(void)state;
	child_run(in_a_child, NULL);
}

static void private_memory(void **state)
{
	(void)state;
	assert_int_equal(native_capability(vm, CAP_GUEST_MEMFD_FLAGS), 0);
	assert_int_equal(capability(vm, CAP_GUEST_MEMFD_FLAGS), GUEST_MMAP);
	assert_int_equal(capability(vm, CAP_GUEST_MEMFD), 1);
}

/* KVM takes guest_memfd slots for VMs with private memory only. */
static void ordinary_memory(void **state)
{
	(void)state;
	assert_int_equal(capability(ordinary, CAP_GUEST_MEMFD_FLAGS), 0);
	assert_int_equal(capability(ordinary, CAP_GUEST_MEMFD), 0);
}

/*
 * A program that finds flags there, as KVM's selftests do, goes by it for ordinary
 * VMs.
 */
static void system_wide(void **state)
{
	(void)state;
	assert_int_equal(capability(kvm, CAP_GUEST_MEMFD_FLAGS), 0);
	assert_int_equal(capability(kvm, CAP_GUEST_MEMFD), 1);
}

static void all_others(void **state)
{
	(void)state;
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
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(strange_numbers),
		cmocka_unit_test(on_a_vcpu),
		cmocka_unit_test(of_another_process),
		cmocka_unit_test(private_memory),
		cmocka_unit_test(ordinary_memory),
		cmocka_unit_test(system_wide),
		cmocka_unit_test(all_others),
	};

	(void)argc;
	preloaded(argv);
	return cmocka_run_group_tests_name("capabilities", tests, setup, NULL);
}
