// SPDX-License-Identifier: GPL-2.0-only
/*
 * vCPUs on the border of two huge pages, which are split, punched, converted and
 * collapsed under them. See races.c about --smp.
 */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "attacks.h"
#include "convert.h"
#include "huge.h"
#include "touch.h"

#define SECONDS	4

/*
 * Half of the range in each huge page; the guest's tables and code are in the
 * first.
 */
#define PATROL_GPA	(HUGE_PAGE - RACE_SIZE / 2)

static int file_of(struct attacker *a)
{
	return a->race->machine.file;
}

/* A part of the range on patrol, or all of the second huge page */
static void pick(struct attacker *a, __u64 *offset, __u64 *size)
{
	race_pick(a, offset, size);
	*offset += PATROL_GPA;
	if (rand_r(&a->seed) % 4 == 0) {
		*offset = HUGE_PAGE;
		*size = HUGE_PAGE;
	}
}

static int punch(struct attacker *a)
{
	__u64 offset, size;

	pick(a, &offset, &size);
	return file_punch(file_of(a), offset, size);
}

static int allocate(struct attacker *a)
{
	__u64 offset, size;

	pick(a, &offset, &size);
	return file_allocate(file_of(a), offset, size);
}

/* A block with a page that a fault or a pipe has pinned is left for later. */
static int collapse(struct attacker *a)
{
	struct kvm_private_collapse all = { .size = MEM_SIZE };

	if (file_collapse(file_of(a), &all) && errno != EAGAIN &&
	    errno != ENOMEM)
		return -1;
	return 0;
}

static int convert(struct attacker *a)
{
	__u64 offset, size;
	int ret;

	pick(a, &offset, &size);
	if (rand_r(&a->seed) % 2)
		ret = file_make_shared(file_of(a), offset, size,
				       CONVERT_PRESERVE);
	else
		ret = file_make_private(file_of(a), offset, size,
					CONVERT_PRESERVE);
	return ret && errno != EAGAIN ? -1 : 0;
}

/* A shared page shows only its own bytes. */
static int touch(struct attacker *a)
{
	const __u64 page = PATROL_GPA + rand_r(&a->seed) % RACE_PAGES * PAGE;
	unsigned char byte;
	int signal;

	signal = touch_read(a->race->machine.map + page + 1, &byte);
	errno = EILSEQ;
	if (!signal)
		return !byte || byte == (page >> 8 & 0xff) ? 0 : -1;
	return signal == SIGBUS ? 0 : -1;
}

static struct vcpu idle;

static int prefault(struct attacker *a)
{
	__u64 offset, size;

	pick(a, &offset, &size);
	return vcpu_pre_fault(&idle, offset, size) < 0 && errno != EFAULT ? -1 :
									    0;
}

static void run(const struct race_plan *given, __u64 flags)
{
	struct race_plan plan = *given;
	struct race race;

	plan.gpa = PATROL_GPA;
	plan.seconds = SECONDS;
	plan.writes = true;
	if (!plan.guest)
		plan.guest = guest_patrol;
	race_start_huge(&race, flags);
	vcpu_open(&idle, race.machine.vm, 2);
	race_run(&race, &plan);
	vcpu_close(&idle);
}

TEST(punch)
{
	const struct race_plan plan = { .attacks = { punch, allocate } };

	run(&plan, 0);
}

TEST(collapse)
{
	const struct race_plan plan = { .attacks = { punch, collapse } };

	run(&plan, 0);
}

TEST(convert)
{
	const struct race_plan plan = { .attacks = { convert, touch } };

	run(&plan, KVM_PRIVATE_FLAG_MMAP);
}

TEST(prefault)
{
	const struct race_plan plan = {
		.attacks = { punch, convert, prefault, collapse },
	};

	run(&plan, KVM_PRIVATE_FLAG_MMAP);
}

TEST(slot)
{
	const struct race_plan plan = {
		.carry_on = despite_efault,
		.attacks = { attack_recreate_slot, punch, collapse },
	};

	run(&plan, 0);
}

TEST(emulated_access)
{
	const struct race_plan plan = {
		.guest = guest_emulated_patrol,
		.attacks = { punch, convert, collapse },
	};

	run(&plan, KVM_PRIVATE_FLAG_MMAP);
}

TEST(all)
{
	const struct race_plan plan = {
		.carry_on = despite_efault,
		.attacks = {
			punch, allocate, convert, touch, collapse,
			attack_recreate_slot,
		},
	};

	run(&plan, KVM_PRIVATE_FLAG_MMAP);
}

TEST_MAIN("KVM guest: huge races", .setup = emulation_setup)
