// SPDX-License-Identifier: GPL-2.0-only
/* The content of a guest's private memory, and who else sees it */
#include <unistd.h>

#include "machine.h"
#include "meminfo.h"

#define TAG	0x5a00000000000000ULL
#define PAGES	16

TEST(populated, &machine_plain)
{
	struct machine *m = *state;

	file_stamp(m->file, DATA_GPA, PAGES * PAGE, TAG);
	assert_int_equal(zeros(&m->cpu, DATA_GPA, PAGES, TAG), 0);
}

TEST(populated_over_present, &machine_plain)
{
	struct machine *m = *state;

	fill(&m->cpu, DATA_GPA, PAGES, ~TAG);
	file_stamp(m->file, DATA_GPA, PAGES * PAGE, TAG);
	assert_int_equal(zeros(&m->cpu, DATA_GPA, PAGES, TAG), 0);
}

TEST(holes_are_zero, &machine_plain)
{
	struct machine *m = *state;
	__u64 before = file_allocated(m->file);

	assert_int_equal(zeros(&m->cpu, DATA_GPA, PAGES, TAG), PAGES * WORDS);
	assert_int_equal(file_allocated(m->file) - before, PAGES * PAGE);
}

TEST(allocated_is_zero, &machine_plain)
{
	struct machine *m = *state;

	expect_ok(file_allocate(m->file, DATA_GPA, PAGES * PAGE), "allocating");
	assert_int_equal(zeros(&m->cpu, DATA_GPA, PAGES, TAG), PAGES * WORDS);
}

TEST(writes_survive_the_slot, &machine_plain)
{
	struct machine *m = *state;

	fill(&m->cpu, DATA_GPA, PAGES, TAG);
	vm_delete_slot(m->vm, 0);
	vm_add_slot(m->vm, &m->slot);
	assert_int_equal(zeros(&m->cpu, DATA_GPA, PAGES, TAG), 0);
}

/*
 * The same page of the file at another address: the content belongs to the
 * page, not to the address.
 */
TEST(slot_moves, &machine_plain)
{
	struct machine *m = *state;
	struct slot low = m->slot;
	struct slot high = m->slot;

	fill(&m->cpu, DATA_GPA, PAGES, TAG);
	vm_delete_slot(m->vm, 0);
	low.size = DATA_GPA;
	high.id = 1;
	high.gpa = 2 * MEM_SIZE;
	high.offset = DATA_GPA;
	high.size = PAGES * PAGE;
	vm_add_slot(m->vm, &low);
	vm_add_slot(m->vm, &high);
	assert_int_equal(zeros(&m->cpu, high.gpa, PAGES,
			       TAG + DATA_GPA - high.gpa), 0);
}

TEST(punched_is_zero, &machine_plain)
{
	struct machine *m = *state;
	__u64 before = file_allocated(m->file);

	fill(&m->cpu, DATA_GPA, PAGES, TAG);
	assert_int_equal(file_allocated(m->file), before + PAGES * PAGE);
	expect_ok(file_punch(m->file, DATA_GPA + PAGE, 2 * PAGE), "punching");
	assert_int_equal(file_allocated(m->file), before + (PAGES - 2) * PAGE);

	assert_int_equal(zeros(&m->cpu, DATA_GPA, 1, TAG), 0);
	assert_int_equal(zeros(&m->cpu, DATA_GPA + PAGE, 2, TAG), 2 * WORDS);
	assert_int_equal(zeros(&m->cpu, DATA_GPA + 3 * PAGE, PAGES - 3, TAG), 0);
}

TEST(punched_is_back_with_the_host)
{
	const __u64 size = 256 * MIB;
	struct machine m;
	__u64 full, before;

	machine_start(&m, DATA_GPA + size, 0);
	before = file_allocated(m.file);
	fill(&m.cpu, DATA_GPA, size / PAGE, TAG);
	assert_int_equal(file_allocated(m.file), before + size);
	full = meminfo_line("MemFree");
	expect_ok(file_punch(m.file, DATA_GPA, size), "punching");
	assert_int_equal(file_allocated(m.file), before);
	wait_for_memfree(full + size - MEMINFO_NOISE);
	machine_stop(&m);
}

