/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * Loading and saving the registers of a guest that has a VMSA
 *
 * A VMSA begins like the save area of a VMCB, which is all that QEMU loads and
 * saves. So the VMSA's beginning is lent to QEMU in the VMCB's save area, and
 * the area is given its own content back before any instruction is executed:
 * the hypervisor sees nothing of it. The rest is done here.
 */
#include "qemu/osdep.h"
#include "cpu.h"
#include "exec/address-spaces.h"
#include "exec/exec-all.h"
#include "tcg/helper-tcg.h"
#include "snp/platform.h"
#include "snp/private_view.h"
#include "snp/rmp.h"
#include "snp/vmsa.h"

/* In the VMCB */
#define NESTED_CTL_SEV      (1ULL << 1)
#define NESTED_CTL_SEV_ES   (1ULL << 2)
#define VMCB_GHCB           0x0a0
#define VMCB_VMSA           0x108
#define VMCB_SAVE           0x400
#define INT_STATE_IF        (1u << 1)

/* Where the host's save area is in its page */
#define HOST_SAVE           0x400

#define VMSA_FS             0x040
#define VMSA_GS             0x050
#define VMSA_LDTR           0x070
#define VMSA_TR             0x090
#define VMSA_VMPL           0x0ca
#define VMSA_CR3            0x150
#define VMSA_PKRU           0x2e8
#define VMSA_FEATURES       0x3b0
#define VMSA_XCR0           0x3e8
#define VMSA_MXCSR          0x408
#define VMSA_FTW            0x40c
#define VMSA_FSW            0x40e
#define VMSA_FCW            0x410
/* From ST0 on: the lower 64 bits, and then the upper 16 bits of all */
#define VMSA_X87_LOW        0x420
#define VMSA_X87_HIGH       0x460
#define VMSA_XMM            0x470
#define VMSA_YMM_HIGH       0x570

#define FEATURE_SNP         (1ULL << 0)
/* Those that don't change what a guest of ours can see */
#define FEATURES            FEATURE_SNP

#define XMM_SIZE            16
#define FSW_TOP_SHIFT       11
#define FSW_TOP_MASK        (7u << FSW_TOP_SHIFT)

#define INITIAL_FCW         0x37f
#define INITIAL_MXCSR       0x1f80

/* Registers of 64 bits that QEMU's own code doesn't load and save */
static const struct {
    uint16_t at;
    uint32_t field;
} registers[] = {
    { 0x200, offsetof(CPUX86State, star) },
    { 0x208, offsetof(CPUX86State, lstar) },
    { 0x210, offsetof(CPUX86State, cstar) },
    { 0x218, offsetof(CPUX86State, fmask) },
    { 0x220, offsetof(CPUX86State, kernelgsbase) },
    { 0x230, offsetof(CPUX86State, sysenter_esp) },
    { 0x238, offsetof(CPUX86State, sysenter_eip) },
    { 0x308, offsetof(CPUX86State, regs[R_ECX]) },
    { 0x310, offsetof(CPUX86State, regs[R_EDX]) },
    { 0x318, offsetof(CPUX86State, regs[R_EBX]) },
    { 0x328, offsetof(CPUX86State, regs[R_EBP]) },
    { 0x330, offsetof(CPUX86State, regs[R_ESI]) },
    { 0x338, offsetof(CPUX86State, regs[R_EDI]) },
    { 0x340, offsetof(CPUX86State, regs[R_R8]) },
    { 0x348, offsetof(CPUX86State, regs[R_R9]) },
    { 0x350, offsetof(CPUX86State, regs[R_R10]) },
    { 0x358, offsetof(CPUX86State, regs[R_R11]) },
    { 0x360, offsetof(CPUX86State, regs[R_R12]) },
    { 0x368, offsetof(CPUX86State, regs[R_R13]) },
    { 0x370, offsetof(CPUX86State, regs[R_R14]) },
    { 0x378, offsetof(CPUX86State, regs[R_R15]) },
    { VMSA_XCR0, offsetof(CPUX86State, xcr0) },
};
#define VMSA_SYSENTER_CS    0x228

static uint64_t *register_of(CPUX86State *env, size_t i)
{
    return (uint64_t *)((char *)env + registers[i].field);
}

