/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * The checks of the RMP that devices get
 */
#include "qemu/osdep.h"
#include "cpu.h"
#include "snp/access.h"
#include "snp/dma.h"
#include "snp/platform.h"
#include "snp/rmp.h"

bool snp_check_dma(IOMMUTLBEntry *entry, hwaddr address, IOMMUAccessFlags type)
{
    hwaddr spa = entry->translated_addr | (address & entry->addr_mask);

    if (entry->perm == IOMMU_NONE || !snp_rmp_covers(spa, 1) ||
        !snp_rmp_assigned(spa)) {
        return true;
    }
    entry->iova = QEMU_ALIGN_DOWN(address, SNP_PAGE);
    entry->addr_mask = SNP_PAGE - 1;
    spa = QEMU_ALIGN_DOWN(spa, SNP_PAGE);
    entry->translated_addr = spa;
    if (!(snp_rmp_get(spa).state & RMP_ASSIGNED)) {
        return true;
    }
    entry->translated_addr = snp_foreign_address(spa);
    entry->perm &= ~IOMMU_WO;
    if (!(type & IOMMU_WO)) {
        return true;
    }
    snp_note_event(SNP_EVENT_DMA_FAULT);
    return false;
}
