/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * The platform's configuration, and the hooks of QEMU's processor that have to
 * do with it. The processors share their configuration registers: each of
 * Linux's processors writes the same there.
 */
#ifndef SNP_PLATFORM_H
#define SNP_PLATFORM_H

#include "exec/hwaddr.h"

/* ASIDs from 1 on: first those of SEV-ES and SNP, then those of plain SEV */
#define SNP_MAX_ASID        32
#define SNP_MIN_SEV_ASID    17

#define SNP_VMPLS           4

/* The bit of a guest's page table entry that makes a page private */
#define SNP_C_BIT           51
#define SNP_C_MASK          (1ULL << SNP_C_BIT)

#define SYSCFG_MEM_ENC_EN   (1ULL << 23)
#define SYSCFG_SNP_EN       (1ULL << 24)

typedef struct SNPPlatform {
    /* A machine without the security processor is as QEMU made it. */
    bool present;
    uint64_t syscfg;
    uint64_t hwcr;
    uint64_t rmp_base;
    uint64_t rmp_end;   /* inclusive */
} SNPPlatform;

extern SNPPlatform snp_platform;

static inline bool snp_enabled(void)
{
    return snp_platform.syscfg & SYSCFG_SNP_EN;
}

void snp_flush_tlbs(void);

/* Tests may ask how many of these there were. */
typedef enum SNPEvent {
    SNP_EVENT_RMPUPDATE,
    SNP_EVENT_PSMASH,
    SNP_EVENT_PVALIDATE,
    SNP_EVENT_RMPADJUST,
    /* Nested page faults by the RMP, and page faults of the host by it */
    SNP_EVENT_NPF,
    SNP_EVENT_HOST_FAULT,
    /* A device's write that the RMP refused */
    SNP_EVENT_DMA_FAULT,
    SNP_EVENTS,
} SNPEvent;

extern uint32_t snp_events[SNP_EVENTS];

static inline void snp_note_event(SNPEvent event)
{
    snp_events[event]++;
}

#ifdef NEED_CPU_H

/* Does the processor run a guest with a key? */
static inline bool snp_sev_guest(CPUX86State *env)
{
    return (env->hflags & HF_GUEST_MASK) && env->snp.sev;
}

/* Does the processor run a guest whose registers are in a VMSA? */
static inline bool snp_es_guest(CPUX86State *env)
{
    return (env->hflags & HF_GUEST_MASK) && env->snp.vmsa;
}

static inline bool snp_guest(CPUX86State *env)
{
    return snp_es_guest(env) && env->snp.snp;
}

/* The bits of CR3 and of page table entries that aren't part of an address */
static inline uint64_t snp_c_mask(CPUX86State *env)
{
    return snp_sev_guest(env) ? SNP_C_MASK : 0;
}

void snp_cpuid(uint32_t *eax, uint32_t *ebx, uint32_t *ecx, uint32_t *edx);

/*
 * Each returns whether it has done all of the access. A guest's own registers
 * are never intercepted.
 */
bool snp_read_guest_msr(CPUX86State *env, uint32_t msr, uint64_t *value);
bool snp_write_guest_msr(CPUX86State *env, uint32_t msr, uint64_t value);
bool snp_read_msr(CPUX86State *env, uint32_t msr, uint64_t *value);
bool snp_write_msr(CPUX86State *env, uint32_t msr, uint64_t value);

#endif
#endif
