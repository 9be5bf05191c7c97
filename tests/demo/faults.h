/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_DEMO_FAULTS_H
#define TESTS_DEMO_FAULTS_H

#include "vmm.h"

/**
 * struct faults - what counts a guest's page faults
 * @vcpus: KVM's counters of each vCPU
 * @placed: bytes of memory that were there before the guest ran
 */
struct faults {
	int *vcpus;
	__u64 placed;
};

/* The guest hasn't started. */
void faults_watch(struct faults *faults, const struct vmm *vmm);

/* Prints how the guest's memory was allocated. The guest may run. */
void faults_tell(const struct faults *faults, const struct vmm *vmm);

#endif /* TESTS_DEMO_FAULTS_H */
