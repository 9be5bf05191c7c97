/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Nested guests on AMD: the test guest (L1) enters with VMRUN a guest of its own
 * (L2), also one of guests.h. To L2 the first 4 MiB are mapped onto L1's memory,
 * page by page, and what they are mapped to the test may change.
 */
#ifndef TESTS_KVM_SVM_H
#define TESTS_KVM_SVM_H

#include "vcpu.h"

/* What L1 needs for it, free for it in the memory that L1 has at this address */
#define SVM_GPA		0x80000
#define SVM_SIZE	0x7000

/* Has the processor no SVM, or KVM no nesting? Then it says so. */
bool svm_is_missing(void);

/* memory: L1's from address 0 on, of which SVM_SIZE bytes from SVM_GPA on are used */
void svm_prepare(struct vcpu *vcpu, char *memory);

/* L2 finds L1's page gpa at address l2_gpa. */
void svm_map(char *memory, __u64 l2_gpa, __u64 gpa);

/*
 * Makes L2 run guest next, with regs but for RAX, and L1 end with HLT once L2 has
 * done so.
 */
void svm_enter(struct vcpu *vcpu, char *memory, const char *guest,
	       const struct kvm_regs *regs);

/* Fails the test unless L2 has ended with HLT; its RAX. */
__u64 svm_result(const char *memory);

#endif