static void load_segment(CPUX86State *env, hwaddr at, SegmentCache *segment)
{
    CPUState *cs = env_cpu(env);
    uint32_t attributes = x86_lduw_phys(cs, at + 2);

    segment->selector = x86_lduw_phys(cs, at);
    segment->flags = (attributes & 0xff) << 8 | (attributes & 0xf00) << 12;
    segment->limit = x86_ldl_phys(cs, at + 4);
    segment->base = x86_ldq_phys(cs, at + 8);
}

static void save_segment(CPUX86State *env, hwaddr at,
                         const SegmentCache *segment)
{
    CPUState *cs = env_cpu(env);

    x86_stw_phys(cs, at, segment->selector);
    x86_stw_phys(cs, at + 2, (segment->flags >> 8 & 0xff) |
                             (segment->flags >> 12 & 0xf00));
    x86_stl_phys(cs, at + 4, segment->limit);
    x86_stq_phys(cs, at + 8, segment->base);
}

static void load_data_segment(CPUX86State *env, hwaddr at, int index)
{
    SegmentCache segment;

    load_segment(env, at, &segment);
    cpu_x86_load_seg_cache(env, index, segment.selector, segment.base,
                           segment.limit, segment.flags);
}

static void load_registers(CPUX86State *env, hwaddr at)
{
    CPUState *cs = env_cpu(env);

    load_data_segment(env, at + VMSA_FS, R_FS);
    load_data_segment(env, at + VMSA_GS, R_GS);
    load_segment(env, at + VMSA_LDTR, &env->ldt);
    load_segment(env, at + VMSA_TR, &env->tr);
    for (size_t i = 0; i < ARRAY_SIZE(registers); i++) {
        *register_of(env, i) = x86_ldq_phys(cs, at + registers[i].at);
    }
    env->sysenter_cs = x86_ldl_phys(cs, at + VMSA_SYSENTER_CS);
    env->pkru = x86_ldl_phys(cs, at + VMSA_PKRU);
    cpu_sync_bndcs_hflags(env);
    cpu_sync_avx_hflag(env);
}

static void save_registers(CPUX86State *env, hwaddr at)
{
    CPUState *cs = env_cpu(env);

    save_segment(env, at + VMSA_FS, &env->segs[R_FS]);
    save_segment(env, at + VMSA_GS, &env->segs[R_GS]);
    save_segment(env, at + VMSA_LDTR, &env->ldt);
    save_segment(env, at + VMSA_TR, &env->tr);
    for (size_t i = 0; i < ARRAY_SIZE(registers); i++) {
        x86_stq_phys(cs, at + registers[i].at, *register_of(env, i));
    }
    x86_stq_phys(cs, at + VMSA_SYSENTER_CS, env->sysenter_cs);
    x86_stl_phys(cs, at + VMSA_PKRU, env->pkru);
}

static void load_x87(CPUX86State *env, hwaddr at)
{
    CPUState *cs = env_cpu(env);
    uint32_t tags = x86_lduw_phys(cs, at + VMSA_FTW);
    uint32_t status = x86_lduw_phys(cs, at + VMSA_FSW);

    env->fpstt = (status & FSW_TOP_MASK) >> FSW_TOP_SHIFT;
    env->fpus = status & ~FSW_TOP_MASK;
    cpu_set_fpuc(env, x86_lduw_phys(cs, at + VMSA_FCW));
    for (int i = 0; i < 8; i++) {
        floatx80 *st = &env->fpregs[(env->fpstt + i) % 8].d;

        env->fptags[i] = !(tags & 1u << i);
        st->low = x86_ldq_phys(cs, at + VMSA_X87_LOW + i * 8);
        st->high = x86_lduw_phys(cs, at + VMSA_X87_HIGH + i * 2);
    }
}

static void save_x87(CPUX86State *env, hwaddr at)
{
    CPUState *cs = env_cpu(env);
    uint32_t tags = 0;

    for (int i = 0; i < 8; i++) {
        const floatx80 *st = &env->fpregs[(env->fpstt + i) % 8].d;

        tags |= !env->fptags[i] << i;
        x86_stq_phys(cs, at + VMSA_X87_LOW + i * 8, st->low);
        x86_stw_phys(cs, at + VMSA_X87_HIGH + i * 2, st->high);
    }
    x86_stw_phys(cs, at + VMSA_FTW, tags);
    x86_stw_phys(cs, at + VMSA_FSW, (env->fpus & ~FSW_TOP_MASK) |
                                    env->fpstt << FSW_TOP_SHIFT);
    x86_stw_phys(cs, at + VMSA_FCW, env->fpuc);
}