TEST(no_auto_alloc)
{
	struct machine m;
	__u64 before;

	machine_start(&m, MEM_SIZE, KVM_PRIVATE_FLAG_NO_AUTO_ALLOC);
	before = file_allocated(m.file);
	vcpu_enter(&m.cpu, guest_poke,
		   &(struct kvm_regs){ .rdi = DATA_GPA + 8, .rsi = TAG });
	for (int i = 0; i < 3; i++)
		vcpu_expect_fault(&m.cpu, ENOENT, DATA_GPA,
				  KVM_MEMORY_EXIT_FLAG_PRIVATE);
	assert_int_equal(file_allocated(m.file), before);

	expect_ok(file_allocate(m.file, DATA_GPA, PAGE), "allocating");
	vcpu_expect(&m.cpu, vcpu_run(&m.cpu), KVM_EXIT_HLT);
	assert_int_equal(peek(&m.cpu, DATA_GPA + 8), TAG);
	assert_int_equal(peek(&m.cpu, DATA_GPA), 0);

	expect_ok(file_punch(m.file, DATA_GPA, PAGE), "punching");
	vcpu_enter(&m.cpu, guest_peek, &(struct kvm_regs){ .rdi = DATA_GPA });
	vcpu_expect(&m.cpu, vcpu_run(&m.cpu), -ENOENT);
	assert_int_equal(file_allocated(m.file), before);
	machine_stop(&m);
}

TEST(pre_fault, &machine_plain)
{
	struct machine *m = *state;
	__u64 before = file_allocated(m->file);

	assert_int_equal(vcpu_pre_fault(&m->cpu, DATA_GPA, PAGES * PAGE), 0);
	assert_int_equal(file_allocated(m->file), before + PAGES * PAGE);
	/* An allocated page can be populated all the same. */
	file_stamp(m->file, DATA_GPA, PAGES * PAGE, TAG);
	assert_int_equal(zeros(&m->cpu, DATA_GPA, PAGES, TAG), 0);
	expect_ok(file_punch(m->file, DATA_GPA, PAGES * PAGE), "punching");
	assert_int_equal(zeros(&m->cpu, DATA_GPA, PAGES, TAG), PAGES * WORDS);
}

TEST(pre_fault_no_auto_alloc)
{
	struct machine m;

	machine_start(&m, MEM_SIZE, KVM_PRIVATE_FLAG_NO_AUTO_ALLOC);
	expect_error(ENOENT, vcpu_pre_fault(&m.cpu, DATA_GPA, PAGE), "a hole");
	expect_ok(file_allocate(m.file, DATA_GPA, PAGE), "allocating");
	assert_int_equal(vcpu_pre_fault(&m.cpu, DATA_GPA, PAGE), 0);
	machine_stop(&m);
}

/* One VM with a slot of each kind: both work side by side. */
TEST(beside_native, &machine_plain)
{
	struct machine *m = *state;
	struct slot native = {
		.id = 1,
		.file = vm_native_file(m->vm, PAGES * PAGE),
		.gpa = MEM_SIZE,
		.size = PAGES * PAGE,
	};

	vm_add_slot(m->vm, &native);
	fill(&m->cpu, DATA_GPA, PAGES, TAG);
	assert_int_equal(zeros(&m->cpu, native.gpa, PAGES, TAG), PAGES * WORDS);
	fill(&m->cpu, native.gpa, PAGES, TAG);
	assert_int_equal(zeros(&m->cpu, native.gpa, PAGES, TAG), 0);
	assert_int_equal(zeros(&m->cpu, DATA_GPA, PAGES, TAG), 0);

	expect_ok(file_punch(native.file, 0, PAGE), "punching");
	assert_int_equal(zeros(&m->cpu, native.gpa, 1, TAG), WORDS);
	assert_int_equal(zeros(&m->cpu, DATA_GPA, PAGES, TAG), 0);
	expect_ok(file_punch(m->file, DATA_GPA, PAGE), "punching");
	assert_int_equal(zeros(&m->cpu, DATA_GPA, 1, TAG), WORDS);
	assert_int_equal(zeros(&m->cpu, native.gpa + PAGE, PAGES - 1, TAG), 0);
	vm_delete_slot(m->vm, 1);
	assert_int_equal(zeros(&m->cpu, DATA_GPA + PAGE, PAGES - 1, TAG), 0);
	close(native.file);
}

/* Far from the start of file and address space, beyond 32 bits */
TEST(beyond_4_gib, &machine_plain)
{
	struct machine *m = *state;
	const __u64 offset = (1ULL << 40) + 5 * PAGE;
	int file = file_create(1ULL << 41, 0);
	struct slot far = {
		.id = 1, .file = file, .gpa = MEM_SIZE, .size = PAGES * PAGE,
		.offset = offset,
	};

	vm_add_slot(m->vm, &far);
	fill(&m->cpu, far.gpa, PAGES, TAG);
	assert_int_equal(lseek(file, 0, SEEK_DATA), offset);
	assert_int_equal(lseek(file, offset, SEEK_HOLE), offset + PAGES * PAGE);
	expect_ok(file_punch(file, offset + PAGE, PAGE), "punching");
	assert_int_equal(zeros(&m->cpu, far.gpa, PAGES, TAG), WORDS);
	vm_delete_slot(m->vm, 1);
	close(file);
}

TEST_MAIN("KVM guest: content")
