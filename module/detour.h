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
 * One for each place, with its name for the tests. A pause is where a task may give the
 * processor up, a retry where it looks again since something has just changed.
 */
#define KVM_PRIVATE_DETOURS(pause, retry)	\
	pause(BINDINGS)				\
	pause(CHECK_UNUSED)			\
	pause(CLEAR)				\
	pause(CLEAR_INFO)			\
	pause(COLLAPSE)				\
	pause(COPY)				\
	pause(FILL)				\
	pause(FIND_PFN)				\
	pause(FREE)				\
	pause(GIGANTIC)				\
	pause(HAND_TO_HOST)			\
	pause(HOLDERS)				\
	pause(NEXT_HOLE)			\
	pause(POLICIES)				\
	pause(POPULATE)				\
	pause(STATE_FIND)			\
	pause(STATE_SET)			\
	pause(UNIT)				\
	retry(CLAIM)				\
	retry(COPY)				\
	retry(FAULT)				\
	retry(LATE)				\
	retry(LOCK)				\
	retry(LOCK_UNIT)			\
	retry(LOOKUP)				\
	retry(NODE)				\
	retry(SPLIT)

#define KVM_PRIVATE_PAUSE_ENUM(name)	KVM_PRIVATE_PAUSE_##name,
#define KVM_PRIVATE_RETRY_ENUM(name)	KVM_PRIVATE_RETRY_##name,

enum kvm_private_detour {
	KVM_PRIVATE_DETOURS(KVM_PRIVATE_PAUSE_ENUM, KVM_PRIVATE_RETRY_ENUM)
	KVM_PRIVATE_NR_DETOURS,
};

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
