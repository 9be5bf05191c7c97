// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages change between private and shared under vCPUs that patrol them. The
 * guest doesn't notice: it never finds foreign memory and never leaves KVM_RUN,
 * whatever the host does with the shared pages meanwhile. See races.c about
 * --smp.
 */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "adders.h"
#include "attacks.h"
#include "convert.h"
#include "touch.h"

#define SECONDS	3

/* Is @byte a value that a word in the page may have there? See guest_patrol. */
static bool is_right(unsigned char byte, unsigned int which, __u64 page)
{
	if (!byte)
		return true;
	if (which < 7)
		return byte == (page >> which * 8 & 0xff);
	for (unsigned int i = 0; i <= RACE_CPUS; i++)
		if (byte == RACE_TAG(i) >> 56)
			return true;
	return false;
}

/*
 * One byte is read and one written, if the page is shared. An access to a
 * private page may raise SIGBUS. The reads find only the page's own bytes.
 */
static int touch(struct attacker *a)
{
	const __u64 page = DATA_GPA + rand_r(&a->seed) % RACE_PAGES * PAGE;
	char *at = a->race->machine.map + page +
		(rand_r(&a->seed) % 2 ? PAGE - 8 : 0);
	const unsigned int which = rand_r(&a->seed) % 8;
	unsigned char byte;
	int signal;

	signal = touch_read(at + which, &byte);
	if (!signal && !is_right(byte, which, page)) {
		a->data = byte;
		errno = EILSEQ;
		return -1;
	}
	if (!signal || signal == SIGBUS)
		signal = touch_write(at + 7, RACE_HOST_TAG >> 56);
	errno = EFAULT;
	return !signal || signal == SIGBUS ? 0 : -1;
}

/* Stops at the first shared page. */
static int populate(struct attacker *a)
{
	int ret = attack_populate(a);

	return ret && errno != EINVAL ? -1 : 0;
}

static int flip_attributes(struct attacker *a)
{
	__u64 offset, size;

	race_pick(a, &offset, &size);
	return vm_try_attributes(a->race->machine.vm, DATA_GPA + offset, size,
				 rand_r(&a->seed) % 2);
}

static int convert_clocks(struct attacker *a)
{
	return attack_convert_range(a, DATA_GPA + RACE_SIZE, 2 * PAGE);
}

static struct vcpu idle;

/* The attribute may have changed meanwhile: that is EFAULT. */
static int prefault(struct attacker *a)
{
	__u64 offset, size;

	race_pick(a, &offset, &size);
	if (vcpu_pre_fault(&idle, DATA_GPA + offset, size) < 0 &&
	    errno != EFAULT)
		return -1;
	return 0;
}

TEST(two_converters)
{
	const struct race_plan plan = {
		.guest = guest_patrol, .gpa = DATA_GPA, .writes = true,
		.seconds = SECONDS, .attacks = { attack_convert, attack_convert },
	};

	race_on_data(&plan, KVM_PRIVATE_FLAG_MMAP);
}

TEST(host_access)
{
	const struct race_plan plan = {
		.guest = guest_patrol, .gpa = DATA_GPA, .writes = true,
		.seconds = SECONDS, .attacks = { attack_convert, touch, touch },
	};

	race_on_data(&plan, KVM_PRIVATE_FLAG_MMAP);
}

TEST(punch)
{
	const struct race_plan plan = {
		.guest = guest_patrol, .gpa = DATA_GPA, .writes = true,
		.seconds = SECONDS,
		.attacks = { attack_convert, touch, attack_punch, populate },
	};

	race_on_data(&plan, KVM_PRIVATE_FLAG_MMAP);
}

TEST(attributes)
{
	const struct race_plan plan = {
		.guest = guest_patrol, .gpa = DATA_GPA, .writes = true,
		.seconds = SECONDS,
		.attacks = { attack_convert, touch, flip_attributes },
	};

	race_on_data(&plan, KVM_PRIVATE_FLAG_MMAP);
}

TEST(slot)
{
	const struct race_plan plan = {
		.guest = guest_patrol, .gpa = DATA_GPA, .writes = true,
		.seconds = SECONDS, .carry_on = despite_efault,
		.attacks = {
			attack_convert, touch, attack_punch, attack_recreate_slot,
		},
	};

	race_on_data(&plan, KVM_PRIVATE_FLAG_MMAP);
}

TEST(emulated_access)
{
	const struct race_plan plan = {
		.guest = guest_emulated_patrol, .gpa = DATA_GPA, .writes = true,
		.seconds = SECONDS, .attacks = { attack_convert, touch, attack_punch },
	};

	race_on_data(&plan, KVM_PRIVATE_FLAG_MMAP);
}

/*
 * The word that two vCPUs add to is in private or shared memory, and so is the
 * page table that leads KVM to it. No addition gets lost.
 */
TEST(emulated_lock, &machine_mapped)
{
	static const __u64 pages[] = { DATA_GPA, FINE_PT_GPA };
	struct machine *m = *state;
	struct adders adders;
	unsigned int failed = 0;
	__u64 sum;

	poke(&m->cpu, FINE_PT_GPA, DATA_GPA | PTE_PRESENT | PTE_WRITE);
	poke(&m->cpu, DATA_GPA, 0);
	adders_start(&adders, m, FINE_VA);
	for (unsigned int i = 0; !adders_are_done(&adders); i++) {
		const __u64 page = pages[i % 3 / 2];

		failed += !!file_make_shared(m->file, page, PAGE,
					     CONVERT_PRESERVE);
		failed += conversion_failed(file_make_private(m->file, page, PAGE,
							      CONVERT_PRESERVE));
	}
	sum = adders_join(&adders);
	assert_int_equal(failed, 0);
	assert_int_equal(peek(&m->cpu, DATA_GPA), sum);
}

TEST(clock)
{
	const struct race_plan plan = {
		.guest = guest_patrol, .gpa = DATA_GPA, .writes = true,
		.seconds = SECONDS,
		.attacks = { attack_set_clock, convert_clocks, attack_convert },
	};
	struct race race;

	race_start(&race, KVM_PRIVATE_FLAG_MMAP);
	vcpu_call(&race.machine.cpu, guest_wrmsr, MSR_SYSTEM_TIME,
		  (DATA_GPA + RACE_SIZE) | MSR_ENABLE, 0);
	vcpu_call(&race.second, guest_wrmsr, MSR_SYSTEM_TIME,
		  (DATA_GPA + RACE_SIZE + PAGE) | MSR_ENABLE, 0);
	race_run(&race, &plan);
}

TEST(prefault)
{
	const struct race_plan plan = {
		.guest = guest_patrol, .gpa = DATA_GPA, .writes = true,
		.seconds = SECONDS, .attacks = { attack_convert, prefault },
	};
	struct race race;

	race_start(&race, KVM_PRIVATE_FLAG_MMAP);
	vcpu_open(&idle, race.machine.vm, 2);
	race_run(&race, &plan);
	vcpu_close(&idle);
}

TEST_MAIN("KVM guest: conversion races", .setup = emulation_setup)
