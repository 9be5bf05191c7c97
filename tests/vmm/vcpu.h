/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_VMM_VCPU_H
#define TESTS_VMM_VCPU_H

#include <pthread.h>
#include <stddef.h>

#include "kvm_abi.h"

struct vmm;

/**
 * struct vcpu - one CPU of the guest, with the thread that runs it
 * @vmm: the VM it belongs to
 * @fd: KVM's file of it
 * @id: its number, and its local APIC's
 * @run: the memory that KVM shares with us for it
 * @fault: the access that it last ended for, and
 * @same_faults: how often in a row it was that one
 */
struct vcpu {
	struct vmm *vmm;
	int fd;
	unsigned int id;
	struct kvm_run *run;
	struct kvm_run_memory_fault fault;
	unsigned int same_faults;
	pthread_t thread;
};

void vcpu_create(struct vcpu *vcpu, struct vmm *vmm, unsigned int id);
void vcpu_start(struct vcpu *vcpu);

#endif /* TESTS_VMM_VCPU_H */
