/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * The page that tells a guest what its processor can do: the host may hide
 * features, and may not invent any.
 */
#include "qemu/osdep.h"
#include "cpu.h"
#include "psp.h"
#include "snp/rmp.h"

#define MAX_FUNCTIONS       64
#define LAST_STANDARD       0x0000ffffu
#define FIRST_EXTENDED      0x80000000u
#define LAST_EXTENDED       0x8000ffffu

#define LEAF_XSAVE          0xd
/* The legacy region and the header of an area of XSAVE */
#define XSAVE_BASE          0x240

struct cpuid_function {
    uint32_t leaf;
    uint32_t index;
    uint64_t xcr0;
    uint64_t xss;
    uint32_t registers[4];
    uint64_t reserved;
};

struct cpuid_page {
    uint32_t count;
    uint32_t reserved;
    uint64_t reserved_2;
    struct cpuid_function functions[MAX_FUNCTIONS];
};
QEMU_BUILD_BUG_ON(sizeof(struct cpuid_function) != 48);
QEMU_BUILD_BUG_ON(sizeof(struct cpuid_page) > SNP_PAGE);

enum { EAX, EBX, ECX, EDX };

/*
 * Registers of features. Free are those that depend on the guest's own state,
 * those that each processor of family 19h has and this one may lack, and the
 * timer of KVM's that goes by the TSC.
 */
static const struct features {
    uint32_t leaf;
    uint32_t index;
    unsigned which;
    uint32_t free;
} features[] = {
    { 1, 0, ECX, CPUID_EXT_OSXSAVE | CPUID_EXT_HYPERVISOR | CPUID_EXT_X2APIC |
                 CPUID_EXT_TSC_DEADLINE_TIMER },
    { 1, 0, EDX, CPUID_HT | CPUID_APIC },
    { 7, 0, EBX, 0 },
    { 7, 0, ECX, CPUID_7_0_ECX_OSPKE },
    { 7, 0, EDX, 0 },
    { LEAF_XSAVE, 1, EAX, 0 },
    { 0x80000001, 0, ECX, CPUID_EXT3_CMP_LEG | CPUID_EXT3_TOPOEXT },
    { 0x80000001, 0, EDX, CPUID_APIC },
};

static bool correct(uint32_t *value, uint32_t right)
{
    bool was_right = *value == right;

    *value = right;
    return was_right;
}

static bool check_features(struct cpuid_function *function)
{
    CPUX86State *env = &X86_CPU(first_cpu)->env;
    bool right = true;
    uint32_t own[4];

    cpu_x86_cpuid(env, function->leaf, function->index, &own[EAX], &own[EBX],
                  &own[ECX], &own[EDX]);
    for (size_t i = 0; i < ARRAY_SIZE(features); i++) {
        const struct features *f = &features[i];
        uint32_t *value = &function->registers[f->which];

        if (f->leaf == function->leaf && f->index == function->index) {
            right &= correct(value, *value & (own[f->which] | f->free));
        }
    }
    return right;
}

/* How large an area is with the states that the host says are enabled */
static uint32_t area_size(const struct cpuid_function *function)
{
    bool compact = function->index == 1;
    uint32_t size = XSAVE_BASE;

    for (unsigned i = 2; i < XSAVE_STATE_AREA_COUNT; i++) {
        const ExtSaveArea *area = &x86_ext_save_areas[i];

        if (!((function->xcr0 | function->xss) >> i & 1)) {
            continue;
        }
        size = compact ? size + area->size :
                         MAX(size, area->offset + area->size);
    }
    return size;
}

static bool check_function(struct cpuid_function *function)
{
    bool right = !function->reserved;

    right &= check_features(function);
    if (function->leaf == LEAF_XSAVE && function->index < 2) {
        right &= correct(&function->registers[EBX], area_size(function));
    }
    return right;
}

PSPStatus psp_check_cpuid(void *page)
{
    struct cpuid_page *cpuid = page;
    bool right = true;

    if (cpuid->count > MAX_FUNCTIONS) {
        return PSP_INVALID_PARAM;
    }
    for (uint32_t i = 0; i < cpuid->count; i++) {
        uint32_t leaf = cpuid->functions[i].leaf;

        /* The others are those of hypervisors. */
        if (leaf <= LAST_STANDARD ||
            (leaf >= FIRST_EXTENDED && leaf <= LAST_EXTENDED)) {
            right &= check_function(&cpuid->functions[i]);
        }
    }
    return right ? PSP_SUCCESS : PSP_INVALID_PARAM;
}
