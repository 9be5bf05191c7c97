/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * The instructions that change the RMP: RMPUPDATE and PSMASH of the host,
 * PVALIDATE and RMPADJUST of a guest
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "qemu/log.h"
#include "cpu.h"
#include "exec/cpu_ldst.h"
#include "exec/exec-all.h"
#include "exec/helper-proto.h"
#include "tcg/helper-tcg.h"
#include "snp/access.h"
#include "snp/memory_key.h"
#include "snp/platform.h"
#include "snp/rmp.h"
#include "snp/vmsa.h"

/* Results, in RAX */
enum {
    DONE = 0,
    FAIL_INPUT = 1,
    FAIL_PERMISSION = 2,
    FAIL_INUSE = 3,
    FAIL_OVERLAP = 4,
    FAIL_SIZE_MISMATCH = 6,
};

/* RMPADJUST's RDX */
#define ADJUST_VMPL(rdx)    ((rdx) & 0xff)
#define ADJUST_RIGHTS(rdx)  ((rdx) >> 8 & 0xff)
#define ADJUST_VMSA         (1ULL << 16)

struct rmp_update {
    hwaddr spa;
    hwaddr gpa;
    uint32_t asid;
    bool assigned;
    bool large;
    bool immutable;
};

static uint64_t pages_of(bool large)
{
    return large ? SNP_LARGE_PAGES : 1;
}

static bool is_good_input(const struct rmp_update *update)
{
    uint64_t size = pages_of(update->large) * SNP_PAGE;

    if (update->spa % size || update->gpa % size ||
        !snp_rmp_covers(update->spa, size)) {
        return false;
    }
    if (!update->assigned) {
        return !update->asid && !update->immutable;
    }
    /* Without an owner it is the firmware's, which alone changes it then. */
    return update->asid <= SNP_MAX_ASID && (update->asid || update->immutable);
}

/* Is the page, or a part of it, in an entry of another size? */
static bool overlaps(const struct rmp_update *update)
{
    bool large = snp_rmp_large(update->spa);

    return update->large ? !large && snp_rmp_assigned(update->spa) : large;
}

static RMPEntry new_entry(const struct rmp_update *update, uint64_t index)
{
    RMPEntry entry = {};

    if (update->assigned) {
        entry = snp_rmp_entry(update->gpa + index * SNP_PAGE, update->asid,
                              update->immutable);
        entry.state |= update->large && !index ? RMP_LARGE : 0;
    }
    return entry;
}

/*
 * A guest's page that stays where it is in the guest stays validated, and keeps
 * the rights that it has.
 */
static void keep_guests_part(RMPEntry *entry, RMPEntry old)
{
    const uint64_t same = RMP_ASSIGNED | RMP_LARGE | RMP_GPA | RMP_ASID;

    if (snp_rmp_asid(old) && !((entry->state ^ old.state) & same)) {
        entry->state |= old.state & (RMP_VMSA | RMP_VALIDATED);
        entry->rights = old.rights;
    }
}

static void update_page(const struct rmp_update *update, uint64_t index)
{
    hwaddr spa = update->spa + index * SNP_PAGE;
    RMPEntry entry = new_entry(update, index);
    RMPEntry old = snp_rmp_get(spa);

    keep_guests_part(&entry, old);
    if (snp_rmp_asid(old)) {
        snp_recrypt(spa, snp_rmp_asid(old));
    }
    if (update->asid) {
        snp_recrypt(spa, update->asid);
    }
    snp_rmp_set(spa, entry);
}

static unsigned rmp_update(const struct rmp_update *update)
{
    if (!is_good_input(update)) {
        return FAIL_INPUT;
    }
    if (overlaps(update)) {
        return FAIL_OVERLAP;
    }
    for (uint64_t i = 0; i < pages_of(update->large); i++) {
        hwaddr spa = update->spa + i * SNP_PAGE;

        if (snp_rmp_get(spa).state & RMP_IMMUTABLE) {
            return FAIL_PERMISSION;
        }
        if (snp_vmsa_in_use(spa)) {
            return FAIL_INUSE;
        }
    }
    for (uint64_t i = 0; i < pages_of(update->large); i++) {
        update_page(update, i);
    }
    snp_flush_tlbs();
    return DONE;
}

