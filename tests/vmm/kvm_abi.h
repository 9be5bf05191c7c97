/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_VMM_KVM_ABI_H
#define TESTS_VMM_KVM_ABI_H

/*
 * KVM's additions for private memory since the headers of Debian 12's C
 * library. A VMM that is built with newer headers needs none of them.
 */

#include <linux/kvm.h>

#ifndef KVM_X86_SW_PROTECTED_VM
#define KVM_X86_SW_PROTECTED_VM		1
#endif

#ifndef KVM_CAP_VM_TYPES
#define KVM_CAP_VM_TYPES		235
#endif

#ifndef KVM_SET_USER_MEMORY_REGION2

#define KVM_MEM_GUEST_MEMFD		0x4U

struct kvm_userspace_memory_region2 {
	__u32 slot;
	__u32 flags;
	__u64 guest_phys_addr;
	__u64 memory_size;
	__u64 userspace_addr;
	__u64 guest_memfd_offset;
	__u32 guest_memfd;
	__u32 pad1;
	__u64 pad2[14];
};

#define KVM_SET_USER_MEMORY_REGION2 \
	_IOW(KVMIO, 0x49, struct kvm_userspace_memory_region2)

#endif

#ifndef KVM_SET_MEMORY_ATTRIBUTES

#ifndef KVM_MEMORY_ATTRIBUTE_PRIVATE
#define KVM_MEMORY_ATTRIBUTE_PRIVATE	(1ULL << 3)
#endif

struct kvm_memory_attributes {
	__u64 address;
	__u64 size;
	__u64 attributes;
	__u64 flags;
};

#define KVM_SET_MEMORY_ATTRIBUTES \
	_IOW(KVMIO, 0xd2, struct kvm_memory_attributes)

#endif

#ifndef KVM_EXIT_MEMORY_FAULT
#define KVM_EXIT_MEMORY_FAULT		39
#define KVM_MEMORY_EXIT_FLAG_PRIVATE	0x8ULL
#endif

/* The member of struct kvm_run's union that goes with that exit. */
struct kvm_run_memory_fault {
	__u64 flags;
	__u64 gpa;
	__u64 size;
};

#endif /* TESTS_VMM_KVM_ABI_H */
