/*
 * SPDX-License-Identifier: GPL-2.0-only
 *
 * The part of an exit that is about its instruction: where the next one is, and
 * a register. KVM decodes the instruction by itself where it can read it, which
 * for a guest of SEV it can't.
 */
#ifndef SNP_DECODE_H
#define SNP_DECODE_H

/*
 * Returns what to put in EXITINFO1 instead of "info". To be called while the
 * guest's page tables are still in use.
 */
uint64_t snp_decode_exit(CPUX86State *env, uint32_t code, uint64_t info);

#endif