static void need_host(CPUX86State *env, uintptr_t retaddr)
{
    if (!snp_enabled() || (env->hflags & HF_GUEST_MASK)) {
        raise_exception_ra(env, EXCP06_ILLOP, retaddr);
    }
}

static void need_guest(CPUX86State *env, uintptr_t retaddr)
{
    if (!snp_guest(env)) {
        raise_exception_ra(env, EXCP06_ILLOP, retaddr);
    }
}

void helper_rmpupdate(CPUX86State *env)
{
    struct rmp_update update = { .spa = env->regs[R_EAX] };
    target_ulong at = env->regs[R_ECX];

    need_host(env, GETPC());
    snp_note_event(SNP_EVENT_RMPUPDATE);
    update.gpa = cpu_ldq_data_ra(env, at, GETPC());
    update.assigned = cpu_ldub_data_ra(env, at + 8, GETPC());
    update.large = cpu_ldub_data_ra(env, at + 9, GETPC());
    update.immutable = cpu_ldub_data_ra(env, at + 10, GETPC());
    update.asid = cpu_ldl_data_ra(env, at + 12, GETPC());
    env->regs[R_EAX] = rmp_update(&update);
    if (env->regs[R_EAX]) {
        qemu_log_mask(LOG_GUEST_ERROR, "RMPUPDATE of %" HWADDR_PRIx ": %u\n",
                      update.spa, (unsigned)env->regs[R_EAX]);
    }
}

static unsigned rmp_smash(hwaddr spa)
{
    RMPEntry entry;

    if (spa % SNP_LARGE_PAGE || !snp_rmp_covers(spa, SNP_LARGE_PAGE)) {
        return FAIL_INPUT;
    }
    entry = snp_rmp_get(spa);
    if (!snp_rmp_large(spa) || (entry.state & RMP_IMMUTABLE)) {
        return FAIL_PERMISSION;
    }
    entry.state &= ~RMP_LARGE;
    snp_rmp_set(spa, entry);
    snp_flush_tlbs();
    return DONE;
}

void helper_psmash(CPUX86State *env)
{
    need_host(env, GETPC());
    snp_note_event(SNP_EVENT_PSMASH);
    env->regs[R_EAX] = rmp_smash(env->regs[R_EAX]);
}

/*
 * The page at a guest's address, whether it is validated or not. The TLB may
 * have it only for the moment, since other accesses must find that out.
 */
static hwaddr look_up(CPUX86State *env, target_ulong address,
                      uintptr_t retaddr)
{
    const int mmu_idx = cpu_mmu_index(env, false);
    CPUTLBEntryFull *full;
    hwaddr spa;
    void *host;
    int flags;

    tlb_flush(env_cpu(env));
    env->snp.unvalidated_ok = true;
    flags = probe_access_full(env, address, MMU_DATA_LOAD, mmu_idx, true, &host,
                              &full, retaddr);
    env->snp.unvalidated_ok = false;
    if (flags & TLB_INVALID_MASK) {
        /* Once more, for the fault */
        probe_access_full(env, address, MMU_DATA_LOAD, mmu_idx, false, &host,
                          &full, retaddr);
        g_assert_not_reached();
    }
    spa = full->phys_addr;
    tlb_flush(env_cpu(env));
    return spa;
}

/* The hypervisor has to split the page first. */
static void G_NORETURN size_fault(CPUX86State *env, hwaddr spa,
                                  uintptr_t retaddr)
{
    hwaddr gpa = snp_rmp_get(spa).state & RMP_GPA;

    x86_stq_phys(env_cpu(env), env->vm_vmcb +
                 offsetof(struct vmcb, control.exit_info_2), gpa);
    cpu_vmexit(env, SVM_EXIT_NPF, PG_ERROR_P_MASK | SVM_NPTEXIT_GPA |
               SNP_FAULT_RMP | SNP_NPF_ENC | SNP_NPF_SIZEM, retaddr);
}

