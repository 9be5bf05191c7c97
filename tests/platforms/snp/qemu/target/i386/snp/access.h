/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * The RMP's say in an access that the page tables allow. The caller is the
 * page walk: it asks once for an entry of the TLB, which is flushed when
 * the RMP changes.
 */
#ifndef SNP_ACCESS_H
#define SNP_ACCESS_H

#include "exec/hwaddr.h"

/* Bits of a page fault's and of a nested page fault's error code */
#define SNP_FAULT_RMP       (1ULL << 31)
#define SNP_NPF_ENC         (1ULL << 34)
#define SNP_NPF_SIZEM       (1ULL << 35)
#define SNP_NPF_VMPL        (1ULL << 36)

/* The exit code of a #VC for a page that isn't validated */
#define SNP_VC_NOT_VALIDATED    0x404

typedef struct SNPAccess {
    hwaddr gpa;
    hwaddr spa;
    /* Of the mapping of the nested page table */
    uint64_t nested_size;
    /* The C-bit was set. */
    bool private;
    bool user;
    MMUAccessType type;
} SNPAccess;

/* The RMP's answer to an access of some type */
typedef enum SNPVerdict {
    SNP_GOOD,
    /* A nested page fault; env->snp.npf_flags has bits of its error code. */
    SNP_BAD_PAGE,
    /* A #VC of the guest */
    SNP_NOT_VALIDATED,
} SNPVerdict;

/* These set which of PAGE_READ, PAGE_WRITE and PAGE_EXEC are allowed. */
SNPVerdict snp_guest_access(CPUX86State *env, const SNPAccess *access,
                            int *prot);
SNPVerdict snp_host_access(hwaddr spa, uint64_t size, MMUAccessType type,
                           int *prot);

/*
 * Where in the physical address space an access without the page's key finds
 * its content
 */
hwaddr snp_foreign_address(hwaddr spa);

/* For a nested page fault that the nested page table alone is the cause of */
void snp_note_npf(CPUX86State *env, bool private);

#endif
