/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * The checks of the RMP that each access gets
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "cpu.h"
#include "exec/exec-all.h"
#include "snp/access.h"
#include "snp/memory_key.h"
#include "snp/platform.h"
#include "snp/rmp.h"

#define PAGE_ALL    (PAGE_READ | PAGE_WRITE | PAGE_EXEC)

static bool needs(MMUAccessType type, int prot)
{
    return !(prot & 1 << type);
}

void snp_note_npf(CPUX86State *env, bool private)
{
    env->snp.npf_flags = private ? SNP_NPF_ENC : 0;
}

hwaddr snp_foreign_address(hwaddr spa)
{
    if (!snp_rmp_covers(spa, 1) || !snp_rmp_assigned(spa) ||
        !snp_rmp_asid(snp_rmp_get(spa))) {
        return spa;
    }
    return spa + SNP_FOREIGN_VIEW;
}

/* Mappings of 1 GiB are checked like those of 2 MiB. */
SNPVerdict snp_host_access(hwaddr spa, uint64_t size, MMUAccessType type,
                           int *prot)
{
    *prot = PAGE_ALL;
    if (!snp_rmp_covers(spa, 1) || !snp_rmp_assigned(spa)) {
        return SNP_GOOD;
    }
    if (size >= SNP_LARGE_PAGE ||
        (snp_rmp_get(spa).state & RMP_ASSIGNED)) {
        *prot &= ~PAGE_WRITE;
    }
    if (!needs(type, *prot)) {
        return SNP_GOOD;
    }
    snp_note_event(SNP_EVENT_HOST_FAULT);
    return SNP_BAD_PAGE;
}

/* A page that the guest shares with others; instructions are never shared. */
static SNPVerdict shared_access(CPUX86State *env, const SNPAccess *access,
                                int *prot)
{
    *prot = PAGE_READ | PAGE_WRITE;
    if (snp_rmp_covers(access->spa, 1) &&
        (snp_rmp_get(access->spa).state & RMP_ASSIGNED)) {
        *prot = PAGE_READ;
    }
    if (needs(access->type, *prot)) {
        env->snp.npf_flags = SNP_FAULT_RMP;
        return SNP_BAD_PAGE;
    }
    return SNP_GOOD;
}

static int vmpl_prot(CPUX86State *env, const SNPAccess *access, RMPEntry entry)
{
    uint32_t rights = snp_rmp_rights(entry, env->snp.vmpl);
    uint32_t exec = access->user ? RMP_RIGHT_USER_EXEC : RMP_RIGHT_EXEC;

    return (rights & RMP_RIGHT_READ ? PAGE_READ : 0) |
           (rights & RMP_RIGHT_WRITE ? PAGE_WRITE : 0) |
           (rights & exec ? PAGE_EXEC : 0);
}

static bool is_guests(CPUX86State *env, const SNPAccess *access,
                      RMPEntry entry)
{
    const uint64_t both = RMP_ASSIGNED | RMP_IMMUTABLE;

    return (entry.state & both) == RMP_ASSIGNED &&
           snp_rmp_asid(entry) == env->snp.asid &&
           (entry.state & RMP_GPA) == QEMU_ALIGN_DOWN(access->gpa, SNP_PAGE);
}

static SNPVerdict private_access(CPUX86State *env, const SNPAccess *access,
                                 int *prot)
{
    RMPEntry entry;

    *prot = 0;
    env->snp.npf_flags = SNP_NPF_ENC | SNP_FAULT_RMP;
    if (!snp_rmp_covers(access->spa, 1)) {
        return SNP_BAD_PAGE;
    }
    entry = snp_rmp_get(access->spa);
    if (!is_guests(env, access, entry) ||
        snp_rmp_large(access->spa) != (access->nested_size >= SNP_LARGE_PAGE)) {
        return SNP_BAD_PAGE;
    }
    if (!(entry.state & RMP_VALIDATED) && !env->snp.unvalidated_ok) {
        return SNP_NOT_VALIDATED;
    }
    *prot = vmpl_prot(env, access, entry);
    if (needs(access->type, *prot)) {
        env->snp.npf_flags = SNP_NPF_ENC | SNP_NPF_VMPL;
        return SNP_BAD_PAGE;
    }
    return SNP_GOOD;
}

/* A page of a guest that owns none: it is the hypervisor's. */
static SNPVerdict unowned_access(CPUX86State *env, const SNPAccess *access,
                                 int *prot)
{
    env->snp.npf_flags = SNP_FAULT_RMP;
    return snp_host_access(access->spa, access->nested_size, access->type,
                           prot);
}

SNPVerdict snp_guest_access(CPUX86State *env, const SNPAccess *access,
                            int *prot)
{
    bool private = access->private || access->type == MMU_INST_FETCH;
    SNPVerdict verdict;

    if (!snp_sev_guest(env)) {
        return unowned_access(env, access, prot);
    }
    if (!private) {
        return shared_access(env, access, prot);
    }
    verdict = env->snp.snp ? private_access(env, access, prot) :
                             unowned_access(env, access, prot);
    /* The entry of the TLB is for instructions alone then. */
    if (!access->private) {
        *prot &= PAGE_EXEC;
    }
    return verdict;
}
