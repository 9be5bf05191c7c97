/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KVM's user interface as the tests need it, which is more than a VMM does. If
 * <linux/kvm.h> is newer than Debian 12's, its definitions count.
 */
#ifndef TESTS_KVM_UAPI_H
#define TESTS_KVM_UAPI_H

#include "../vmm/kvm_abi.h"

#ifndef KVM_CREATE_GUEST_MEMFD
struct kvm_create_guest_memfd {
	__u64 size;
	__u64 flags;
	__u64 reserved[6];
};

#define KVM_CREATE_GUEST_MEMFD \
	_IOWR(KVMIO, 0xd4, struct kvm_create_guest_memfd)
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

#ifndef KVM_MEMORY_EXIT_FLAG_PRIVATE
#define KVM_MEMORY_EXIT_FLAG_PRIVATE	0x8ULL
#endif

#define MSR_WALL_CLOCK		0x4b564d00
#define MSR_SYSTEM_TIME		0x4b564d01
#define MSR_STEAL_TIME		0x4b564d03
#define MSR_ENABLE		1

#endif
