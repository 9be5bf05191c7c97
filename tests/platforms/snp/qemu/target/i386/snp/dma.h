/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * The RMP's say in a device's access to memory. The caller is the IOMMU.
 */
#ifndef SNP_DMA_H
#define SNP_DMA_H

#include "exec/memory.h"

/*
 * Makes the translation that an access at that address got one of its page
 * alone, as far as the RMP matters there: a page that has an owner can't be
 * written to, and reads as noise. Returns false if it refuses the access.
 */
bool snp_check_dma(IOMMUTLBEntry *entry, hwaddr address, IOMMUAccessFlags type);

#endif
