// SPDX-License-Identifier: GPL-2.0-only
/* Files and VMs end in every order. */
#include <sched.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kmod.h"
#include "machine.h"
#include "meminfo.h"
#include "modules.h"

#define TAG	0x7c00000000000000ULL
#define PAGES	16

/* The first of two orders that crashed an early guest_memfd. */
TEST(punch_after_vm_with_slot)
{
	int vm = vm_create();
	int file = file_create(MEM_SIZE, 0);
	struct slot slot = { .file = file, .size = MEM_SIZE };
	struct vcpu cpu;

	vm_load(file, 0);
	vm_add_slot(vm, &slot);
	vcpu_open(&cpu, vm, 0);
	fill(&cpu, DATA_GPA, PAGES, TAG);
	vcpu_close(&cpu);
	close(vm);
	expect_ok(file_punch(file, 0, MEM_SIZE), "punching");
	assert_int_equal(file_allocated(file), 0);
	close(file);
}

/* The second. */
TEST(punch_after_vm_without_slot)
{
	int vm = vm_create();
	int file = file_create(MEM_SIZE, 0);

	expect_ok(file_allocate(file, 0, MEM_SIZE), "allocating");
	close(vm);
	expect_ok(file_punch(file, 0, MEM_SIZE), "punching");
	assert_int_equal(file_allocated(file), 0);
	close(file);
}

/* The file is there before the VM and after it. */
TEST(file_before_and_after)
{
	int file = file_create(MEM_SIZE, 0);

	file_stamp(file, DATA_GPA, PAGES * PAGE, TAG);
	close(vm_create());
	assert_int_equal(file_allocated(file), PAGES * PAGE);
	expect_ok(file_punch(file, 0, MEM_SIZE), "punching");
	close(file);
}

/* The binding keeps the file alive: the guest goes on, with all its pages. */
TEST(close_under_slot)
{
	struct machine m;
	__u64 before;

	machine_start(&m, DATA_GPA + 128 * MIB, 0);
	before = settled_memfree();
	fill(&m.cpu, DATA_GPA, 128 * MIB / PAGE, TAG);
	close(m.file);
	assert_int_equal(zeros(&m.cpu, DATA_GPA, 128 * MIB / PAGE, TAG), 0);
	poke(&m.cpu, DATA_GPA, TAG + 1);
	assert_int_equal(peek(&m.cpu, DATA_GPA), TAG + 1);

	/* The slot was the last user: the file's memory comes back. */
	vm_delete_slot(m.vm, 0);
	wait_for_memfree(before - MEMINFO_NOISE);
	vcpu_close(&m.cpu);
	close(m.vm);
}

TEST(close_under_vm)
{
	struct machine m;
	__u64 before = settled_memfree();

	machine_start(&m, DATA_GPA + 128 * MIB, 0);
	fill(&m.cpu, DATA_GPA, 128 * MIB / PAGE, TAG);
	close(m.file);
	vcpu_close(&m.cpu);
	close(m.vm);
	wait_for_memfree(before - MEMINFO_NOISE);
}

/* A vCPU keeps its VM, and thereby the slot and the file. */
TEST(vcpu_is_last)
{
	struct machine m;

	machine_start(&m, MEM_SIZE, 0);
	fill(&m.cpu, DATA_GPA, PAGES, TAG);
	close(m.file);
	close(m.vm);
	assert_int_equal(zeros(&m.cpu, DATA_GPA, PAGES, TAG), 0);
	vcpu_close(&m.cpu);
}

TEST(two_vms_in_turn, &machine_plain)
{
	struct machine *m = *state;
	struct vcpu second;
	int vm;

	fill(&m->cpu, DATA_GPA, PAGES, TAG);
	vcpu_close(&m->cpu);
	close(m->vm);

	vm = vm_create();
	vm_add_slot(vm, &m->slot);
	vcpu_open(&second, vm, 0);
	assert_int_equal(zeros(&second, DATA_GPA, PAGES, TAG), 0);
	fill(&second, DATA_GPA, PAGES, TAG + 1);

	/*
	 * A new VM of the machine's takes over the file, for the teardown and
	 * for another turn.
	 */
	vm_delete_slot(vm, 0);
	m->vm = vm_create();
	vm_add_slot(m->vm, &m->slot);
	vcpu_open(&m->cpu, m->vm, 0);
	assert_int_equal(zeros(&m->cpu, DATA_GPA, PAGES, TAG + 1), 0);
	vcpu_close(&second);
	close(vm);
}

/*
 * Two VMs use one file at once, each its half. Neither reaches the other's
 * half.
 */
