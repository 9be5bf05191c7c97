// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest says which of its pages are shared: by a hypercall or, on platforms
 * where an access itself says which attribute it wants, by the access.
 */
#include "conversion.h"

#include <err.h>
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include <linux/kvm_para.h>

#include "kvm_abi.h"
#include "vmm.h"

#define PAGE_SIZE		4096ULL

/* The hypercall's third argument; below are hints about the page size. */
#define HYPERCALL_HINTS		0xfULL
#define HYPERCALL_PRIVATE	(1ULL << 4)

/*
 * An access that ends so again and again lacks something other than a
 * conversion.
 */
#define SAME_FAULTS_MAX		100

void conversion_offer(struct vmm *vmm)
{
	struct kvm_enable_cap cap = {
		.cap = KVM_CAP_EXIT_HYPERCALL,
		.args = { 1ULL << KVM_HC_MAP_GPA_RANGE },
	};

	if (ioctl(vmm->vm, KVM_ENABLE_CAP, &cap))
		err(1, "KVM_CAP_EXIT_HYPERCALL");
}

void conversion_hypercall(struct vcpu *vcpu)
{
	struct kvm_run *run = vcpu->run;
	__u64 gpa = run->hypercall.args[0];
	__u64 nr_pages = run->hypercall.args[1];
	__u64 wish = run->hypercall.args[2] & ~HYPERCALL_HINTS;
	int result;

	if (run->hypercall.nr != KVM_HC_MAP_GPA_RANGE)
		result = -KVM_ENOSYS;
	else if (wish & ~HYPERCALL_PRIVATE || nr_pages > ~0ULL / PAGE_SIZE)
		result = -KVM_EINVAL;
	else
		result = memory_convert(&vcpu->vmm->memory, gpa,
					nr_pages * PAGE_SIZE, wish);

	atomic_fetch_add(&vcpu->vmm->hypercalls, 1);
	run->hypercall.ret = result;
}

bool conversion_fault(struct vcpu *vcpu)
{
	int error = errno;
	struct kvm_run_memory_fault fault;
	bool converted;

	if (vcpu->run->exit_reason != KVM_EXIT_MEMORY_FAULT)
		return false;

	memcpy(&fault, vcpu->run->padding, sizeof(fault));
	if (memcmp(&fault, &vcpu->fault, sizeof(fault)))
		vcpu->same_faults = 0;
	vcpu->fault = fault;

	/* Other errors don't come from the page's attribute. */
	converted = error == EFAULT &&
		    vcpu->same_faults++ < SAME_FAULTS_MAX &&
		    !memory_convert(&vcpu->vmm->memory, fault.gpa, fault.size,
				    fault.flags & KVM_MEMORY_EXIT_FLAG_PRIVATE);
	errno = error;
	return converted;
}