/*
 * Calls a function for each page of the guest's operand, which gives the page a
 * new entry. Returns one of the codes, and whether an entry has changed.
 */
static unsigned adjust(CPUX86State *env,
                       RMPEntry (*call)(CPUX86State *env, RMPEntry old),
                       bool *changed, uintptr_t retaddr)
{
    const bool large = env->regs[R_ECX] & 1;
    const target_ulong address = QEMU_ALIGN_DOWN(env->regs[R_EAX], SNP_PAGE);
    hwaddr spa;

    if (address % (pages_of(large) * SNP_PAGE)) {
        return FAIL_INPUT;
    }
    spa = look_up(env, address, retaddr);
    /* Without the C-bit, for one, it may be any page. */
    if (!snp_rmp_covers(spa, SNP_PAGE) ||
        snp_rmp_asid(snp_rmp_get(spa)) != env->snp.asid) {
        return FAIL_INPUT;
    }
    if (snp_rmp_large(spa) && !large) {
        size_fault(env, spa, retaddr);
    }
    if (!snp_rmp_large(spa) && large) {
        return FAIL_SIZE_MISMATCH;
    }
    for (uint64_t i = 0; i < pages_of(large); i++) {
        RMPEntry old = snp_rmp_get(spa + i * SNP_PAGE);
        RMPEntry new = call(env, old);

        *changed |= memcmp(&old, &new, sizeof(old));
        snp_rmp_set(spa + i * SNP_PAGE, new);
    }
    snp_flush_tlbs();
    return DONE;
}

static RMPEntry validate(CPUX86State *env, RMPEntry old)
{
    RMPEntry new = old;

    new.state &= ~RMP_VALIDATED;
    if (env->regs[R_EDX] & 1) {
        new.state |= RMP_VALIDATED;
    }
    return new;
}

void helper_pvalidate(CPUX86State *env)
{
    const uint32_t kept = CC_O | CC_S | CC_Z | CC_A | CC_P;
    bool changed = false;

    need_guest(env, GETPC());
    if (env->snp.vmpl) {
        raise_exception_err_ra(env, EXCP0D_GPF, 0, GETPC());
    }
    env->regs[R_EAX] = adjust(env, validate, &changed, GETPC());
    snp_note_event(SNP_EVENT_PVALIDATE);
    env->cc_src = cpu_compute_eflags(env) & kept;
    if (env->regs[R_EAX] == DONE && !changed) {
        env->cc_src |= CC_C;
    }
    env->cc_op = CC_OP_EFLAGS;
}

static RMPEntry adjust_rights(CPUX86State *env, RMPEntry old)
{
    const uint64_t rdx = env->regs[R_EDX];
    RMPEntry new = old;

    new.rights = deposit64(old.rights, ADJUST_VMPL(rdx) * RMP_RIGHT_BITS,
                           RMP_RIGHT_BITS, ADJUST_RIGHTS(rdx));
    new.state &= ~RMP_VMSA;
    if (rdx & ADJUST_VMSA) {
        new.state |= RMP_VMSA;
    }
    return new;
}

void helper_rmpadjust(CPUX86State *env)
{
    const uint64_t vmpl = ADJUST_VMPL(env->regs[R_EDX]);
    bool changed;

    need_guest(env, GETPC());
    if (vmpl >= SNP_VMPLS) {
        env->regs[R_EAX] = FAIL_INPUT;
        return;
    }
    /* Rights are for those with less of them. */
    if (vmpl <= env->snp.vmpl) {
        env->regs[R_EAX] = FAIL_PERMISSION;
        return;
    }
    env->regs[R_EAX] = adjust(env, adjust_rights, &changed, GETPC());
    snp_note_event(SNP_EVENT_RMPADJUST);
}