TEST(two_vms_at_once)
{
	int file = file_create(2 * MEM_SIZE, 0);
	struct vcpu cpus[2];
	int vms[2];
	struct slot slot = { .file = file, .size = MEM_SIZE };

	for (int i = 0; i < 2; i++) {
		vms[i] = vm_create();
		slot.offset = i * MEM_SIZE;
		vm_load(file, slot.offset);
		vm_add_slot(vms[i], &slot);
		vcpu_open(&cpus[i], vms[i], 0);
	}
	slot.offset = MEM_SIZE / 2;
	slot.id = 1;
	slot.gpa = MEM_SIZE;
	for (int i = 0; i < 2; i++) {
		expect_error(EEXIST, vm_try_slot(vms[i], &slot), "VM %d", i);
		fill(&cpus[i], DATA_GPA, PAGES, TAG + i);
	}
	for (int i = 0; i < 2; i++)
		assert_int_equal(zeros(&cpus[i], DATA_GPA, PAGES, TAG + i), 0);

	/* A punch takes the page from the VM that has it, and only there. */
	expect_ok(file_punch(file, MEM_SIZE + DATA_GPA, PAGE), "punching");
	assert_int_equal(zeros(&cpus[0], DATA_GPA, PAGES, TAG), 0);
	assert_int_equal(zeros(&cpus[1], DATA_GPA, PAGES, TAG + 1), WORDS);

	vcpu_close(&cpus[0]);
	close(vms[0]);
	assert_int_equal(zeros(&cpus[1], DATA_GPA, PAGES, TAG + 1), WORDS);
	vcpu_close(&cpus[1]);
	close(vms[1]);
	close(file);
}

/* A slot is deleted while its vCPU runs: the vCPU leaves with an error. */
TEST(delete_under_vcpu, &machine_plain)
{
	struct machine *m = *state;
	const __u64 before = file_allocated(m->file);
	int ret;

	for (int i = 0; i < 20; i++) {
		expect_ok(file_punch(m->file, DATA_GPA, PAGES * PAGE), "punching");
		vcpu_enter(&m->cpu, guest_patrol, &(struct kvm_regs){
			   .rdi = DATA_GPA, .rsi = PAGES, .rdx = TAG,
			   .r10 = TAG });
		vcpu_spawn(&m->cpu, NULL);
		while (file_allocated(m->file) == before)
			sched_yield();
		vm_delete_slot(m->vm, 0);
		ret = vcpu_join(&m->cpu);
		/*
		 * The address has no slot but is still private, so KVM can't
		 * emulate the access.
		 */
		vcpu_expect(&m->cpu, ret, -EFAULT);
		assert_true(vcpu_memory_fault(&m->cpu).flags &
			    KVM_MEMORY_EXIT_FLAG_PRIVATE);

		vm_add_slot(m->vm, &m->slot);
		zeros(&m->cpu, DATA_GPA, PAGES, TAG);
	}
}

/* The VMM is killed with its vCPU running. */
TEST(process_dies)
{
	__u64 before = settled_memfree();
	int ready[2];
	char byte;
	pid_t child;

	expect_ok(pipe(ready), "pipe");
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		struct machine m;

		machine_start(&m, DATA_GPA + 128 * MIB, 0);
		fill(&m.cpu, DATA_GPA, 128 * MIB / PAGE, TAG);
		vcpu_enter(&m.cpu, guest_patrol, &(struct kvm_regs){
			   .rdi = DATA_GPA, .rsi = 128 * MIB / PAGE,
			   .rdx = TAG, .r10 = TAG });
		if (write(ready[1], "", 1) == 1)
			vcpu_run(&m.cpu);
		_exit(1);
	}
	close(ready[1]);
	assert_int_equal(read(ready[0], &byte, 1), 1);
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close(ready[0]);
	wait_for_memfree(before - MEMINFO_NOISE);
}

/* A slot is a user of the module, and its file another. */
TEST(binding_pins_the_module)
{
	const unsigned int before = module_users("kvm_private");
	struct machine m;

	machine_start(&m, MEM_SIZE, 0);
	fill(&m.cpu, DATA_GPA, PAGES, TAG);
	close(m.file);
	assert_true(module_users("kvm_private") > before);
	expect_error(EWOULDBLOCK, module_unload("kvm_private"), "with a binding");
	assert_int_equal(zeros(&m.cpu, DATA_GPA, PAGES, TAG), 0);
	vcpu_close(&m.cpu);
	close(m.vm);
	assert_int_equal(module_users("kvm_private"), before);
}

/* All that the VMs used is freed and keeps no module busy. */
TEST(unload_and_load)
{
	struct machine m;

	machine_start(&m, MEM_SIZE, 0);
	fill(&m.cpu, DATA_GPA, PAGES, TAG);
	close(m.file);
	expect_error(EWOULDBLOCK, module_unload(modules_vendor()), "with a VM");
	vcpu_close(&m.cpu);
	close(m.vm);

	modules_unload();
	modules_load();

	machine_start(&m, MEM_SIZE, 0);
	assert_int_equal(zeros(&m.cpu, DATA_GPA, PAGES, TAG), PAGES * WORDS);
	machine_stop(&m);
}

TEST_MAIN("KVM guest: lifetimes")
