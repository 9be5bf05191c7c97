/* SPDX-License-Identifier: GPL-2.0-only */
/* KVM's user interface for TDX, which the headers of Debian 12's C library don't have */
#ifndef TESTS_TDX_KVM_TDX_UAPI_H
#define TESTS_TDX_KVM_TDX_UAPI_H

#include "../kvm/kvm_uapi.h"

#define KVM_X86_TDX_VM 5

/* For KVM_MEMORY_ENCRYPT_OP */
struct kvm_tdx_cmd {
	__u32 id;
	__u32 flags;
	__u64 data;
	__u64 hw_error;
};

/* Values of @id */
#define KVM_TDX_INIT_VM		1
#define KVM_TDX_INIT_VCPU	2
#define KVM_TDX_INIT_MEM_REGION	3
#define KVM_TDX_FINALIZE_VM	4

struct kvm_tdx_init_vm {
	__u64 attributes;
	__u64 xfam;
	__u64 mrconfigid[6];
	__u64 mrowner[6];
	__u64 mrownerconfig[6];
	__u64 reserved[12];
	struct kvm_cpuid2 cpuid;
};

struct kvm_tdx_init_mem_region {
	__u64 source_addr;
	__u64 gpa;
	__u64 nr_pages;
};

/* Of @flags */
#define KVM_TDX_MEASURE_MEMORY_REGION 1

#ifndef KVM_HC_MAP_GPA_RANGE
#define KVM_HC_MAP_GPA_RANGE 12
#endif
#define MAP_GPA_PRIVATE (1ULL << 4)

#endif
