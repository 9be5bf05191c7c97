/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_VMM_CPUID_H
#define TESTS_VMM_CPUID_H

struct kvm_cpuid2;

/* The functions of one of the guest's CPUs, to be freed */
struct kvm_cpuid2 *cpuid_make(int kvm, unsigned int apic_id, unsigned int nr_cpus);

void cpuid_set(int kvm, int vcpu, unsigned int apic_id, unsigned int nr_cpus);

#endif /* TESTS_VMM_CPUID_H */
