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

static const char * const detour_names[] = {
	[KVM_PRIVATE_PAUSE_BINDINGS]		= "pause_bindings",
	[KVM_PRIVATE_PAUSE_CHECK_UNUSED]	= "pause_check_unused",
	[KVM_PRIVATE_PAUSE_CLEAR]		= "pause_clear",
	[KVM_PRIVATE_PAUSE_CLEAR_INFO]		= "pause_clear_info",
	[KVM_PRIVATE_PAUSE_COLLAPSE]		= "pause_collapse",
	[KVM_PRIVATE_PAUSE_COPY]		= "pause_copy",
	[KVM_PRIVATE_PAUSE_FILL]		= "pause_fill",
	[KVM_PRIVATE_PAUSE_FIND_PFN]		= "pause_find_pfn",
	[KVM_PRIVATE_PAUSE_FREE]		= "pause_free",
	[KVM_PRIVATE_PAUSE_GIGANTIC]		= "pause_gigantic",
	[KVM_PRIVATE_PAUSE_HAND_TO_HOST]	= "pause_hand_to_host",
	[KVM_PRIVATE_PAUSE_HOLDERS]		= "pause_holders",
	[KVM_PRIVATE_PAUSE_NEXT_HOLE]		= "pause_next_hole",
	[KVM_PRIVATE_PAUSE_POLICIES]		= "pause_policies",
	[KVM_PRIVATE_PAUSE_POPULATE]		= "pause_populate",
	[KVM_PRIVATE_PAUSE_STATE_FIND]		= "pause_state_find",
	[KVM_PRIVATE_PAUSE_STATE_SET]		= "pause_state_set",
	[KVM_PRIVATE_PAUSE_UNIT]		= "pause_unit",
	[KVM_PRIVATE_RETRY_CLAIM]		= "retry_claim",
	[KVM_PRIVATE_RETRY_COPY]		= "retry_copy",
	[KVM_PRIVATE_RETRY_FAULT]		= "retry_fault",
	[KVM_PRIVATE_RETRY_LATE]		= "retry_late",
	[KVM_PRIVATE_RETRY_LOCK]		= "retry_lock",
	[KVM_PRIVATE_RETRY_LOCK_UNIT]		= "retry_lock_unit",
	[KVM_PRIVATE_RETRY_LOOKUP]		= "retry_lookup",
	[KVM_PRIVATE_RETRY_NODE]		= "retry_node",
	[KVM_PRIVATE_RETRY_SPLIT]		= "retry_split",
};

static_assert(ARRAY_SIZE(detour_names) == KVM_PRIVATE_NR_DETOURS);

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

	if (nth && detour >= KVM_PRIVATE_FIRST_RETRY)
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
