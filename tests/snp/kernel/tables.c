// SPDX-License-Identifier: GPL-2.0-only
/* A page table that isn't the host's */

#include <linux/pgtable.h>
#include <linux/uaccess.h>

#include "snp_test.h"

#define ANY_ASID	1

/* The calling process has no other thread, and the page has been touched. */
static pte_t *find_entry(unsigned long address)
{
	pgd_t *pgd = pgd_offset(current->mm, address);
	p4d_t *p4d = pgd_none(*pgd) ? NULL : p4d_offset(pgd, address);
	pud_t *pud = !p4d || p4d_none(*p4d) ? NULL : pud_offset(p4d, address);
	pmd_t *pmd = !pud || pud_none(*pud) ? NULL : pmd_offset(pud, address);

	if (!pmd || pmd_none(*pmd) || pmd_leaf(*pmd))
		return NULL;
	return pte_offset_kernel(pmd, address);
}

/* No other code may run on the processor: it would use or change the table. */
long snpt_table(struct snpt_table *table)
{
	const struct snpt_update assign = { .asid = ANY_ASID, .assigned = 1 };
	const struct snpt_update shared = { };
	pte_t *pte = find_entry(table->address);
	unsigned long flags;
	u64 pfn;
	u8 byte;

	if (!pte || !pte_present(*pte))
		return -EINVAL;
	pfn = __pa(pte) >> PAGE_SHIFT;
	local_irq_save(flags);
	clear_bit(_PAGE_BIT_ACCESSED, (unsigned long *)&pte->pte);
	if (snpt_rmpupdate(pfn, &assign)) {
		local_irq_restore(flags);
		return -EIO;
	}
	asm volatile("invlpg (%0)" : : "r" (table->address) : "memory");
	pagefault_disable();
	table->error = __copy_from_user_inatomic(&byte, u64_to_user_ptr(table->address), 1) ?
		       -EFAULT : 0;
	pagefault_enable();
	snpt_rmpupdate(pfn, &shared);
	local_irq_restore(flags);
	return 0;
}
