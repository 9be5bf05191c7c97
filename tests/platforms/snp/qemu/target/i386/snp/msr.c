/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * Model-specific registers and CPUID of a platform with SEV-SNP
 */
#include "qemu/osdep.h"
#include "cpu.h"
#include "snp/platform.h"
#include "snp/rmp.h"

#define MSR_SYSCFG      0xc0010010
#define MSR_HWCR        0xc0010015
#define MSR_GHCB        0xc0010130
#define MSR_SEV_STATUS  0xc0010131
#define MSR_RMP_BASE    0xc0010132
#define MSR_RMP_END     0xc0010133

#define HWCR_SMM_LOCK   (1ULL << 0)

#define SEV_STATUS_SEV  (1ULL << 0)
#define SEV_STATUS_ES   (1ULL << 1)
#define SEV_STATUS_SNP  (1ULL << 2)

/* Fn8000_001F_EAX */
#define CPUID_SEV           (1u << 1)
#define CPUID_PAGE_FLUSH    (1u << 2)
#define CPUID_SEV_ES        (1u << 3)
#define CPUID_SEV_SNP       (1u << 4)
#define CPUID_VMPL          (1u << 5)
#define CPUID_COHERENT      (1u << 10)

#define CPUID_VMPLS_SHIFT   12

/* As the machine's firmware leaves it to the kernel */
SNPPlatform snp_platform = {
    .syscfg = SYSCFG_MEM_ENC_EN,
    .hwcr = HWCR_SMM_LOCK,
};

uint32_t snp_events[SNP_EVENTS];

void snp_cpuid(uint32_t *eax, uint32_t *ebx, uint32_t *ecx, uint32_t *edx)
{
    *eax = CPUID_SEV | CPUID_PAGE_FLUSH | CPUID_SEV_ES | CPUID_SEV_SNP |
           CPUID_VMPL | CPUID_COHERENT;
    *ebx = SNP_C_BIT | SNP_VMPLS << CPUID_VMPLS_SHIFT;
    *ecx = SNP_MAX_ASID;
    *edx = SNP_MIN_SEV_ASID;
}

bool snp_read_guest_msr(CPUX86State *env, uint32_t msr, uint64_t *value)
{
    if (!snp_sev_guest(env)) {
        return false;
    }
    switch (msr) {
    case MSR_GHCB:
        *value = env->snp.ghcb;
        return snp_es_guest(env);
    case MSR_SEV_STATUS:
        *value = SEV_STATUS_SEV |
                 (snp_es_guest(env) ? SEV_STATUS_ES : 0) |
                 (env->snp.snp ? SEV_STATUS_SNP : 0);
        return true;
    }
    return false;
}

bool snp_write_guest_msr(CPUX86State *env, uint32_t msr, uint64_t value)
{
    if (!snp_es_guest(env) || msr != MSR_GHCB) {
        return false;
    }
    env->snp.ghcb = value;
    return true;
}

bool snp_read_msr(CPUX86State *env, uint32_t msr, uint64_t *value)
{
    if (!snp_platform.present) {
        return false;
    }
    switch (msr) {
    case MSR_SYSCFG:
        *value = snp_platform.syscfg;
        return true;
    case MSR_HWCR:
        *value = snp_platform.hwcr;
        return true;
    case MSR_RMP_BASE:
        *value = snp_platform.rmp_base;
        return true;
    case MSR_RMP_END:
        *value = snp_platform.rmp_end;
        return true;
    }
    return false;
}

static void write_syscfg(uint64_t value)
{
    bool was_enabled = snp_enabled();

    /* Only a reset clears it. */
    snp_platform.syscfg = value | (snp_platform.syscfg & SYSCFG_SNP_EN);
    if (!was_enabled && snp_enabled()) {
        snp_rmp_start();
        snp_flush_tlbs();
    }
}

bool snp_write_msr(CPUX86State *env, uint32_t msr, uint64_t value)
{
    if (!snp_platform.present) {
        return false;
    }
    switch (msr) {
    case MSR_SYSCFG:
        write_syscfg(value);
        return true;
    case MSR_HWCR:
        snp_platform.hwcr = value | HWCR_SMM_LOCK;
        return true;
    case MSR_RMP_BASE:
        if (!snp_enabled()) {
            snp_platform.rmp_base = value;
        }
        return true;
    case MSR_RMP_END:
        if (!snp_enabled()) {
            snp_platform.rmp_end = value;
        }
        return true;
    }
    return false;
}
