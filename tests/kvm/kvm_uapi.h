/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The parts of KVM's user interface that the <linux/kvm.h> of Debian 12 is too
 * old for. A newer header wins.
 */
#ifndef TESTS_KVM_UAPI_H
#define TESTS_KVM_UAPI_H

#include <linux/kvm.h>
#include <linux/types.h>

#ifndef KVM_X86_SW_PROTECTED_VM
#define KVM_X86_SW_PROTECTED_VM		1
#endif

#ifndef KVM_SET_USER_MEMORY_REGION2
#define KVM_MEM_GUEST_MEMFD		0x4

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

#ifndef KVM_CREATE_GUEST_MEMFD
struct kvm_create_guest_memfd {
	__u64 size;
	__u64 flags;
	__u64 reserved[6];
};

#define KVM_CREATE_GUEST_MEMFD \
	_IOWR(KVMIO, 0xd4, struct kvm_create_guest_memfd)
#endif

#ifndef KVM_SET_MEMORY_ATTRIBUTES
#define KVM_MEMORY_ATTRIBUTE_PRIVATE	0x8ULL

struct kvm_memory_attributes {
	__u64 address;
	__u64 size;
	__u64 attributes;
	__u64 flags;
};

#define KVM_SET_MEMORY_ATTRIBUTES \
	_IOW(KVMIO, 0xd2, struct kvm_memory_attributes)
#endif

#ifndef KVM_PRE_FAULT_MEMORY
struct kvm_pre_fault_memory {
	__u64 gpa;
	__u64 size;
	__u64 flags;
	__u64 padding[5];
};

#define KVM_PRE_FAULT_MEMORY \
	_IOWR(KVMIO, 0xd5, struct kvm_pre_fault_memory)
#endif

#ifndef KVM_EXIT_MEMORY_FAULT
#define KVM_EXIT_MEMORY_FAULT		39
#define KVM_MEMORY_EXIT_FLAG_PRIVATE	0x8ULL
#endif

/* kvm_run.memory_fault, read through kvm_run.padding. */
struct memory_fault {
	__u64 flags;
	__u64 gpa;
	__u64 size;
};

#define MSR_WALL_CLOCK		0x4b564d00
#define MSR_SYSTEM_TIME		0x4b564d01
#define MSR_STEAL_TIME		0x4b564d03
#define MSR_ENABLE		1

#endif
