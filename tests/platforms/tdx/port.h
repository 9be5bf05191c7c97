/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The model runs in a kernel module, or in a program of user space that tests its rules. Each
 * of the two provides these.
 */
#ifndef TDX_MODEL_PORT_H
#define TDX_MODEL_PORT_H

#ifdef __KERNEL__
#include <linux/string.h>
#include <linux/types.h>
#else
#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define u8 __u8
#define u16 __u16
#define u64 __u64
#endif

struct tdxm;

#define TDXM_PAGE_SHIFT 12
#define TDXM_PAGE_SIZE (1UL << TDXM_PAGE_SHIFT)
/* SHA-384 */
#define TDXM_DIGEST_SIZE 48

/* Zeroed memory, or NULL. The caller may hold a spinlock. */
void *tdxm_alloc(size_t size);
void tdxm_free(void *memory);

/* The frame's content as the host sees it */
void *tdxm_address(struct tdxm *m, u64 pfn);

/* Called once each time a rule is broken. @where: an address, or 0; @expected: by a test */
void tdxm_report(const char *rule, u64 where, bool expected);

struct tdxm_digest *tdxm_digest_start(void);
void tdxm_digest_add(struct tdxm_digest *digest, const void *data, size_t size);
/* Frees @digest. */
void tdxm_digest_end(struct tdxm_digest *digest, u8 *result);

#endif
