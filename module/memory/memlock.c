// SPDX-License-Identifier: GPL-2.0-only
/*
 * RLIMIT_MEMLOCK. Private pages can't be reclaimed, so they count as locked memory of the
 * user that created the file, whatever task makes them appear. The count is the one that
 * io_uring and iommufd use.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/cred.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/sched/user.h>

#include "internal.h"
#include "memory/memory.h"

/**
 * kvm_private_memlock_init() - let the current process pay
 * @memlock: to be given to kvm_private_memlock_release() when all charges are
 *	back
 */
void kvm_private_memlock_init(struct kvm_private_memlock *memlock)
{
	if (capable(CAP_IPC_LOCK))
		return;

	memlock->user = get_uid(current_user());
	memlock->task = get_task_struct(current->group_leader);
}

void kvm_private_memlock_release(struct kvm_private_memlock *memlock)
{
	if (!memlock->user)
		return;

	put_task_struct(memlock->task);
	free_uid(memlock->user);
}

/**
 * kvm_private_memlock_charge() - charge pages
 * @memlock: the user that pays
 * @nr: number of base pages
 *
 * Context: any.
 * Return: 0, or -ENOMEM if that would exceed the limit.
 */
int kvm_private_memlock_charge(struct kvm_private_memlock *memlock,
			       unsigned long nr)
{
	unsigned long limit;
	long old, new;

	if (!memlock->user)
		return 0;

	limit = task_rlimit(memlock->task, RLIMIT_MEMLOCK) >> PAGE_SHIFT;

	old = atomic_long_read(&memlock->user->locked_vm);
	do {
		new = old + nr;
		if (new > limit)
			return -ENOMEM;
	} while (!atomic_long_try_cmpxchg(&memlock->user->locked_vm, &old, new));

	return 0;
}

/**
 * kvm_private_memlock_explain() - say in the log that the limit is reached
 * @memlock: a file's
 *
 * Context: any.
 * Return: whether it is.
 */
bool kvm_private_memlock_explain(const struct kvm_private_memlock *memlock)
{
	unsigned long limit, locked;

	if (!memlock->user)
		return false;
	limit = task_rlimit(memlock->task, RLIMIT_MEMLOCK) >> PAGE_SHIFT;
	locked = atomic_long_read(&memlock->user->locked_vm);
	if (locked < limit)
		return false;

	pr_warn_ratelimited("SIGBUS for process %d (%s): its user %u has %lu kB locked, and RLIMIT_MEMLOCK of process %d (%s), which created the file, is %lu kB\n",
			    task_tgid_nr(current), current->comm,
			    from_kuid(&init_user_ns, memlock->user->uid),
			    locked << (PAGE_SHIFT - 10),
			    task_tgid_nr(memlock->task), memlock->task->comm,
			    limit << (PAGE_SHIFT - 10));
	return true;
}

void kvm_private_memlock_uncharge(struct kvm_private_memlock *memlock,
				  unsigned long nr)
{
	if (memlock->user)
		atomic_long_sub(nr, &memlock->user->locked_vm);
}
