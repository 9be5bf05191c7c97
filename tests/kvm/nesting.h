/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Nested guests. The test guest (L1) enters with VMRUN or VMLAUNCH a guest of its
 * own (L2), also one of guests.h. L2 sees the first 4 MiB mapped onto L1's memory,
 * page by page, and the test may change that map.
 */
#ifndef TESTS_KVM_NESTING_H
#define TESTS_KVM_NESTING_H

#include "vcpu.h"

/* L1's structures for it are in its memory at this address, which is free. */
#define NESTED_GPA	0x80000
#define NESTED_SIZE	0x8000

/* One for each kind of processor */
struct nesting {
	void (*prepare)(struct vcpu *vcpu, char *memory);
	void (*map)(char *memory, __u64 l2_gpa, __u64 gpa);
	void (*map_block)(char *memory, __u64 gpa);
	void (*enter)(struct vcpu *vcpu, char *memory, const char *guest,
		      const struct kvm_regs *regs);
	__u64 (*result)(const char *memory);
	/* The entry of L1's table for L2's page, and the bits that KVM sets there for L2 */
	__u64 (*entry)(const char *memory, __u64 l2_gpa);
	bool (*has_bits)(struct vcpu *vcpu);
	__u64 accessed, dirty;
	/* From here on L1's structures may be in private pages: KVM maps none of them. */
	__u64 private_gpa;
};

extern const struct nesting svm_nesting, vmx_nesting;

/* True, with a message, if KVM offers guests neither SVM nor VMX */
bool nesting_is_missing(void);

/* memory: L1's from address 0 on, of which NESTED_SIZE bytes from NESTED_GPA on are used */
void nested_prepare(struct vcpu *vcpu, char *memory);

/* L2 finds L1's page gpa at address l2_gpa. */
void nested_map(char *memory, __u64 l2_gpa, __u64 gpa);

/* L1 maps 2 MiB at address gpa onto themselves by one entry. Before L2's first access there. */
void nested_map_block(char *memory, __u64 gpa);

/* Has KVM marked the entry of L1's for the page as used, or as written through? */
bool nested_accessed(const char *memory, __u64 l2_gpa);
bool nested_dirty(const char *memory, __u64 l2_gpa);
bool nested_has_bits(struct vcpu *vcpu);

/* Where NESTED_SIZE ends, the part of L1's structures ends that may be in private pages. */
__u64 nested_private_gpa(void);

/*
 * Makes L2 run guest next, with regs but for RAX, RSP and those from R12 on. L1 ends
 * with HLT once L2 has.
 */
void nested_enter(struct vcpu *vcpu, char *memory, const char *guest,
		  const struct kvm_regs *regs);

/* Fails the test unless L2 has ended with HLT; returns its RAX. */
__u64 nested_result(const char *memory);

#endif
