/* SPDX-License-Identifier: GPL-2.0-only */
/* KVM's interface to launch SEV-SNP guests, as far as the tests use it */
#ifndef TESTS_SNP_LAUNCH_H
#define TESTS_SNP_LAUNCH_H

#include <stdbool.h>
#include <linux/types.h>

/* Does this KVM run SEV-SNP guests? */
bool snp_supported(void);

/* The bit of a guest's page table entries that makes a page private */
__u64 snp_c_bit(void);

/* These fail the test or work. */
int snp_create_vm(void);
void snp_launch_start(int vm);
/* @source NULL: the pages' own content */
void snp_launch_update(int vm, __u64 gpa, __u64 size, const void *source);
void snp_launch_zeros(int vm, __u64 gpa, __u64 size);
void snp_launch_finish(int vm);

#endif
