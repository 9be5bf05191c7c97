/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * The states of pages
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "cpu.h"
#include "psp.h"
#include "snp/rmp.h"

static bool is_in_rmp(hwaddr address)
{
    return address >= snp_platform.rmp_base && address <= snp_platform.rmp_end;
}

static PSPPageState state_of_guests(RMPEntry entry)
{
    bool validated = entry.state & RMP_VALIDATED;

    if (entry.state & RMP_IMMUTABLE) {
        return validated ? PSP_PAGE_PRE_SWAP : PSP_PAGE_PRE_GUEST;
    }
    return validated ? PSP_PAGE_GUEST_VALID : PSP_PAGE_GUEST_INVALID;
}

PSPPageState psp_page_state(hwaddr page)
{
    RMPEntry entry;

    if (!snp_rmp_covers(page, 1) || is_in_rmp(page)) {
        return PSP_PAGE_NONE;
    }
    entry = snp_rmp_get(page);
    if (!(entry.state & RMP_ASSIGNED)) {
        return entry.state & RMP_IMMUTABLE ? PSP_PAGE_HYPERVISOR_FIXED :
                                             PSP_PAGE_HYPERVISOR;
    }
    if (snp_rmp_asid(entry)) {
        return state_of_guests(entry);
    }
    if (!(entry.state & RMP_IMMUTABLE)) {
        return PSP_PAGE_RECLAIM;
    }
    return entry.state & RMP_VMSA ? PSP_PAGE_CONTEXT : PSP_PAGE_FIRMWARE;
}

bool psp_is_firmware_page(hwaddr address)
{
    return psp_page_state(address) == PSP_PAGE_FIRMWARE;
}

bool psp_may_write(PSPState *s, hwaddr buffer, uint64_t size)
{
    hwaddr page = QEMU_ALIGN_DOWN(buffer, SNP_PAGE);

    for (; s->snp_ready && page < buffer + size; page += SNP_PAGE) {
        if (!psp_is_firmware_page(page)) {
            return false;
        }
    }
    return true;
}

/* Without an ASID the bit of a VMSA is free to say that. */
void psp_set_context_page(hwaddr page, bool context)
{
    RMPEntry entry = snp_rmp_get(page);

    entry.state &= ~RMP_VMSA;
    if (context) {
        entry.state |= RMP_VMSA;
    }
    snp_rmp_set(page, entry);
}
