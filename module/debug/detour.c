// SPDX-License-Identifier: GPL-2.0-only
/*
 * Detours on demand, in the test build. With the parameter detours=N each place takes
 * its detour each Nth time that it is passed; 0 ends that. A place that looks again
 * does so each third time at most: it would never get further, and neither would a task
 * that passes it twice each time that it starts again. The parameter
 * detour_points tells for each place how often it was passed, and how often it took the
 * detour.
 *
 * A test that writes "PLACE 1" to the parameter stay has the next task that comes to that
 * place stay there until it writes "PLACE 0". While a task stays there the parameter reads
 * "PLACE 2".
 */

#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/string.h>
#include <linux/sysfs.h>
#include <linux/wait.h>

#include "detour.h"

#define DETOUR(name)	#name
static const char * const names[] = {
#include "detours.h"
};

#undef DETOUR

/* The states of a place, for the parameter stay */
enum {
	FREE,
	WANTED,		/* the next task is to stay there */
	TAKEN,		/* a task stays */
};

/* A task doesn't stay for ever, should the test have died. */
#define MAX_STAY	(60 * HZ)

static atomic_t stays[KVM_PRIVATE_NR_DETOURS];
static DECLARE_WAIT_QUEUE_HEAD(stay_over);

static atomic_t nr_passed[KVM_PRIVATE_NR_DETOURS];
static atomic_t nr_taken[KVM_PRIVATE_NR_DETOURS];

static unsigned int detours;
module_param(detours, uint, 0600);
MODULE_PARM_DESC(detours, "For tests: take what chance decides about each Nth time; 0: leave it to chance");

/**
 * kvm_private_forced() - see whether to take the detour at a place
 * @place: the place
 *
 * Context: any.
 * Return: whether to take it.
 */
bool kvm_private_forced(enum kvm_private_detour place)
{
	unsigned int nth = READ_ONCE(detours);
	unsigned int passed = atomic_inc_return(&nr_passed[place]);

	if (nth && place >= KVM_PRIVATE_FIRST_RETRY)
		nth = max(nth, 3U);
	if ((!nth || passed % nth) && atomic_read(&stays[place]) != WANTED)
		return false;
	atomic_inc(&nr_taken[place]);
	return true;
}

/**
 * kvm_private_give_way() - let other tasks come in between
 * @place: where, for the parameter stay
 *
 * Context: sleeps.
 */
void kvm_private_give_way(enum kvm_private_detour place)
{
	if (atomic_cmpxchg(&stays[place], WANTED, TAKEN) == WANTED)
		wait_event_timeout(stay_over,
				   atomic_read(&stays[place]) != TAKEN,
				   MAX_STAY);
	else
		schedule();
}

static int detour_set_stay(const char *text, const struct kernel_param *param)
{
	unsigned int wanted;
	char name[32];
	int place;

	if (sscanf(text, "%31s %u", name, &wanted) != 2 || wanted > WANTED)
		return -EINVAL;
	place = match_string(names, KVM_PRIVATE_FIRST_RETRY, name);
	if (place < 0)
		return place;
	atomic_set(&stays[place], wanted);
	wake_up_all(&stay_over);
	return 0;
}

static int detour_get_stay(char *text, const struct kernel_param *param)
{
	unsigned int i;
	int len = 0;

	for (i = 0; i < KVM_PRIVATE_NR_DETOURS; i++)
		if (atomic_read(&stays[i]) != FREE)
			len += sysfs_emit_at(text, len, "%s %d\n", names[i],
					     atomic_read(&stays[i]));
	return len;
}

static const struct kernel_param_ops stay_ops = {
	.set = detour_set_stay,
	.get = detour_get_stay,
};
module_param_cb(stay, &stay_ops, NULL, 0600);
MODULE_PARM_DESC(stay, "For tests: where the next task stays; 2: one does");

static int detour_get_points(char *text, const struct kernel_param *param)
{
	unsigned int i;
	int len = 0;

	for (i = 0; i < KVM_PRIVATE_NR_DETOURS; i++)
		len += sysfs_emit_at(text, len, "%s %u %u\n", names[i],
				     (unsigned int)atomic_read(&nr_passed[i]),
				     (unsigned int)atomic_read(&nr_taken[i]));
	return len;
}

static const struct kernel_param_ops detour_points_ops = {
	.get = detour_get_points,
};
module_param_cb(detour_points, &detour_points_ops, NULL, 0400);
MODULE_PARM_DESC(detour_points, "For tests: places, how often passed and taken");
