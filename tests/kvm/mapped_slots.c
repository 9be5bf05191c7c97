// SPDX-License-Identifier: GPL-2.0-only
/* Slots and VMs come and go over a file with private and shared pages */
#include <sys/mman.h>
#include <unistd.h>

#include "convert.h"
#include "machine.h"
#include "meminfo.h"
#include "touch.h"

#define TAG	0x1f00000000000000ULL
#define PAGES	16
#define SIZE	(PAGES * PAGE)

/* Every other page of the data shared, all of them written by the guest */
static void make_mixture(struct machine *m)
{
	for (__u64 i = 0; i < PAGES; i += 2)
		make_shared(m, DATA_GPA + i * PAGE, PAGE);
	fill(&m->cpu, DATA_GPA, PAGES, TAG);
}

static void expect_mixture(struct machine *m, struct vcpu *cpu)
{
	assert_int_equal(file_shared(m->file), SIZE / 2);
	expect_filled(cpu, DATA_GPA, PAGES, TAG);
	for (__u64 at = DATA_GPA; at < DATA_GPA + SIZE; at += 2 * PAGE) {
		assert_int_equal(*host_word(m, at), TAG + at);
		expect_sigbus(m->map + at + PAGE, "the page behind %#llx", at);
	}
}

TEST(slot_is_made_anew, &machine_mapped)
{
	struct machine *m = *state;

	make_mixture(m);
	for (int i = 0; i < 5; i++) {
		vm_delete_slot(m->vm, 0);
		vm_add_slot(m->vm, &m->slot);
		expect_mixture(m, &m->cpu);
	}
}

/* A file without a slot can be converted all the same. */
TEST(converted_without_slot, &machine_mapped)
{
	struct machine *m = *state;

	fill(&m->cpu, DATA_GPA, PAGES, TAG);
	vm_delete_slot(m->vm, 0);
	make_shared(m, DATA_GPA, SIZE);
	*host_word(m, DATA_GPA) = 0;
	make_private(m, DATA_GPA + PAGE, SIZE - PAGE);
	vm_add_slot(m->vm, &m->slot);
	assert_int_equal(zeros(&m->cpu, DATA_GPA, PAGES, TAG), 1);
	poke(&m->cpu, DATA_GPA, TAG);
	assert_int_equal(*host_word(m, DATA_GPA), TAG);
	expect_sigbus(m->map + DATA_GPA + PAGE, "a private page");
}

/*
 * KVM has neither a dirty log nor a move for pages that may be private, as for a
 * guest_memfd.
 */
TEST(no_dirty_log_no_move, &machine_mapped)
{
	struct machine *m = *state;
	struct kvm_userspace_memory_region2 region = {
		.slot = 1,
		.flags = KVM_MEM_GUEST_MEMFD | KVM_MEM_LOG_DIRTY_PAGES,
		.guest_phys_addr = 2 * MEM_SIZE,
		.memory_size = SIZE,
		.userspace_addr = (uintptr_t)m->map,
	};
	struct slot moved = m->slot;

	make_mixture(m);
	region.guest_memfd = file_create(SIZE, KVM_PRIVATE_FLAG_MMAP);
	expect_error(EINVAL, ioctl(m->vm, KVM_SET_USER_MEMORY_REGION2, &region),
		     "logging dirty pages");
	region.flags = KVM_MEM_GUEST_MEMFD | KVM_MEM_READONLY;
	expect_error(EINVAL, ioctl(m->vm, KVM_SET_USER_MEMORY_REGION2, &region),
		     "a read-only slot");
	close(region.guest_memfd);
	moved.gpa = 2 * MEM_SIZE;
	expect_error(EINVAL, vm_try_slot(m->vm, &moved), "moving the slot");
	expect_mixture(m, &m->cpu);
}

/* The same file at another address, and with another mapping of it */
TEST(other_mapping, &machine_mapped)
{
	struct machine *m = *state;
	struct slot slot = m->slot;

	make_mixture(m);
	vm_delete_slot(m->vm, 0);
	slot.host = file_map(m->file, MEM_SIZE);
	vm_add_slot(m->vm, &slot);
	expect_mixture(m, &m->cpu);
	expect_ok(munmap(m->map, MEM_SIZE), "unmapping the first");
	m->map = slot.host;
	expect_mixture(m, &m->cpu);
}

