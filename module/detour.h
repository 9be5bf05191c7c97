/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Paths that only chance takes: a walk that gives the processor up in the middle, a
 * lookup that has to start again since a page has just gone. A test can have them
 * taken on demand (tests/ioctl and others, with the parameter detours=N). Only a
 * build with KVM_PRIVATE_FAIL_POINTS=1 knows that parameter; in all others the
 * functions here do just what they are named for.
 */
#ifndef KVM_PRIVATE_DETOUR_H
#define KVM_PRIVATE_DETOUR_H

#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/xarray.h>

/*
 * One for each place; detour.c has the same in words. A pause is where a task may give the
 * processor up, a retry, of which all come after the pauses, where it looks again since
 * something has just changed.
 */
enum kvm_private_detour {
	KVM_PRIVATE_PAUSE_BINDINGS,
	KVM_PRIVATE_PAUSE_CHECK_UNUSED,
	KVM_PRIVATE_PAUSE_CLEAR,
	KVM_PRIVATE_PAUSE_CLEAR_INFO,
	KVM_PRIVATE_PAUSE_COLLAPSE,
	KVM_PRIVATE_PAUSE_COPY,
	KVM_PRIVATE_PAUSE_FILL,
	KVM_PRIVATE_PAUSE_FIND_PFN,
	KVM_PRIVATE_PAUSE_FREE,
	KVM_PRIVATE_PAUSE_GIGANTIC,
	KVM_PRIVATE_PAUSE_HAND_TO_HOST,
	KVM_PRIVATE_PAUSE_HOLDERS,
	KVM_PRIVATE_PAUSE_NEXT_HOLE,
	KVM_PRIVATE_PAUSE_POLICIES,
	KVM_PRIVATE_PAUSE_POPULATE,
	KVM_PRIVATE_PAUSE_STATE_FIND,
	KVM_PRIVATE_PAUSE_STATE_SET,
	KVM_PRIVATE_PAUSE_UNIT,
	KVM_PRIVATE_RETRY_CLAIM,
	KVM_PRIVATE_RETRY_COPY,
	KVM_PRIVATE_RETRY_FAULT,
	KVM_PRIVATE_RETRY_LATE,
	KVM_PRIVATE_RETRY_LOCK,
	KVM_PRIVATE_RETRY_LOCK_UNIT,
	KVM_PRIVATE_RETRY_LOOKUP,
	KVM_PRIVATE_RETRY_NODE,
	KVM_PRIVATE_RETRY_SPLIT,
	KVM_PRIVATE_NR_DETOURS,
};

#define KVM_PRIVATE_FIRST_RETRY	KVM_PRIVATE_RETRY_CLAIM

#ifdef KVM_PRIVATE_FAIL_POINTS
bool kvm_private_forced(enum kvm_private_detour detour);
#else
static inline bool kvm_private_forced(enum kvm_private_detour detour)
{
	return false;
}
#endif

/* cond_resched(), or if forced, one that lets whatever else can run do so */
#define kvm_private_cond_resched(name)					\
do {									\
	if (kvm_private_forced(KVM_PRIVATE_PAUSE_##name))		\
		schedule();						\
	else								\
		cond_resched();						\
} while (0)

/*
 * For a walk that holds the RCU read lock. The kernel's own cond_resched_rcu() is nothing
 * where RCU is preemptible, though such a kernel may be booted with preempt=none.
 */
static inline void kvm_private_resched_rcu(void)
{
	rcu_read_unlock();
	cond_resched();
	rcu_read_lock();
}

/* Is a walk to give the processor up here? */
#define kvm_private_should_pause(name)					\
	(need_resched() || kvm_private_forced(KVM_PRIVATE_PAUSE_##name))

/* @changed, or as if it were true */
#define kvm_private_should_retry(name, changed)				\
	((changed) || kvm_private_forced(KVM_PRIVATE_RETRY_##name))

#endif /* KVM_PRIVATE_DETOUR_H */
