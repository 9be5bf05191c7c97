/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * Instructions that exit
 */
#include "qemu/osdep.h"
#include "cpu.h"
#include "exec/cpu_ldst.h"
#include "tcg/helper-tcg.h"
#include "snp/decode.h"
#include "snp/platform.h"

#define VMCB_NEXT_RIP   0x0c8
/* EXITINFO1 has the number of a general register. */
#define CR_VALID        (1ULL << 63)

/* The longest instruction that there is */
#define MAX_LENGTH      15

#define REX             0x40
#define REX_B           0x01

typedef struct Instruction {
    target_ulong at;    /* behind the prefixes */
    unsigned prefixes;
    uint8_t rex;
} Instruction;

/* How long the instruction of an exit is without prefixes, or 0 */
static unsigned bare_length(uint32_t code)
{
    switch (code) {
    case SVM_EXIT_HLT:
        return 1;
    case SVM_EXIT_CPUID:
    case SVM_EXIT_MSR:
    case SVM_EXIT_RDTSC:
    case SVM_EXIT_RDPMC:
    case SVM_EXIT_INVD:
    case SVM_EXIT_WBINVD:
        return 2;
    case SVM_EXIT_READ_CR0 ... SVM_EXIT_WRITE_DR0 + 15:
    case SVM_EXIT_VMMCALL:
    case SVM_EXIT_RDTSCP:
        return 3;
    }
    return 0;
}

static bool is_prefix(uint8_t byte)
{
    switch (byte) {
    case 0x26:
    case 0x2e:
    case 0x36:
    case 0x3e:
    case REX ... REX + 0xf:     /* These guests are in 64-bit mode. */
    case 0x64 ... 0x67:
    case 0xf0:
    case 0xf2:
    case 0xf3:
        return true;
    }
    return false;
}

static Instruction skip_prefixes(CPUX86State *env, unsigned length)
{
    Instruction found = { .at = env->segs[R_CS].base + env->eip };
    uint8_t byte = cpu_ldub_code(env, found.at);

    while (found.prefixes < MAX_LENGTH - length && is_prefix(byte)) {
        found.rex = byte;
        found.prefixes++;
        byte = cpu_ldub_code(env, ++found.at);
    }
    if ((found.rex & ~0xf) != REX) {
        found.rex = 0;
    }
    return found;
}

/* MOV, other than CLTS and LMSW, has one. */
static uint64_t control_register_info(CPUX86State *env, Instruction found)
{
    uint8_t opcode = cpu_ldub_code(env, found.at + 1);
    uint64_t number = cpu_ldub_code(env, found.at + 2) & 7;

    if (opcode != 0x20 && opcode != 0x22) {
        return 0;
    }
    return CR_VALID | number | (found.rex & REX_B ? 8 : 0);
}

uint64_t snp_decode_exit(CPUX86State *env, uint32_t code, uint64_t info)
{
    unsigned length = bare_length(code);
    Instruction found;

    if (!snp_sev_guest(env) || snp_es_guest(env) || !length) {
        return info;
    }
    found = skip_prefixes(env, length);
    x86_stq_phys(env_cpu(env), env->vm_vmcb + VMCB_NEXT_RIP,
                 env->eip + found.prefixes + length);
    if (code < SVM_EXIT_READ_DR0) {
        return control_register_info(env, found);
    }
    return info;
}
