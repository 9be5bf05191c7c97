/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * MRTD, computed anew. The TDX module's specification has it thus: each TDH.MEM.PAGE.ADD adds
 * 128 bytes, "MEM.PAGE.ADD" at offset 0 and the address at 16; each TDH.MR.EXTEND adds 128, with
 * "MR.EXTEND" and the address, and the 256 bytes that it measures.
 */
#ifndef TESTS_TDX_MRTD_H
#define TESTS_TDX_MRTD_H

#include <openssl/evp.h>

#define MRTD_PAGE_SIZE 4096UL
#define MRTD_CHUNK_SIZE 256UL

struct mrtd {
	EVP_MD_CTX *context;
};

void mrtd_begin(struct mrtd *mrtd);
void mrtd_add_page(struct mrtd *mrtd, unsigned long gpa);
/* MRTD_CHUNK_SIZE bytes */
void mrtd_extend(struct mrtd *mrtd, unsigned long gpa, const void *content);
/* A page with all of its content */
void mrtd_measure_page(struct mrtd *mrtd, unsigned long gpa, const void *content);
/* Ends it, and fails the test unless it is @digest. */
void mrtd_expect(struct mrtd *mrtd, const unsigned char *digest);

#endif
