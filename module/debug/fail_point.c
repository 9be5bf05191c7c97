// SPDX-License-Identifier: GPL-2.0-only
/*
 * Failing on demand, in the test build.
 *
 * A task that writes "N COUNT" to the parameter fail_nth is denied its requests at COUNT
 * places (1 if left out), beginning with the Nth that it passes afterwards. Other tasks are
 * denied nothing. "0" ends that. The parameter reads as the number of denials since.
 *
 * With fail_again each request that is made a second time is denied, to any task, for use
 * with the kernel's fault injection.
 *
 * With kernel_fail_nth the kernel denies, as if the number had been written to
 * /proc/self/fail-nth at the moment when the parameter is parsed. The loader complains if
 * it is denied something before that.
 *
 * The parameter fail_points tells for each place how often it was passed, and how often
 * failed.
 */

#include <linux/atomic.h>
#include <linux/kernel.h>
#include <linux/moduleparam.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <linux/sysfs.h>

#include "fail_point.h"

#define FAIL_POINT(name)	#name
static const char * const point_names[] = {
#include "fail_points.h"
};

#undef FAIL_POINT

static atomic_t nr_passed[KVM_PRIVATE_NR_FAIL_POINTS];
static atomic_t nr_failed[KVM_PRIVATE_NR_FAIL_POINTS];

/**
 * struct denial - the requests that are denied
 * @victim: the task whose requests they are; compared only, never dereferenced
 * @skip: number of places to pass before
 * @left: number of places to fail at after those
 * @done: number of places that have failed
 */
struct denial {
	const struct task_struct *victim;
	unsigned int skip;
	unsigned int left;
	unsigned int done;
};

/* A place may be where interrupts are off. */
static DEFINE_SPINLOCK(denial_lock);	/* guards denial */

static struct denial denial;

static bool fail_again;
module_param(fail_again, bool, 0600);
MODULE_PARM_DESC(fail_again, "For tests: deny what is asked for a second time");

static bool fail_point_is_again(enum kvm_private_fail_point point)
{
	return point == KVM_PRIVATE_FAIL_INSERT_AGAIN ||
	       point == KVM_PRIVATE_FAIL_JOIN_AGAIN;
}

static bool fail_point_is_denied(void)
{
	unsigned long flags;
	bool fail = false;

	if (READ_ONCE(denial.victim) != current)
		return false;

	spin_lock_irqsave(&denial_lock, flags);
	if (denial.victim != current) {
		/* Another task has just become the victim. */
	} else if (denial.skip) {
		denial.skip--;
	} else if (denial.left) {
		denial.left--;
		denial.done++;
		fail = true;
	}
	spin_unlock_irqrestore(&denial_lock, flags);
	return fail;
}

/**
 * kvm_private_fails() - see whether to fail at a place
 * @point: the place
 *
 * Context: any.
 * Return: whether to fail.
 */
bool kvm_private_fails(enum kvm_private_fail_point point)
{
	bool fail = fail_point_is_denied() ||
		    (READ_ONCE(fail_again) && fail_point_is_again(point));

	atomic_inc(&nr_passed[point]);
	if (fail)
		atomic_inc(&nr_failed[point]);
	return fail;
}

static int fail_point_set_denial(const char *text,
				 const struct kernel_param *param)
{
	unsigned int nth, count = 1;
	unsigned long flags;

	if (sscanf(text, "%u %u", &nth, &count) < 1)
		return -EINVAL;

	spin_lock_irqsave(&denial_lock, flags);
	denial.victim = nth ? current : NULL;
	denial.skip = nth - 1;
	denial.left = count;
	if (nth)
		denial.done = 0;
	spin_unlock_irqrestore(&denial_lock, flags);
	return 0;
}

static int fail_point_get_denial(char *text, const struct kernel_param *param)
{
	return sysfs_emit(text, "%u\n", READ_ONCE(denial.done));
}

static const struct kernel_param_ops denial_ops = {
	.set = fail_point_set_denial,
	.get = fail_point_get_denial,
};
module_param_cb(fail_nth, &denial_ops, NULL, 0600);
MODULE_PARM_DESC(fail_nth, "For tests: what the writing task is denied");

#ifdef CONFIG_FAULT_INJECTION
static int fail_point_set_kernel_denial(const char *text,
					const struct kernel_param *param)
{
	return kstrtouint(text, 0, &current->fail_nth);
}

static const struct kernel_param_ops kernel_denial_ops = {
	.set = fail_point_set_kernel_denial,
};
module_param_cb(kernel_fail_nth, &kernel_denial_ops, NULL, 0);
MODULE_PARM_DESC(kernel_fail_nth, "For tests: deny the rest of the loading its Nth allocation");
#endif

static int fail_point_get_points(char *text, const struct kernel_param *param)
{
	unsigned int i;
	int len = 0;

	for (i = 0; i < KVM_PRIVATE_NR_FAIL_POINTS; i++)
		len += sysfs_emit_at(text, len, "%s %d %d\n", point_names[i],
				     atomic_read(&nr_passed[i]),
				     atomic_read(&nr_failed[i]));
	return len;
}

static const struct kernel_param_ops points_ops = {
	.get = fail_point_get_points,
};
module_param_cb(fail_points, &points_ops, NULL, 0400);
MODULE_PARM_DESC(fail_points, "For tests: places, how often passed and failed");
