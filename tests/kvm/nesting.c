// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>

#include "nesting.h"
#include "unit.h"

static const struct nesting *nesting(void)
{
	if (vcpu_has_svm())
		return &svm_nesting;
	return vcpu_has_vmx() ? &vmx_nesting : NULL;
}

bool nesting_is_missing(void)
{
	if (nesting())
		return false;
	print_message("# this KVM has no nested guests: nothing to test\n");
	return true;
}

void nested_prepare(struct vcpu *vcpu, char *memory)
{
	memset(memory + NESTED_GPA, 0, NESTED_SIZE);
	nesting()->prepare(vcpu, memory);
}

void nested_map(char *memory, __u64 l2_gpa, __u64 gpa)
{
	nesting()->map(memory, l2_gpa, gpa);
}

void nested_map_block(char *memory, __u64 gpa)
{
	nesting()->map_block(memory, gpa);
}

bool nested_has_bits(struct vcpu *vcpu)
{
	return nesting()->has_bits(vcpu);
}

bool nested_accessed(const char *memory, __u64 l2_gpa)
{
	return nesting()->entry(memory, l2_gpa) & nesting()->accessed;
}

bool nested_dirty(const char *memory, __u64 l2_gpa)
{
	return nesting()->entry(memory, l2_gpa) & nesting()->dirty;
}

__u64 nested_private_gpa(void)
{
	return nesting()->private_gpa;
}

void nested_enter(struct vcpu *vcpu, char *memory, const char *guest,
		  const struct kvm_regs *regs)
{
	nesting()->enter(vcpu, memory, guest, regs);
}

__u64 nested_result(const char *memory)
{
	return nesting()->result(memory);
}
