/* SPDX-License-Identifier: GPL-2.0-only */
/* KVM's interface to launch SEV-SNP guests, as far as the tests use it */
#ifndef TESTS_SNP_LAUNCH_H
#define TESTS_SNP_LAUNCH_H

#include <stdbool.h>
#include <linux/types.h>

#include "../vmm/sev.h"

/* Does this KVM run SEV-SNP guests? */
bool snp_supported(void);

/* The bit of a guest's page table entries that makes a page private */
__u64 snp_c_bit(void);

/* These fail the test or work, but for a refusal that is expected. */
int snp_create_vm(void);
void snp_launch_start(int vm);
/* @source NULL: the pages' own content */
void snp_launch_pages(int vm, __u64 gpa, __u64 size, const void *source, __u8 type);
void snp_launch_update(int vm, __u64 gpa, __u64 size, const void *source);
void snp_launch_zeros(int vm, __u64 gpa, __u64 size);
void snp_launch_finish(int vm);
/* The firmware is told the digest that the guest has to have. */
void snp_launch_finish_if(int vm, const __u8 *digest);

/*
 * From here on the firmware may refuse a command with that status, and the commands after
 * it aren't issued. The second returns whether it did, and ends that.
 */
void snp_expect_refusal(__u32 status);
bool snp_was_refused(void);

#endif
