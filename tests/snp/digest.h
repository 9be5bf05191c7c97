/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The launch digest, computed apart from the platform, with the kernel's SHA-384 (the
 * module algif_hash)
 */
#ifndef TESTS_SNP_DIGEST_H
#define TESTS_SNP_DIGEST_H

#include <linux/types.h>

/* @content NULL: not measured. @digest: SNP_DIGEST_SIZE bytes, zeros at first */
void digest_extend(__u8 *digest, __u8 type, __u64 gpa, const void *content);

#endif
