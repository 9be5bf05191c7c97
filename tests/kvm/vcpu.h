/* SPDX-License-Identifier: GPL-2.0-only */
/* vCPUs that run the routines of guests.h. */
#ifndef TESTS_KVM_VCPU_H
#define TESTS_KVM_VCPU_H

#include <pthread.h>
#include <stdbool.h>
#include <linux/types.h>
#include <sys/types.h>
#include <time.h>

#include "kvm_uapi.h"

struct vcpu {
	int fd;
	struct kvm_run *run;
	size_t run_size;

	/* Signals the thread that runs the vCPU; 0 if none has run it yet */
	timer_t watchdog;
	pid_t watched;

	/* Of vcpu_spawn(). */
	pthread_t thread;
	bool (*carry_on)(int result);
	bool stopping;
	unsigned long carried_on;
	int result;
};

/* A vCPU in long mode on the tables that vm_load() made. */
void vcpu_open(struct vcpu *vcpu, int vm, unsigned int id);
void vcpu_close(struct vcpu *vcpu);

/* Does KVM offer SVM, or VMX, to guests? */
bool vcpu_has_svm(void);
bool vcpu_has_vmx(void);
/* And UMIP, which KVM may emulate? */
bool vcpu_has_umip(void);

struct kvm_regs vcpu_regs(struct vcpu *vcpu);
void vcpu_set_regs(struct vcpu *vcpu, const struct kvm_regs *regs);

/* The vCPU runs guest, of guests.h, next; regs may be NULL. */
void vcpu_enter(struct vcpu *vcpu, const char *guest,
		const struct kvm_regs *regs);

/*
 * Runs until an exit and returns its reason, or a negative errno: -ETIMEDOUT
 * if there is no exit for long, -EINTR after vcpu_stop().
 */
int vcpu_run(struct vcpu *vcpu);

/* Fails the test if result isn't want, and tells where the vCPU is. */
void vcpu_expect(struct vcpu *vcpu, int result, int want);

/* Runs a guest to its HLT and returns its RAX. */
__u64 vcpu_call(struct vcpu *vcpu, const char *guest, __u64 rdi, __u64 rsi,
		__u64 rdx);

struct kvm_run_memory_fault vcpu_memory_fault(struct vcpu *vcpu);

/*
 * Runs and fails the test unless the guest can't access the page at gpa: KVM_RUN
 * gives error and names the page, with flags.
 */
void vcpu_expect_fault(struct vcpu *vcpu, int error, __u64 gpa, __u64 flags);

/* KVM_PRE_FAULT_MEMORY: how much is left, or -1 and errno */
long vcpu_pre_fault(struct vcpu *vcpu, __u64 gpa, __u64 size);

/*
 * Runs in a thread of its own, again and again while carry_on says so of the
 * result of vcpu_run() (NULL: never). vcpu_join() waits for the last exit, and
 * vcpu_stop() makes the vCPU leave KVM_RUN. Both return the last result.
 */
void vcpu_spawn(struct vcpu *vcpu, bool (*carry_on)(int result));
int vcpu_join(struct vcpu *vcpu);
int vcpu_stop(struct vcpu *vcpu);

#endif