/* Two VMs, each with its half of a file */
TEST(two_vms)
{
	int file = file_create(2 * MEM_SIZE, KVM_PRIVATE_FLAG_MMAP);
	char *map = file_map(file, 2 * MEM_SIZE);
	struct vcpu cpus[2];
	int vms[2];

	for (int i = 0; i < 2; i++) {
		struct slot slot = {
			.file = file, .size = MEM_SIZE, .offset = i * MEM_SIZE,
			.host = map + i * MEM_SIZE,
		};

		vms[i] = vm_create();
		vm_load(file, slot.offset);
		vm_add_slot(vms[i], &slot);
		vcpu_open(&cpus[i], vms[i], 0);
		fill(&cpus[i], DATA_GPA, PAGES, TAG + i);
	}

	expect_ok(file_make_shared(file, DATA_GPA, SIZE, CONVERT_PRESERVE),
		  "sharing the first one's");
	expect_filled(&cpus[0], DATA_GPA, PAGES, TAG);
	expect_filled(&cpus[1], DATA_GPA, PAGES, TAG + 1);
	assert_int_equal(*(__u64 *)(map + DATA_GPA), TAG + DATA_GPA);
	expect_sigbus(map + MEM_SIZE + DATA_GPA, "the second one's page");

	/* A conversion across both halves: each VM keeps its own. */
	expect_ok(file_make_shared(file, 0, 2 * MEM_SIZE, CONVERT_PRESERVE),
		  "sharing all");
	assert_int_equal(*(__u64 *)(map + MEM_SIZE + DATA_GPA),
			 TAG + 1 + DATA_GPA);
	for (int i = 0; i < 2; i++)
		expect_filled(&cpus[i], DATA_GPA, PAGES, TAG + i);
	expect_ok(file_make_private(file, 0, 2 * MEM_SIZE, CONVERT_PRESERVE),
		  "making all private");
	for (int i = 0; i < 2; i++)
		expect_filled(&cpus[i], DATA_GPA, PAGES, TAG + i);

	vcpu_close(&cpus[0]);
	close(vms[0]);
	expect_ok(file_make_shared(file, 0, 2 * MEM_SIZE, CONVERT_PRESERVE),
		  "sharing all when one VM has gone");
	assert_int_equal(*(__u64 *)(map + DATA_GPA), TAG + DATA_GPA);
	expect_filled(&cpus[1], DATA_GPA, PAGES, TAG + 1);
	vcpu_close(&cpus[1]);
	close(vms[1]);
	munmap(map, 2 * MEM_SIZE);
	close(file);
}

/* The VM ends while its guest has the host's pages mapped, and private ones. */
TEST(vm_goes_first)
{
	struct machine m;

	machine_start(&m, MEM_SIZE, KVM_PRIVATE_FLAG_MMAP);
	make_mixture(&m);
	vcpu_close(&m.cpu);
	close(m.vm);
	for (__u64 i = 0; i < PAGES; i += 2)
		assert_int_equal(*host_word(&m, DATA_GPA + i * PAGE),
				 TAG + DATA_GPA + i * PAGE);
	make_shared(&m, DATA_GPA, SIZE);
	assert_int_equal(*host_word(&m, DATA_GPA + PAGE), TAG + DATA_GPA + PAGE);
	make_private(&m, DATA_GPA, SIZE);
	expect_sigbus(m.map + DATA_GPA, "a private page");
	munmap(m.map, MEM_SIZE);
	close(m.file);
}

/* One guest after the other: attributes and content are the file's, not the VM's. */
TEST(next_guest, &machine_mapped)
{
	struct machine *m = *state;

	make_mixture(m);
	for (int i = 0; i < 3; i++) {
		vcpu_close(&m->cpu);
		close(m->vm);
		m->vm = vm_create();
		vm_add_slot(m->vm, &m->slot);
		vcpu_open(&m->cpu, m->vm, 0);
		expect_mixture(m, &m->cpu);
	}
}

static void expect_no_slot(struct machine *m, __u64 gpa)
{
	vcpu_enter(&m->cpu, guest_peek, &(struct kvm_regs){ .rdi = gpa });
	vcpu_expect(&m->cpu, vcpu_run(&m->cpu), KVM_EXIT_MMIO);
	/* The vCPU completes the access, so that its next guest begins afresh. */
	m->cpu.run->immediate_exit = 1;
	vcpu_expect(&m->cpu, vcpu_run(&m->cpu), -EINTR);
}

/*
 * KVM remembers addresses without a slot. It must forget this when the guest gets
 * a slot there.
 */
TEST(where_no_slot_was, &machine_mapped)
{
	static const __u64 flags[] = { 0, KVM_PRIVATE_FLAG_MMAP };
	struct machine *m = *state;
	struct slot slot = { .id = 1, .gpa = 2 * MEM_SIZE, .size = SIZE };

	for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++) {
		expect_ok(vm_try_attributes(m->vm, slot.gpa, SIZE, false),
			  "attributes");
		expect_no_slot(m, slot.gpa);
		slot.file = file_create(SIZE, flags[i]);
		vm_add_slot(m->vm, &slot);
		assert_int_equal(peek(&m->cpu, slot.gpa), 0);
		poke(&m->cpu, slot.gpa, TAG);
		assert_int_equal(peek(&m->cpu, slot.gpa), TAG);
		vm_delete_slot(m->vm, slot.id);
		close(slot.file);
	}
}

/*
 * Only the mapping is left, after the descriptor and the VM; then it is removed.
 */
TEST(mapping_is_last)
{
	const __u64 size = DATA_GPA + 64 * MIB;
	struct machine m;
	__u64 before;

	machine_start(&m, size, KVM_PRIVATE_FLAG_MMAP);
	before = settled_memfree();
	make_shared(&m, DATA_GPA, 64 * MIB);
	fill(&m.cpu, DATA_GPA, 64 * MIB / PAGE, TAG);
	close(m.file);
	expect_filled(&m.cpu, DATA_GPA, 64 * MIB / PAGE, TAG);
	vcpu_close(&m.cpu);
	close(m.vm);
	assert_int_equal(*host_word(&m, size - PAGE), TAG + size - PAGE);
	munmap(m.map, size);
	wait_for_memfree(before - MEMINFO_NOISE);
}

TEST_MAIN("KVM guest: mapped slots")
