/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef SNP_TEST_H
#define SNP_TEST_H

#include <linux/mm.h>

#include "../kvm_snp_test.h"

/* pages.c */
int snpt_pages_init(void);
void snpt_pages_exit(void);
u64 snpt_address(void);
/* NULL for a number that is too great */
struct page *snpt_page(u32 number);
int snpt_rmpupdate(u64 pfn, const struct snpt_update *update);
long snpt_update(struct snpt_update *update);
long snpt_entry(struct snpt_entry *entry);
long snpt_copy(const struct snpt_copy *copy, bool write);
long snpt_command(struct snpt_command *command);
void snpt_give_back(void);

/* edu.c */
int snpt_edu_init(void);
void snpt_edu_exit(void);
long snpt_dma(const struct snpt_dma *dma);

/* tables.c */
long snpt_table(struct snpt_table *table);

#endif
