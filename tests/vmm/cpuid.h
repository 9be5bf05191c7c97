/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_VMM_CPUID_H
#define TESTS_VMM_CPUID_H

void cpuid_set(int kvm, int vcpu, unsigned int apic_id, unsigned int nr_cpus);

#endif /* TESTS_VMM_CPUID_H */
