/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * The reverse map table: for each page of memory who owns it. It lies in the
 * machine's memory, where kernels read it, in the layout of the PPR of family
 * 19h model 01h, for the upper half of an entry doesn't say what is in it, see
 * below.
 */
#ifndef SNP_RMP_H
#define SNP_RMP_H

#include "exec/hwaddr.h"

#define SNP_PAGE            0x1000ULL
#define SNP_LARGE_PAGE      0x200000ULL
#define SNP_LARGE_PAGES     512     /* pages in a large one */

#define RMP_ASSIGNED        (1ULL << 0)
/* The entry of a large page's first page has it. */
#define RMP_LARGE           (1ULL << 1)
#define RMP_IMMUTABLE       (1ULL << 2)
#define RMP_GPA             0x0007fffffffff000ULL
#define RMP_ASID_SHIFT      51
#define RMP_ASID_BITS       10
#define RMP_ASID            MAKE_64BIT_MASK(RMP_ASID_SHIFT, RMP_ASID_BITS)
#define RMP_VMSA            (1ULL << 61)
#define RMP_VALIDATED       (1ULL << 62)

/* The rights of each VMPL, a byte for each in the upper half */
#define RMP_RIGHT_READ      (1u << 0)
#define RMP_RIGHT_WRITE     (1u << 1)
#define RMP_RIGHT_USER_EXEC (1u << 2)
#define RMP_RIGHT_EXEC      (1u << 3)
#define RMP_RIGHTS          0xf
#define RMP_RIGHT_BITS      8

typedef struct RMPEntry {
    uint64_t state;
    uint64_t rights;
} RMPEntry;

static inline uint32_t snp_rmp_asid(RMPEntry entry)
{
    return extract64(entry.state, RMP_ASID_SHIFT, RMP_ASID_BITS);
}

static inline uint32_t snp_rmp_rights(RMPEntry entry, unsigned vmpl)
{
    return extract64(entry.rights, vmpl * RMP_RIGHT_BITS, RMP_RIGHT_BITS);
}

/* An entry for a page that is new: VMPL 0 has all rights, the others none. */
RMPEntry snp_rmp_entry(hwaddr gpa, uint32_t asid, bool immutable);

/* To be called once, when the table begins to count. */
void snp_rmp_start(void);

/* Does the table have entries for all of it? It has none before the start. */
bool snp_rmp_covers(hwaddr address, uint64_t size);

/* The following three are for addresses that are covered. */
RMPEntry snp_rmp_get(hwaddr address);
void snp_rmp_set(hwaddr address, RMPEntry entry);
/* Is the page part of a large one? */
bool snp_rmp_large(hwaddr address);

/* How many pages are assigned in the large page around this address */
unsigned snp_rmp_assigned(hwaddr address);

/* How many pages belong to an ASID, of all there are */
uint32_t snp_rmp_guest_pages(void);

/* Calls a function for each page that has this ASID. */
void snp_rmp_each(uint32_t asid, void (*call)(hwaddr page, void *opaque),
                  void *opaque);

#endif