static void load_vectors(CPUX86State *env, hwaddr at)
{
    CPUState *cs = env_cpu(env);

    cpu_set_mxcsr(env, x86_ldl_phys(cs, at + VMSA_MXCSR));
    for (int i = 0; i < 16; i++) {
        for (int j = 0; j < 2; j++) {
            hwaddr value = at + i * XMM_SIZE + j * 8;

            env->xmm_regs[i].ZMM_Q(j) = x86_ldq_phys(cs, value + VMSA_XMM);
            env->xmm_regs[i].ZMM_Q(j + 2) =
                x86_ldq_phys(cs, value + VMSA_YMM_HIGH);
        }
    }
}

static void save_vectors(CPUX86State *env, hwaddr at)
{
    CPUState *cs = env_cpu(env);

    update_mxcsr_from_sse_status(env);
    x86_stl_phys(cs, at + VMSA_MXCSR, env->mxcsr);
    for (int i = 0; i < 16; i++) {
        for (int j = 0; j < 2; j++) {
            hwaddr value = at + i * XMM_SIZE + j * 8;

            x86_stq_phys(cs, value + VMSA_XMM, env->xmm_regs[i].ZMM_Q(j));
            x86_stq_phys(cs, value + VMSA_YMM_HIGH,
                         env->xmm_regs[i].ZMM_Q(j + 2));
        }
    }
}

/* The host doesn't find the guest's content in them. */
static void reset_x87_and_vectors(CPUX86State *env)
{
    env->fpstt = 0;
    env->fpus = 0;
    cpu_set_fpuc(env, INITIAL_FCW);
    memset(env->fptags, 1, sizeof(env->fptags));
    memset(env->fpregs, 0, sizeof(env->fpregs));
    memset(env->xmm_regs, 0, sizeof(env->xmm_regs));
    cpu_set_mxcsr(env, INITIAL_MXCSR);
}

static void copy_area(hwaddr to, hwaddr from)
{
    uint8_t area[SNP_COMMON_SIZE];

    cpu_physical_memory_read(from, area, sizeof(area));
    cpu_physical_memory_write(to, area, sizeof(area));
}

static void lend(CPUX86State *env)
{
    hwaddr save = env->vm_vmcb + VMCB_SAVE;

    cpu_physical_memory_read(save, env->snp.lent_area, SNP_COMMON_SIZE);
    copy_area(save, env->snp.vmsa);
    env->snp.lent = true;
}

static void take_back(CPUX86State *env)
{
    if (env->snp.lent) {
        cpu_physical_memory_write(env->vm_vmcb + VMCB_SAVE,
                                  env->snp.lent_area, SNP_COMMON_SIZE);
    }
    env->snp.lent = false;
}

bool snp_vmsa_in_use(uint64_t vmsa)
{
    CPUState *cs;

    CPU_FOREACH(cs) {
        if (X86_CPU(cs)->env.snp.vmsa == vmsa) {
            return true;
        }
    }
    return false;
}

/* A VMSA that isn't a guest's page is one of SEV-ES. */
static bool is_owned(uint64_t vmsa)
{
    return snp_rmp_covers(vmsa, SNP_PAGE) &&
           (snp_rmp_get(vmsa).state & RMP_ASSIGNED);
}

static bool is_valid_vmsa(CPUX86State *env, uint64_t vmsa)
{
    const uint64_t wanted = RMP_ASSIGNED | RMP_VMSA;
    uint64_t page = snp_plain_address(vmsa);
    uint64_t features = x86_ldq_phys(env_cpu(env), vmsa + VMSA_FEATURES);
    RMPEntry entry;

    if (!page || page % SNP_PAGE || snp_vmsa_in_use(vmsa) ||
        (features & ~FEATURES)) {
        return false;
    }
    if (page != vmsa) {
        return !(features & FEATURE_SNP);
    }
    entry = snp_rmp_get(vmsa);
    return (features & FEATURE_SNP) &&
           (entry.state & (wanted | RMP_IMMUTABLE)) == wanted &&
           snp_rmp_asid(entry) == env->snp.asid && !snp_rmp_large(vmsa);
}

