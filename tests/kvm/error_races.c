// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages get hardware memory errors while vCPUs patrol them and other threads convert,
 * allocate and touch them. Each such page is lost to the machine, and a new one comes
 * in its place. Only the thread that injects errors frees pages: otherwise a page
 * could belong to another owner by then, whom the error would hit. See races.c
 * about --smp.
 */
#include <sched.h>
#include <signal.h>
#include <stdlib.h>

#include "attacks.h"
#include "convert.h"
#include "huge.h"
#include "poison.h"
#include "touch.h"

#define SECONDS	3

/* All errors together take no more of the machine's memory than a test may miss */
#define MAX_ERRORS	400

static bool despite_errors(int result)
{
	return result == -EHWPOISON || despite_efault(result);
}

/* A page's pfn can be seen while the page is shared. */
static int spoil(struct attacker *a)
{
	const __u64 at = DATA_GPA + rand_r(&a->seed) % RACE_PAGES * PAGE;
	const struct machine *m = &a->race->machine;
	unsigned char byte;
	__u64 pfn;

	if (a->data == MAX_ERRORS) {
		sched_yield();
		return 0;
	}
	if (file_make_shared(m->file, at, PAGE, CONVERT_PRESERVE))
		return -1;
	if (touch_read(m->map + at, &byte))
		return 0;
	pfn = mapped_pfn(m->map + at);
	if (!pfn)
		return 0;
	a->data++;
	if (poison_try(pfn))
		return -1;
	sched_yield();
	return file_punch(m->file, at, PAGE);
}

static int touch(struct attacker *a)
{
	const __u64 page = rand_r(&a->seed) % RACE_PAGES * PAGE;
	char *at = a->race->machine.map + DATA_GPA + page;
	unsigned char byte;
	int signal = touch_read(at, &byte);

	errno = EFAULT;
	return !signal || signal == SIGBUS ? 0 : -1;
}

static void race_huge(const struct race_plan *plan)
{
	struct race race;

	race_start_huge(&race, KVM_PRIVATE_FLAG_MMAP);
	race_run(&race, plan);
}

static const struct race_plan alone = {
	.guest = guest_patrol, .gpa = DATA_GPA, .writes = true,
	.seconds = SECONDS, .carry_on = despite_errors,
	.attacks = { spoil },
};

static const struct race_plan among_others = {
	.guest = guest_patrol, .gpa = DATA_GPA, .writes = true,
	.seconds = SECONDS, .carry_on = despite_errors,
	.attacks = {
		spoil, attack_convert, touch, attack_allocate, attack_recreate_slot,
	},
};

TEST(alone)
{
	race_on_data(&alone, KVM_PRIVATE_FLAG_MMAP);
}

TEST(among_others)
{
	race_on_data(&among_others, KVM_PRIVATE_FLAG_MMAP);
}

TEST(huge)
{
	race_huge(&alone);
}

TEST(huge_among_others)
{
	race_huge(&among_others);
}

TEST_MAIN("KVM guest: memory errors while it runs")
