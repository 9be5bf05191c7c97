/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Nested guests on AMD. The test guest (L1) enters with VMRUN a guest of its own
 * (L2), also one of guests.h. L2 sees the first 4 MiB mapped onto L1's memory,
 * page by page, and the test may change that map.
 */
#ifndef TESTS_KVM_SVM_H
#define TESTS_KVM_SVM_H

#include "vcpu.h"

/* L1's structures for it are in its memory at this address, which is free. */
#define SVM_GPA		0x80000
#define SVM_SIZE	0x7000

/* True, with a message, if the processor has no SVM or KVM no nesting */
bool svm_is_missing(void);

/* memory: L1's from address 0 on, of which SVM_SIZE bytes from SVM_GPA on are used */
void svm_prepare(struct vcpu *vcpu, char *memory);

/* L2 finds L1's page gpa at address l2_gpa. */
void svm_map(char *memory, __u64 l2_gpa, __u64 gpa);

/*
 * Makes L2 run guest next, with regs but for RAX. L1 ends with HLT once L2 has.
 */
void svm_enter(struct vcpu *vcpu, char *memory, const char *guest,
	       const struct kvm_regs *regs);

/* Fails the test unless L2 has ended with HLT; returns its RAX. */
__u64 svm_result(const char *memory);

#endif
