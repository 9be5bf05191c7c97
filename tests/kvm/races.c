// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faulting vCPUs against all calls that take their pages away. Each race takes a
 * few seconds. With --smp 1 the threads take turns at random, with --smp 2 they
 * run side by side.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "attacks.h"

#define SECOND_GPA	(2ULL * MEM_SIZE)

TEST(punch)
{
	const struct race_plan plan = {
		.guest = guest_patrol, .gpa = DATA_GPA, .writes = true,
		.attacks = { attack_punch },
	};

	race_on_data(&plan, 0);
}

TEST(two_punchers)
{
	const struct race_plan plan = {
		.guest = guest_patrol, .gpa = DATA_GPA, .writes = true,
		.attacks = { attack_punch, attack_punch },
	};

	race_on_data(&plan, 0);
}

TEST(allocate)
{
	const struct race_plan plan = {
		.guest = guest_patrol, .gpa = DATA_GPA, .writes = true,
		.attacks = { attack_allocate, attack_punch },
	};

	race_on_data(&plan, 0);
}

TEST(populate)
{
	const struct race_plan plan = {
		.guest = guest_patrol, .gpa = DATA_GPA, .writes = true,
		.attacks = { attack_populate, attack_punch },
	};

	race_on_data(&plan, 0);
}

TEST(slot)
{
	const struct race_plan plan = {
		.guest = guest_patrol, .gpa = DATA_GPA, .writes = true,
		.carry_on = despite_efault,
		.attacks = { attack_recreate_slot },
	};

	race_on_data(&plan, 0);
}

TEST(slot_and_punch)
{
	const struct race_plan plan = {
		.guest = guest_patrol, .gpa = DATA_GPA, .writes = true,
		.carry_on = despite_efault,
		.attacks = { attack_recreate_slot, attack_punch },
	};

	race_on_data(&plan, 0);
}

TEST(emulated_access)
{
	const struct race_plan plan = {
		.guest = guest_emulated_patrol, .gpa = DATA_GPA, .writes = true,
		.attacks = { attack_punch, attack_allocate, attack_populate },
	};

	race_on_data(&plan, 0);
}

/* The file is closed right after the slot was added, or while guests use it. */
static int close_file(struct attacker *a)
{
	struct machine *m = &a->race->machine;
	struct kvm_userspace_memory_region2 none = { .slot = 1 };
	struct slot slot = { .id = 1, .gpa = SECOND_GPA, .size = RACE_SIZE };
	unsigned int patience = rand_r(&a->seed) % 100;
	int dev = open(KVM_PRIVATE_DEVICE, O_RDWR | O_CLOEXEC);

	if (dev < 0)
		return -1;
	slot.file = file_try_create(dev, RACE_SIZE, 0);
	close(dev);
	if (slot.file < 0 || vm_try_slot(m->vm, &slot))
		return -1;
	while (patience-- && file_allocated(slot.file) < RACE_SIZE / 2)
		sched_yield();
	if (close(slot.file))
		return -1;
	sched_yield();
	return ioctl(m->vm, KVM_SET_USER_MEMORY_REGION2, &none);
}

TEST(close)
{
	const struct race_plan plan = {
		.guest = guest_patrol, .gpa = SECOND_GPA, .writes = true,
		.carry_on = despite_efault, .attacks = { close_file },
	};
	struct race race;

	race_start(&race, 0);
	expect_ok(vm_try_attributes(race.machine.vm, SECOND_GPA, RACE_SIZE, true),
		  "making the second slot's range private");
	race_run(&race, &plan);
}

static int flip_attributes(struct attacker *a)
{
	__u64 offset, size;

	race_pick(a, &offset, &size);
	return vm_try_attributes(a->race->machine.vm, SECOND_GPA + offset, size,
				 rand_r(&a->seed) % 2);
}

/*
 * Both sides of a slot have their own content. The guest only looks, and finds
 * now one and now the other, page by page; neither changes.
 */
static void flip(bool with_punch)
{
	const struct race_plan plan = {
		.guest = guest_patrol, .gpa = SECOND_GPA,
		.carry_on = despite_efault,
		.attacks = { flip_attributes, with_punch ? attack_punch : NULL },
	};
	__u64 *shared = mmap(NULL, RACE_SIZE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	const __u64 shift = SECOND_GPA - DATA_GPA;
	struct slot slot = {
		.id = 1, .gpa = SECOND_GPA, .size = RACE_SIZE,
		.offset = DATA_GPA, .host = shared,
	};
	struct race race;
	struct slot low;

	assert_ptr_not_equal(shared, MAP_FAILED);
	for (size_t i = 0; i < RACE_SIZE / sizeof(*shared); i++)
		shared[i] = RACE_HOST_TAG + SECOND_GPA + i / WORDS * PAGE;

	race_start(&race, 0);
	/* Slot 0 leaves the range to the second slot. */
	low = race.machine.slot;
	low.size = DATA_GPA;
	vm_delete_slot(race.machine.vm, 0);
	vm_add_slot(race.machine.vm, &low);
	slot.file = race.machine.file;
	file_stamp(slot.file, DATA_GPA, RACE_SIZE, RACE_TAG(0) + shift);
	vm_add_slot(race.machine.vm, &slot);

	race_run(&race, &plan);

	for (size_t i = 0; i < RACE_SIZE / sizeof(*shared); i++)
		assert_int_equal(shared[i], RACE_HOST_TAG + SECOND_GPA +
				 i / WORDS * PAGE);
	munmap(shared, RACE_SIZE);
}

TEST(attributes)
{
	flip(false);
}

TEST(attributes_and_punch)
{
	flip(true);
}

static int punch_clocks(struct attacker *a)
{
	return file_punch(a->race->machine.file, DATA_GPA + RACE_SIZE, 2 * PAGE);
}

TEST(clock)
{
	const struct race_plan plan = {
		.guest = guest_patrol, .gpa = DATA_GPA, .writes = true,
		.attacks = { attack_set_clock, punch_clocks },
	};
	struct race race;

	race_start(&race, 0);
	vcpu_call(&race.machine.cpu, guest_wrmsr, MSR_SYSTEM_TIME,
		  (DATA_GPA + RACE_SIZE) | MSR_ENABLE, 0);
	vcpu_call(&race.second, guest_wrmsr, MSR_SYSTEM_TIME,
		  (DATA_GPA + RACE_SIZE + PAGE) | MSR_ENABLE, 0);
	race_run(&race, &plan);
}

TEST(all)
{
	const struct race_plan plan = {
		.guest = guest_patrol, .gpa = DATA_GPA, .writes = true,
		.carry_on = despite_efault,
		.attacks = {
			attack_set_clock, punch_clocks, attack_punch,
			attack_allocate, attack_populate, attack_recreate_slot,
		},
	};
	struct race race;

	race_start(&race, 0);
	vcpu_call(&race.machine.cpu, guest_wrmsr, MSR_SYSTEM_TIME,
		  (DATA_GPA + RACE_SIZE) | MSR_ENABLE, 0);
	race_run(&race, &plan);
}

TEST_MAIN("KVM guest: races", .setup = emulation_setup)
