/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kvm_snp_test.ko, for programs. Each function fails the test on any error but
 * those that it returns.
 */
#ifndef TESTS_SNP_MODULE_H
#define TESTS_SNP_MODULE_H

#include <stdbool.h>
#include <stddef.h>

#include "kvm_snp_test.h"

#define LARGE_PAGES		512

/* The highest one for SEV-ES and SEV-SNP: KVM begins with the lowest ones. */
#define MODULE_ASID		16

/* Loads it, and unloads it: all pages are the host's before and after. */
void module_open(void);
void module_close(void);

__u64 page_address(__u32 page);

/* RMPUPDATE's result */
__u32 rmp_update(const struct snpt_update *update);
/* A guest's page of 4 KiB; fails the test if it is refused. */
void rmp_assign(__u32 page, __u32 asid, __u64 gpa, bool immutable);
/* A page of the firmware */
void rmp_donate(__u32 page);
void rmp_release(__u32 page);
bool rmp_is_large(__u32 page);

/* The firmware's status */
__u32 firmware(__u32 command, const void *buffer, size_t size);
/* Commands whose buffer is the address of a page, or is empty */
__u32 firmware_page(__u32 command, __u32 page, __u64 flags);
__u32 firmware_plain(__u32 command);

void page_fill(__u32 page, __u8 byte);
void page_read(__u32 page, __u8 *content);
void page_dma(__u32 page, bool write);
/* The error of a read while the page table of that address is assigned */
int read_through_assigned_table(const void *address);

#endif
