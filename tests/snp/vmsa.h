/* SPDX-License-Identifier: GPL-2.0-only */
/* The save area that KVM makes of a vCPU before it launches it */
#ifndef TESTS_SNP_VMSA_H
#define TESTS_SNP_VMSA_H

#include <linux/types.h>

/* Where KVM launches it */
#define VMSA_GPA	0xfffffffff000ULL

/* Of KVM's file of a vCPU that has run nothing yet; page is 4 KiB. */
void vmsa_make(void *page, int vcpu);

#endif
