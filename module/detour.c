// SPDX-License-Identifier: GPL-2.0-only
/*
 * Detours on demand, in the test build. With the parameter detours=N each place takes
 * its detour each Nth time that it is passed; 0 ends that. A place that looks again
 * does so each third time at most: it would never get further, and neither would a task
 * that passes it twice each time that it starts again. The parameter
 * detour_points tells for each place how often it was passed, and how often it took the
 * detour.
 */

#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/sysfs.h>

#include "detour.h"

#define PAUSE_NAME(name)	[KVM_PRIVATE_PAUSE_##name] = "pause_" #name,
#define RETRY_NAME(name)	[KVM_PRIVATE_RETRY_##name] = "retry_" #name,

static const char * const detour_names[] = {
	KVM_PRIVATE_DETOURS(PAUSE_NAME, RETRY_NAME)
};

static_assert(ARRAY_SIZE(detour_names) == KVM_PRIVATE_NR_DETOURS);

/* The retries come after the pauses. */
#define NO_PAUSE(name)
#define IS_RETRY(name)		BIT(KVM_PRIVATE_RETRY_##name) |

static const unsigned long retries =
	KVM_PRIVATE_DETOURS(NO_PAUSE, IS_RETRY) 0;

static_assert(KVM_PRIVATE_NR_DETOURS <= BITS_PER_LONG);

static atomic_t nr_passed[KVM_PRIVATE_NR_DETOURS];
static atomic_t nr_taken[KVM_PRIVATE_NR_DETOURS];

static unsigned int detours;
module_param(detours, uint, 0600);
MODULE_PARM_DESC(detours, "For tests: take what chance decides about each Nth time; 0: leave it to chance");

/**
 * kvm_private_forced() - is this a place to take the detour at?
 * @detour: the place
 *
 * Context: any.
 * Return: whether it is.
 */
bool kvm_private_forced(enum kvm_private_detour detour)
{
	unsigned int nth = READ_ONCE(detours);
	unsigned int passed = atomic_inc_return(&nr_passed[detour]);

	if (nth && retries & BIT(detour))
		nth = max(nth, 3U);
	if (!nth || passed % nth)
		return false;
	atomic_inc(&nr_taken[detour]);
	return true;
}

static int get_detour_points(char *text, const struct kernel_param *param)
{
	unsigned int i;
	int len = 0;

	for (i = 0; i < KVM_PRIVATE_NR_DETOURS; i++)
		len += sysfs_emit_at(text, len, "%s %u %u\n", detour_names[i],
				     (unsigned int)atomic_read(&nr_passed[i]),
				     (unsigned int)atomic_read(&nr_taken[i]));
	return len;
}

static const struct kernel_param_ops detour_points_ops = {
	.get = get_detour_points,
};
module_param_cb(detour_points, &detour_points_ops, NULL, 0400);
MODULE_PARM_DESC(detour_points, "For tests: places, how often passed and taken");
