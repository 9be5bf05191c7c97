/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * Commands about single pages
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "cpu.h"
#include "exec/cpu-common.h"
#include "psp.h"
#include "snp/rmp.h"

#define RECLAIM_LARGE       (1ULL << 0)

bool psp_is_firmware_page(hwaddr address)
{
    const uint64_t wanted = RMP_ASSIGNED | RMP_IMMUTABLE;
    RMPEntry entry;

    if (!snp_rmp_covers(address, 1)) {
        return false;
    }
    entry = snp_rmp_get(address);
    return (entry.state & (wanted | RMP_VALIDATED)) == wanted &&
           !snp_rmp_asid(entry);
}

static bool is_in_rmp(hwaddr address)
{
    return address >= snp_platform.rmp_base && address <= snp_platform.rmp_end;
}

/*
 * The hypervisor gets a page back that it or the firmware had made immutable. A
 * guest's page is the guest's as before.
 */
PSPStatus psp_page_reclaim(PSPState *s, hwaddr buffer)
{
    const uint64_t wanted = RMP_ASSIGNED | RMP_IMMUTABLE;
    RMPEntry entry;
    uint64_t page;

    cpu_physical_memory_read(buffer, &page, sizeof(page));
    page &= ~SNP_C_MASK;
    if (page & RECLAIM_LARGE) {
        return PSP_INVALID_PAGE_SIZE;
    }
    if (page % SNP_PAGE || !snp_rmp_covers(page, SNP_PAGE)) {
        return PSP_INVALID_ADDRESS;
    }
    entry = snp_rmp_get(page);
    if (psp_guest(s, page) || is_in_rmp(page) ||
        (entry.state & wanted) != wanted) {
        return PSP_INVALID_PAGE_STATE;
    }
    entry.state &= ~RMP_IMMUTABLE;
    snp_rmp_set(page, entry);
    snp_flush_tlbs();
    return PSP_SUCCESS;
}
