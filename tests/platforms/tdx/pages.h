/* SPDX-License-Identifier: GPL-2.0-only */
/* The commands that give pages to a guest and take them back. @level is that of the entry. */
#ifndef TDX_MODEL_PAGES_H
#define TDX_MODEL_PAGES_H

#include "port.h"

u64 tdxm_mem_sept_add(struct tdxm *m, u64 tdr, u64 gpa, int level, u64 pfn);
/* @source may be @pfn: the page is added where it lies. */
u64 tdxm_mem_page_add(struct tdxm *m, u64 tdr, u64 gpa, u64 pfn, u64 source);
u64 tdxm_mem_page_aug(struct tdxm *m, u64 tdr, u64 gpa, int level, u64 pfn);
u64 tdxm_mem_range_block(struct tdxm *m, u64 tdr, u64 gpa, int level);
u64 tdxm_mem_page_remove(struct tdxm *m, u64 tdr, u64 gpa, int level);
/* @pfn becomes the table of the smaller pages. */
u64 tdxm_mem_page_demote(struct tdxm *m, u64 tdr, u64 gpa, int level, u64 pfn);

#endif
