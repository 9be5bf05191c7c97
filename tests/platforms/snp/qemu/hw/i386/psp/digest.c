/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * The launch digest: each page extends it by a hash of the digest so far and of
 * what the page is.
 */
#include "qemu/osdep.h"
#include "qemu/bswap.h"
#include "cpu.h"
#include "psp.h"
#include "snp/rmp.h"

struct QEMU_PACKED page_info {
    uint8_t digest[PSP_DIGEST_SIZE];
    uint8_t content[PSP_DIGEST_SIZE];
    uint16_t length;
    uint8_t type;
    uint8_t imi;
    uint8_t rights_3;
    uint8_t rights_2;
    uint8_t rights_1;
    uint8_t reserved;
    uint64_t gpa;
};
QEMU_BUILD_BUG_ON(sizeof(struct page_info) != 0x70);

void psp_measure(uint8_t *digest, const PSPPageInfo *info)
{
    struct page_info hashed = {
        .length = cpu_to_le16(sizeof(hashed)),
        .type = info->type,
        .rights_3 = info->rights[3],
        .rights_2 = info->rights[2],
        .rights_1 = info->rights[1],
        .gpa = cpu_to_le64(info->gpa),
    };

    memcpy(hashed.digest, digest, PSP_DIGEST_SIZE);
    if (info->content) {
        psp_hash(hashed.content, info->content, SNP_PAGE);
    }
    psp_hash(digest, &hashed, sizeof(hashed));
}
