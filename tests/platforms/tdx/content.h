/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The content of frames that a TD has. Memory holds it xor-ed with a stream of the TD's secret
 * and the frame's number, so that the host sees noise, then and after it has the frame back.
 */
#ifndef TDX_MODEL_CONTENT_H
#define TDX_MODEL_CONTENT_H

#include "port.h"

/* Remembers what is in memory now, and tells whether the host has changed it since. */
void tdxm_content_sum(struct tdxm *m, u64 pfn);
bool tdxm_content_check(struct tdxm *m, u64 pfn);

/* The TD sees zeros from now on. */
void tdxm_content_zero(struct tdxm *m, u64 pfn);
/* The TD sees what is at @source, which may be the frame's own memory. */
void tdxm_content_seal(struct tdxm *m, u64 pfn, const void *source);

/* The TD's accesses. @offset and @size are multiples of eight. */
void tdxm_content_read(struct tdxm *m, u64 pfn, size_t offset, void *to, size_t size);
void tdxm_content_write(struct tdxm *m, u64 pfn, size_t offset, u64 value);

#endif
