// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slots come and go under a guest, which finds another slot or none in their
 * place.
 */
#include <string.h>

#include "guest.h"
#include "touch.h"

#define TAG	0x6300000000000000ULL
#define PATROL	(16 * PAGE)

static void expect_mmio(struct guest *g, __u64 gpa)
{
	vcpu_enter(&g->cpu, guest_peek, &(struct kvm_regs){ .rdi = gpa });
	vcpu_expect(&g->cpu, vcpu_run(&g->cpu), KVM_EXIT_MMIO);
	assert_int_equal(g->cpu.run->mmio.phys_addr, gpa);
	assert_int_equal(g->cpu.run->mmio.is_write, 0);
	memset(g->cpu.run->mmio.data, 0, 8);
	vcpu_expect(&g->cpu, vcpu_run(&g->cpu), KVM_EXIT_HLT);
}

/* Behind a slot's end the guest has no memory, though the file goes on. */
TEST(behind_the_slot, &guest_started)
{
	struct guest *g = *state;

	expect_ok(region_delete(g->vm, DATA_SLOT), "delete");
	expect_region(0, g->vm, region_of(DATA_SLOT, DATA_GPA, PAGE, g->file, 0),
		      "one page");
	guest_writes(g, DATA_GPA, TAG);
	expect_mmio(g, DATA_GPA + PAGE);
}

TEST(deleted, &guest_started)
{
	struct guest *g = *state;

	guest_writes(g, DATA_GPA, TAG);
	expect_ok(region_delete(g->vm, DATA_SLOT), "delete");
	expect_mmio(g, DATA_GPA);
	assert_int_equal(*guest_word(g, DATA_GPA), TAG);
	guest_add_data(g, NULL);
	assert_int_equal(guest_reads(g, DATA_GPA), TAG);
}

TEST(another_range, &guest_started)
{
	struct guest *g = *state;

	for (__u64 i = 0; i < FILE_PAGES; i++)
		*guest_word(g, DATA_GPA + i * PAGE) = TAG + i;
	for (__u64 i = 0; i < FILE_PAGES; i++) {
		expect_ok(region_delete(g->vm, DATA_SLOT), "delete");
		expect_region(0, g->vm, region_of(DATA_SLOT, DATA_GPA, PAGE, g->file,
						  i * PAGE), "page");
		assert_int_equal(guest_reads(g, DATA_GPA), TAG + i);
	}
}

TEST(another_address, &guest_started)
{
	struct guest *g = *state;

	guest_writes(g, DATA_GPA, TAG);
	expect_ok(region_delete(g->vm, DATA_SLOT), "delete");
	expect_region(0, g->vm, region_of(DATA_SLOT, 4 * MIB, FILE_SIZE, g->file, 0),
		      "elsewhere");
	assert_int_equal(guest_reads(g, 4 * MIB), TAG);
	expect_mmio(g, DATA_GPA);
}

TEST(another_file, &guest_started)
{
	struct guest *g = *state;
	int second = memfd_create_for(g->vm, FILE_SIZE, MMAP);

	guest_writes(g, DATA_GPA, TAG);
	expect_ok(region_delete(g->vm, DATA_SLOT), "delete");
	expect_region(0, g->vm, region_of(DATA_SLOT, DATA_GPA, FILE_SIZE, second, 0),
		      "second file");
	assert_int_equal(guest_reads(g, DATA_GPA), 0);
	guest_writes(g, DATA_GPA, TAG + 1);
	assert_int_equal(*guest_word(g, DATA_GPA), TAG);
	expect_ok(fallocate(g->file, HOLE, 0, FILE_SIZE), "punch");
	assert_int_equal(guest_reads(g, DATA_GPA), TAG + 1);
	close(second);
}

TEST(common_memory_instead, &guest_started)
{
	struct guest *g = *state;
	char *other = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct kvm_userspace_memory_region2 region = {
		.slot = DATA_SLOT, .guest_phys_addr = DATA_GPA,
		.memory_size = FILE_SIZE, .userspace_addr = (uintptr_t)other,
	};

	guest_writes(g, DATA_GPA, TAG);
	expect_ok(region_delete(g->vm, DATA_SLOT), "delete");
	expect_region(0, g->vm, region, "common memory");
	assert_int_equal(guest_reads(g, DATA_GPA), 0);
	guest_writes(g, DATA_GPA, TAG + 1);
	assert_int_equal(*(__u64 *)other, TAG + 1);
	expect_ok(region_delete(g->vm, DATA_SLOT), "delete");
	guest_add_data(g, other);
	assert_int_equal(guest_reads(g, DATA_GPA), TAG);
	munmap(other, FILE_SIZE);
}

/* The guest notices: an access to no slot leaves KVM_RUN. */
static bool until_mmio(int result)
{
	return result != KVM_EXIT_MMIO;
}

TEST(deleted_while_it_runs, &guest_started)
{
	struct guest *g = *state;

	for (int i = 0; i < 10; i++) {
		vcpu_enter(&g->cpu, guest_patrol, &(struct kvm_regs){
			   .rdi = DATA_GPA, .rsi = PATROL / PAGE, .rdx = TAG,
			   .r10 = TAG, .r11 = TAG, .r12 = TAG });
		vcpu_spawn(&g->cpu, until_mmio);
		usleep(10000);
		expect_ok(region_delete(g->vm, DATA_SLOT), "delete");
		assert_int_equal(vcpu_join(&g->cpu), KVM_EXIT_MMIO);
		memset(g->cpu.run->mmio.data, 0, 8);
		guest_add_data(g, NULL);
		/* Ends the access that the vCPU was in. */
		g->cpu.run->immediate_exit = 1;
		vcpu_expect(&g->cpu, vcpu_run(&g->cpu), -EINTR);
		assert_int_equal(*guest_word(g, DATA_GPA) & ~(TAG + DATA_GPA), 0);
	}
}

TEST_MAIN("guest_memfd: changes")
