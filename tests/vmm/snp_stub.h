/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_VMM_SNP_STUB_H
#define TESTS_VMM_SNP_STUB_H

/* Offsets in the stub's page. A range is the addresses of its start and its end. */
#define STUB_ENTRY	0x100	/* where to go when all is done */
#define STUB_RANGES	0x108	/* ended by a range that ends at 0 */
#define STUB_SIZE	0x1000

/* How the guest ends if a page can't be validated */
#define STUB_REASON_SET	0x1	/* any but 0, which the GHCB specification has */

#ifndef __ASSEMBLER__
extern const char snp_stub_begin[], snp_stub_end[];
#endif

#endif /* TESTS_VMM_SNP_STUB_H */
