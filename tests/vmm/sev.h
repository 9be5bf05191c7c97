/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_VMM_SEV_H
#define TESTS_VMM_SEV_H

/* KVM's interface to SEV-SNP guests since Linux 6.11; Debian 12's headers are older. */

#include <linux/kvm.h>

#ifndef KVM_X86_SNP_VM

#define KVM_X86_SNP_VM			4

enum {
	KVM_SEV_INIT2			= 22,
	KVM_SEV_SNP_LAUNCH_START	= 100,
	KVM_SEV_SNP_LAUNCH_UPDATE,
	KVM_SEV_SNP_LAUNCH_FINISH,
};

struct kvm_sev_init {
	__u64 vmsa_features;
	__u32 flags;
	__u16 ghcb_version;
	__u16 pad1;
	__u32 pad2[8];
};

struct kvm_sev_snp_launch_start {
	__u64 policy;
	__u8 gosvw[16];
	__u16 flags;
	__u8 pad0[6];
	__u64 pad1[4];
};

struct kvm_sev_snp_launch_update {
	__u64 gfn_start;
	__u64 uaddr;
	__u64 len;
	__u8 type;
	__u8 pad0;
	__u16 flags;
	__u32 pad1;
	__u64 pad2[4];
};

struct kvm_sev_snp_launch_finish {
	__u64 id_block_uaddr;
	__u64 id_auth_uaddr;
	__u8 id_block_en;
	__u8 auth_key_en;
	__u8 vcek_disabled;
	__u8 host_data[32];
	__u8 pad0[3];
	__u16 flags;
	__u64 pad1[4];
};

#endif

/* The firmware's policy of each guest: SMT is allowed, and the bit that must be set. */
#define SNP_POLICY		(1ULL << 16 | 1ULL << 17)

#define SNP_PAGE_NORMAL		1
#define SNP_PAGE_VMSA		2
#define SNP_PAGE_ZERO		3
#define SNP_PAGE_UNMEASURED	4
#define SNP_PAGE_SECRETS	5
#define SNP_PAGE_CPUID		6

#define SNP_DIGEST_SIZE		48

/*
 * A command to the VM's part of the firmware. Returns 0 or the ioctl's errno; *@error is
 * the firmware's.
 */
int sev_command(int vm, __u32 id, void *data, __u32 *error);

#endif /* TESTS_VMM_SEV_H */
