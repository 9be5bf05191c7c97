/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * Memory encryption, as far as it can be seen. The machine's memory holds a
 * page's content as its owner sees it: a guest its plain text. What others read
 * is that content xor-ed with a stream that depends on the ASID's key and on
 * the address, and when a page changes hands its content is changed likewise.
 * So a page that is read, given away or moved without its owner is noise. The
 * stream is no cipher: it hides nothing from a person who wants to know.
 */
#ifndef SNP_MEMORY_KEY_H
#define SNP_MEMORY_KEY_H

#include "exec/hwaddr.h"

/*
 * A second view of the memory, from this address on, as it is to all but the
 * pages' owners
 */
#define SNP_FOREIGN_VIEW    (1ULL << 50)
#define SNP_FOREIGN_SIZE    (1ULL << 40)

void snp_foreign_view_init(Object *owner);

/* Changes a page from what the ASID sees to what others see, or back. */
void snp_recrypt(hwaddr page, uint32_t asid);

/* The same of bytes that were read there, or are to be written there */
void snp_crypt(void *bytes, hwaddr at, uint64_t size, uint32_t asid);

/*
 * Gives an ASID another key, a random one or this: what it has is noise to
 * itself from now on.
 */
void snp_new_key(uint32_t asid);
void snp_set_key(uint32_t asid, uint64_t key);

#endif
