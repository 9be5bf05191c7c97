/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * The state of a processor with SEV-SNP, beside the one that QEMU knows
 */
#ifndef SNP_CPU_STATE_H
#define SNP_CPU_STATE_H

/* The part of a VMSA that has the layout of a VMCB's save area */
#define SNP_COMMON_SIZE 0x298

typedef struct SNPCPUState {
    /* Of the guest that runs: its address, or 0 if the guest has none */
    uint64_t vmsa;
    uint64_t ghcb;
    /* Of a guest without a VMSA, for QEMU takes the C-bit for a reserved one */
    uint64_t cr3;
    uint32_t asid;
    uint8_t vmpl;
    /* A guest with a key */
    bool sev;
    /* An SNP guest; the pages of others aren't the guest's. */
    bool snp;
    /* VMRUN has got as far as loading the VMSA. */
    bool loaded;
    /* PVALIDATE and RMPADJUST look up pages that aren't validated. */
    bool unvalidated_ok;
    /* Bits for the error code of the next nested page fault */
    uint64_t npf_flags;
    /* See vmsa.c. */
    bool lent;
    uint8_t lent_area[SNP_COMMON_SIZE];
} SNPCPUState;

#endif
