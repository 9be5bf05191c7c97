/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * The reverse map table in the machine's memory
 */
#include "qemu/osdep.h"
#include "qemu/bitops.h"
#include "cpu.h"
#include "exec/address-spaces.h"
#include "exec/exec-all.h"
#include "snp/platform.h"
#include "snp/rmp.h"

/* The processor's own, before the first entry */
#define BOOKKEEPING 0x4000
#define ENTRY_SIZE  16

/* For each large page: 0 lets most checks end at once. */
static uint16_t *assigned;
static uint32_t guest_pages;

void snp_flush_tlbs(void)
{
    CPUState *cs;

    CPU_FOREACH(cs) {
        tlb_flush(cs);
    }
}

static hwaddr entry_address(hwaddr address)
{
    return snp_platform.rmp_base + BOOKKEEPING +
           address / SNP_PAGE * ENTRY_SIZE;
}

static uint64_t covered_size(void)
{
    uint64_t size = snp_platform.rmp_end + 1 - snp_platform.rmp_base;

    return size > BOOKKEEPING ?
           (size - BOOKKEEPING) / ENTRY_SIZE * SNP_PAGE : 0;
}

RMPEntry snp_rmp_entry(hwaddr gpa, uint32_t asid, bool immutable)
{
    return (RMPEntry) {
        .state = RMP_ASSIGNED | (gpa & RMP_GPA) |
                 (uint64_t)asid << RMP_ASID_SHIFT |
                 (immutable ? RMP_IMMUTABLE : 0),
        .rights = RMP_RIGHTS,
    };
}

void snp_rmp_start(void)
{
    uint64_t size = covered_size();

    g_free(assigned);
    assigned = g_new0(uint16_t, size / SNP_LARGE_PAGE + 1);
    guest_pages = 0;
    for (hwaddr at = 0; at < size; at += SNP_PAGE) {
        RMPEntry entry = snp_rmp_get(at);

        assigned[at / SNP_LARGE_PAGE] += !!(entry.state & RMP_ASSIGNED);
        guest_pages += !!snp_rmp_asid(entry);
    }
}

bool snp_rmp_covers(hwaddr address, uint64_t size)
{
    uint64_t covered = covered_size();

    return assigned && address < covered && size <= covered - address;
}

RMPEntry snp_rmp_get(hwaddr address)
{
    hwaddr at = entry_address(address);

    return (RMPEntry) {
        .state = address_space_ldq_le(&address_space_memory, at,
                                      MEMTXATTRS_UNSPECIFIED, NULL),
        .rights = address_space_ldq_le(&address_space_memory, at + 8,
                                       MEMTXATTRS_UNSPECIFIED, NULL),
    };
}

void snp_rmp_set(hwaddr address, RMPEntry entry)
{
    hwaddr at = entry_address(address);
    RMPEntry old = snp_rmp_get(address);

    assigned[address / SNP_LARGE_PAGE] +=
        !!(entry.state & RMP_ASSIGNED) - !!(old.state & RMP_ASSIGNED);
    guest_pages += !!snp_rmp_asid(entry) - !!snp_rmp_asid(old);
    address_space_stq_le(&address_space_memory, at, entry.state,
                         MEMTXATTRS_UNSPECIFIED, NULL);
    address_space_stq_le(&address_space_memory, at + 8, entry.rights,
                         MEMTXATTRS_UNSPECIFIED, NULL);
}

bool snp_rmp_large(hwaddr address)
{
    const uint64_t both = RMP_ASSIGNED | RMP_LARGE;

    return (snp_rmp_get(QEMU_ALIGN_DOWN(address, SNP_LARGE_PAGE)).state &
            both) == both;
}

uint32_t snp_rmp_guest_pages(void)
{
    return guest_pages;
}

unsigned snp_rmp_assigned(hwaddr address)
{
    return assigned[address / SNP_LARGE_PAGE];
}

static void each_in_large_page(hwaddr start, uint32_t asid,
                               void (*call)(hwaddr page, void *opaque),
                               void *opaque)
{
    for (int i = 0; i < SNP_LARGE_PAGES; i++) {
        RMPEntry entry = snp_rmp_get(start + i * SNP_PAGE);

        if ((entry.state & RMP_ASSIGNED) && snp_rmp_asid(entry) == asid) {
            call(start + i * SNP_PAGE, opaque);
        }
    }
}

void snp_rmp_each(uint32_t asid, void (*call)(hwaddr page, void *opaque),
                  void *opaque)
{
    uint64_t size = QEMU_ALIGN_DOWN(covered_size(), SNP_LARGE_PAGE);

    for (hwaddr at = 0; at < size; at += SNP_LARGE_PAGE) {
        if (assigned[at / SNP_LARGE_PAGE]) {
            each_in_large_page(at, asid, call, opaque);
        }
    }
}
