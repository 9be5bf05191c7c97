/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * Memory as a guest of SEV or SEV-ES sees it through its key. The RMP doesn't
 * say whose such a guest's pages are. So the machine's memory holds their
 * content encrypted, and the guest's private accesses go to a view that the
 * running guest's key is applied to. Each access to it is a device's, which
 * makes these guests slow.
 */
#ifndef SNP_PRIVATE_VIEW_H
#define SNP_PRIVATE_VIEW_H

#include "exec/hwaddr.h"
#include "snp/memory_key.h"

#define SNP_PRIVATE_VIEW    (SNP_FOREIGN_VIEW + SNP_FOREIGN_SIZE)
#define SNP_PRIVATE_SIZE    SNP_FOREIGN_SIZE

void snp_private_view_init(Object *owner);

/* The address in memory of one that may lie in the view */
static inline hwaddr snp_plain_address(hwaddr at)
{
    return at - SNP_PRIVATE_VIEW < SNP_PRIVATE_SIZE ? at - SNP_PRIVATE_VIEW :
                                                      at;
}

#ifdef NEED_CPU_H

/* Where a private access of the running guest finds its content */
static inline hwaddr snp_private_address(CPUX86State *env, hwaddr spa)
{
    return snp_sev_guest(env) && !env->snp.snp ? spa + SNP_PRIVATE_VIEW : spa;
}

#endif
#endif
