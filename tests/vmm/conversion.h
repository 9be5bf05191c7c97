/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_VMM_CONVERSION_H
#define TESTS_VMM_CONVERSION_H

#include <stdbool.h>

struct vcpu;
struct vmm;

/* Before there are vCPUs: the guest may ask. Explains and exits if it can't. */
void conversion_offer(struct vmm *vmm);

/* Answers KVM_EXIT_HYPERCALL. */
void conversion_hypercall(struct vcpu *vcpu);

/*
 * Answers a KVM_RUN that has failed: if that was over a page that is shared and
 * should be private, or the other way round, it is now as it should be. Returns
 * whether to go on; if not, errno is KVM_RUN's.
 */
bool conversion_fault(struct vcpu *vcpu);

#endif /* TESTS_VMM_CONVERSION_H */
