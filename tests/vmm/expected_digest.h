/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_VMM_EXPECTED_DIGEST_H
#define TESTS_VMM_EXPECTED_DIGEST_H

#include "vmm.h"

/*
 * Computes the launch digest of an SNP guest with one CPU as its owner would: from the files
 * and the command line alone, without the firmware. @digest: SNP_DIGEST_SIZE bytes
 */
void expected_digest(const struct vmm_config *config, __u8 *digest);

#endif /* TESTS_VMM_EXPECTED_DIGEST_H */
