/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * Automatic and non-automatic exits
 */
#include "qemu/osdep.h"
#include "cpu.h"
#include "exec/helper-proto.h"
#include "tcg/helper-tcg.h"
#include "snp/access.h"
#include "snp/exits.h"
#include "snp/platform.h"

static bool is_automatic(uint32_t code, uint64_t info)
{
    switch (code) {
    case SVM_EXIT_EXCP_BASE ... SVM_EXIT_EXCP_BASE + 31:
    case SVM_EXIT_INTR:
    case SVM_EXIT_NMI:
    case SVM_EXIT_SMI:
    case SVM_EXIT_INIT:
    case SVM_EXIT_VINTR:
    case SVM_EXIT_PAUSE:
    case SVM_EXIT_HLT:
    case SVM_EXIT_SHUTDOWN:
    case SVM_EXIT_EFER_WRITE_TRAP:
    case SVM_EXIT_CR0_WRITE_TRAP ... SVM_EXIT_CR15_WRITE_TRAP:
    case SVM_EXIT_VMGEXIT:
    case (uint32_t)SVM_EXIT_ERR:
        return true;
    case SVM_EXIT_NPF:
        /* A reserved bit marks memory of devices that are emulated. */
        return !(info & PG_ERROR_RSVD_MASK);
    }
    return false;
}

void snp_filter_exit(CPUX86State *env, uint32_t code, uint64_t info,
                     uintptr_t retaddr)
{
    if (snp_es_guest(env) && !is_automatic(code, info)) {
        raise_exception_err_ra(env, EXCP1D_VC, code, retaddr);
    }
    if (code == SVM_EXIT_NPF && (info & SNP_FAULT_RMP)) {
        snp_note_event(SNP_EVENT_NPF);
    }
}

void snp_exit_after(CPUX86State *env, uint32_t code, int length)
{
    if (snp_es_guest(env) && cpu_svm_has_intercept(env, code)) {
        env->eip += length;
        cpu_vmexit(env, code, 0, 0);
    }
}

void helper_vmgexit(CPUX86State *env, int length)
{
    if (!snp_es_guest(env)) {
        helper_vmmcall(env);
    }
    env->eip += length;
    cpu_vmexit(env, SVM_EXIT_VMGEXIT, 0, 0);
}

/*
 * Comes after the instruction that wrote, with RIP behind it. Each WRMSR gets
 * here, since its register isn't known before.
 */
void helper_svm_write_trap(CPUX86State *env, uint32_t code)
{
    uint64_t written;

    if (!snp_es_guest(env) || !cpu_svm_has_intercept(env, code)) {
        return;
    }
    if (code != SVM_EXIT_EFER_WRITE_TRAP) {
        written = helper_read_crN(env, code - SVM_EXIT_CR0_WRITE_TRAP);
    } else if ((uint32_t)env->regs[R_ECX] == MSR_EFER) {
        written = env->efer;
    } else {
        return;
    }
    cpu_vmexit(env, code, written, 0);
}
