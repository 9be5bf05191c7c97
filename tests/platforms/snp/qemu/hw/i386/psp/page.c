/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * Commands about pages that have an owner
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "cpu.h"
#include "exec/cpu-common.h"
#include "psp.h"
#include "snp/rmp.h"

#define ADDRESS_RESERVED    (SNP_PAGE - 1)
#define RECLAIM_LARGE       (1ULL << 0)

static hwaddr read_address(hwaddr buffer)
{
    uint64_t address;

    cpu_physical_memory_read(buffer, &address, sizeof(address));
    return address & ~SNP_C_MASK;
}

static bool is_large_entry(hwaddr page)
{
    return page % SNP_LARGE_PAGE == 0 && snp_rmp_large(page);
}

static void make_mutable(hwaddr page, bool large)
{
    uint64_t size = large ? SNP_LARGE_PAGE : SNP_PAGE;

    for (hwaddr at = page; at < page + size; at += SNP_PAGE) {
        RMPEntry entry = snp_rmp_get(at);

        entry.state &= ~RMP_IMMUTABLE;
        snp_rmp_set(at, entry);
    }
    snp_flush_tlbs();
}

/*
 * The hypervisor gets a page back that it or the firmware had made immutable. A
 * guest's page is the guest's as before, and validated as before. In an entry
 * of 2 MiB the bit is that of the entry, the other pages have none.
 */
PSPStatus psp_page_reclaim(PSPState *s, hwaddr buffer)
{
    hwaddr page = read_address(buffer);
    bool large = page & RECLAIM_LARGE;

    page &= ~RECLAIM_LARGE;
    if (page & ADDRESS_RESERVED) {
        return PSP_INVALID_PARAM;
    }
    if (large && page % SNP_LARGE_PAGE) {
        return PSP_INVALID_ADDRESS;
    }
    if (psp_page_state(page) == PSP_PAGE_NONE) {
        return PSP_INVALID_ADDRESS;
    }
    if (is_large_entry(page) != large) {
        return PSP_INVALID_PAGE_SIZE;
    }
    switch (psp_page_state(page)) {
    case PSP_PAGE_FIRMWARE:
    case PSP_PAGE_PRE_GUEST:
    case PSP_PAGE_PRE_SWAP:
        if (large || !snp_rmp_large(page)) {
            make_mutable(page, large);
        }
        return PSP_SUCCESS;
    case PSP_PAGE_HYPERVISOR_FIXED:
    case PSP_PAGE_CONTEXT:
        return PSP_INVALID_PAGE_STATE;
    default:
        return PSP_SUCCESS;
    }
}

/* Is the page what the one before makes it have to be? */
static bool continues(hwaddr page)
{
    RMPEntry before = snp_rmp_get(page - SNP_PAGE);
    RMPEntry entry = snp_rmp_get(page);

    before.state += SNP_PAGE;
    return entry.state == before.state && entry.rights == before.rights;
}

static bool can_be_large(hwaddr first)
{
    PSPPageState state = psp_page_state(first);
    RMPEntry entry = snp_rmp_get(first);

    if ((state != PSP_PAGE_PRE_GUEST && state != PSP_PAGE_PRE_SWAP) ||
        (entry.state & (RMP_VMSA | RMP_LARGE)) ||
        (entry.state & RMP_GPA) % SNP_LARGE_PAGE) {
        return false;
    }
    for (unsigned i = 1; i < SNP_LARGE_PAGES; i++) {
        if (!continues(first + i * SNP_PAGE)) {
            return false;
        }
    }
    return true;
}

/*
 * 512 immutable pages of one guest become one page of 2 MiB, which is immutable
 * until it is reclaimed.
 */
PSPStatus psp_page_unsmash(PSPState *s, hwaddr buffer)
{
    hwaddr first = read_address(buffer);
    RMPEntry entry;

    if (first % SNP_LARGE_PAGE) {
        return PSP_INVALID_PARAM;
    }
    if (!snp_rmp_covers(first, SNP_LARGE_PAGE)) {
        return PSP_INVALID_ADDRESS;
    }
    if (!can_be_large(first)) {
        return PSP_INVALID_PAGE_STATE;
    }
    entry = snp_rmp_get(first);
    entry.state |= RMP_LARGE;
    snp_rmp_set(first, entry);
    snp_flush_tlbs();
    return PSP_SUCCESS;
}
