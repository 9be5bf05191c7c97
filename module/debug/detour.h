/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Paths that only chance takes: a walk that gives the processor up in the middle, a lookup
 * that has to start again since a page has just gone. A test can have them taken on demand
 * (tests/ioctl and others, with the parameter detours=N). Only a build with
 * KVM_PRIVATE_FAIL_POINTS=1 knows that parameter; in all others nothing is forced.
 */
#ifndef KVM_PRIVATE_DETOUR_H
#define KVM_PRIVATE_DETOUR_H

#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/xarray.h>

/* The places; detours.h has them all. */
#define DETOUR(name)	KVM_PRIVATE_##name
enum kvm_private_detour {
#include "detours.h"
	KVM_PRIVATE_NR_DETOURS,
};

#undef DETOUR

#define KVM_PRIVATE_FIRST_RETRY	KVM_PRIVATE_RETRY_CLAIM

#ifdef KVM_PRIVATE_FAIL_POINTS
bool kvm_private_forced(enum kvm_private_detour place);
void kvm_private_give_way(enum kvm_private_detour place);
#else
static inline bool kvm_private_forced(enum kvm_private_detour place)
{
	return false;
}

static inline void kvm_private_give_way(enum kvm_private_detour place)
{
}
#endif

/* cond_resched(); if forced, other tasks run even if the scheduler sees no need */
#define kvm_private_cond_resched(name)					\
do {									\
	if (kvm_private_forced(KVM_PRIVATE_PAUSE_##name))		\
		kvm_private_give_way(KVM_PRIVATE_PAUSE_##name);		\
	else								\
		cond_resched();						\
} while (0)

/*
 * For a walk that holds the RCU read lock. The kernel's own cond_resched_rcu() is nothing
 * where RCU is preemptible, though such a kernel may be booted with preempt=none.
 */
#define kvm_private_resched_rcu(name)					\
do {									\
	rcu_read_unlock();						\
	kvm_private_cond_resched(name);					\
	rcu_read_lock();						\
} while (0)

/* Whether a walk is to give the processor up here */
#define kvm_private_should_pause(name)					\
	(need_resched() || kvm_private_forced(KVM_PRIVATE_PAUSE_##name))

/* Does nothing, but if forced it sleeps, so that another task comes in between. */
#define kvm_private_window(name)					\
do {									\
	if (kvm_private_forced(KVM_PRIVATE_WINDOW_##name))		\
		kvm_private_give_way(KVM_PRIVATE_WINDOW_##name);	\
} while (0)

/* @changed, or as if it were true */
#define kvm_private_should_retry(name, changed)				\
	((changed) || kvm_private_forced(KVM_PRIVATE_RETRY_##name))

#endif /* KVM_PRIVATE_DETOUR_H */