/* The area has the C-bit again before the hypervisor can see it. */
static void hide_c_bit(CPUX86State *env)
{
    CPUState *cs = env_cpu(env);
    uint64_t save_cr3 = env->vm_vmcb + VMCB_SAVE + VMSA_CR3;

    env->snp.cr3 = x86_ldq_phys(cs, save_cr3);
    x86_stq_phys(cs, save_cr3, env->snp.cr3 & ~SNP_C_MASK);
}

void snp_vmrun_begin(CPUX86State *env, uint64_t nested_ctl, uint32_t asid,
                     uintptr_t retaddr)
{
    CPUState *cs = env_cpu(env);
    uint64_t vmsa;

    if (!snp_platform.present || !(nested_ctl & NESTED_CTL_SEV)) {
        return;
    }
    env->snp.sev = true;
    env->snp.snp = false;
    env->snp.asid = asid;
    env->snp.loaded = false;
    if (!(nested_ctl & NESTED_CTL_SEV_ES)) {
        hide_c_bit(env);
        return;
    }
    vmsa = x86_ldq_phys(cs, env->vm_vmcb + VMCB_VMSA);
    if (!is_owned(vmsa)) {
        vmsa = snp_private_address(env, vmsa);
    }
    if (!is_valid_vmsa(env, vmsa)) {
        cpu_vmexit(env, SVM_EXIT_ERR, 0, retaddr);
    }
    env->snp.vmsa = vmsa;
    env->snp.ghcb = x86_ldq_phys(cs, env->vm_vmcb + VMCB_GHCB);
    env->snp.vmpl = x86_ldub_phys(cs, vmsa + VMSA_VMPL) % SNP_VMPLS;
    env->snp.snp = x86_ldq_phys(cs, vmsa + VMSA_FEATURES) & FEATURE_SNP;
    lend(env);
    hide_c_bit(env);
}

void snp_vmrun_loaded(CPUX86State *env)
{
    if (!snp_sev_guest(env)) {
        return;
    }
    env->cr[3] = env->snp.cr3;
    if (!env->snp.vmsa) {
        x86_stq_phys(env_cpu(env), env->vm_vmcb + VMCB_SAVE + VMSA_CR3,
                     env->snp.cr3);
        return;
    }
    take_back(env);
    load_registers(env, env->snp.vmsa);
    load_x87(env, env->snp.vmsa);
    load_vectors(env, env->snp.vmsa);
    env->snp.loaded = true;
}

void snp_vmexit_begin(CPUX86State *env)
{
    CPUState *cs = env_cpu(env);
    hwaddr int_state = env->vm_vmcb + offsetof(struct vmcb, control.int_state);
    if (!env->snp.vmsa) {
        return;
    }
    take_back(env);
    lend(env);
    /* The hypervisor can't look at the guest's RFLAGS. */
    if (env->eflags & IF_MASK) {
        x86_stl_phys(cs, int_state,
                     x86_ldl_phys(cs, int_state) | INT_STATE_IF);
    }
}

void snp_vmexit_saved(CPUX86State *env)
{
    CPUState *cs = env_cpu(env);

    if (!env->snp.vmsa) {
        return;
    }
    /* Nothing of the guest has changed if VMRUN failed. */
    if (env->snp.loaded) {
        copy_area(env->snp.vmsa, env->vm_vmcb + VMCB_SAVE);
        save_registers(env, env->snp.vmsa);
        save_x87(env, env->snp.vmsa);
        save_vectors(env, env->snp.vmsa);
        x86_stq_phys(cs, env->vm_vmcb + VMCB_GHCB, env->snp.ghcb);
    }
    take_back(env);
}

void snp_vmexit_loaded(CPUX86State *env)
{
    env->snp.sev = false;
    if (!env->snp.vmsa) {
        return;
    }
    load_registers(env, env->vm_hsave + HOST_SAVE);
    reset_x87_and_vectors(env);
    env->snp.vmsa = 0;
}
