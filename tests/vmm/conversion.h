/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_VMM_CONVERSION_H
#define TESTS_VMM_CONVERSION_H

#include <stdbool.h>

struct vcpu;
struct vmm;

/*
 * Called before there are vCPUs, since the guest may ask at any time. Exits
 * with a message if the guest couldn't ask.
 */
void conversion_offer(struct vmm *vmm);

/* Answers KVM_EXIT_HYPERCALL. */
void conversion_hypercall(struct vcpu *vcpu);

/*
 * Answers a KVM_RUN that has failed. If a page was shared and should be
 * private, or the other way round, it now has the attribute that the access wants.
 * Returns whether to go on; if not, errno is KVM_RUN's.
 */
bool conversion_fault(struct vcpu *vcpu);

#endif /* TESTS_VMM_CONVERSION_H */
