/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_VMM_CPUID_H
#define TESTS_VMM_CPUID_H

struct kvm_cpuid2;

struct vmm;

/* The functions of one of the guest's CPUs, to be freed */
struct kvm_cpuid2 *cpuid_make(const struct vmm *vmm, unsigned int apic_id);

void cpuid_set(const struct vmm *vmm, int vcpu, unsigned int apic_id);

#endif /* TESTS_VMM_CPUID_H */
