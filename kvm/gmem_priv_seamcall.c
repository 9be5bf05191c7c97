// SPDX-License-Identifier: GPL-2.0-only
/*
 * The command of the TDX module for which the kernel has no function: TDH.MEM.PAGE.DEMOTE.
 *
 * The kernel notes, a processor at a time, that the TDX module has run there, since kexec has
 * to write its caches back. KVM blocks an entry just before it demotes that, with mmu_lock
 * held and so on the same processor, by a function of the kernel that makes this note.
 */

#include <linux/kvm_host.h>
#include <linux/mm.h>
#include <asm/asm.h>
#include <asm/cacheflush.h>
#include <asm/page.h>
#include <asm/tdx.h>

#include "gmem_priv_tdx.h"

#define TDH_MEM_PAGE_DEMOTE	15

/* Status: an interrupt came, and nothing has changed. */
#define TDX_INTERRUPTED_RESTARTABLE	0x8000000400000000ULL

/* Only interrupts that come without end, or a broken module, restart it so often. */
#define MAX_TRIES	10000

/*
 * All registers that the command gets or returns. Without a TDX module the carry flag is set,
 * or the instruction faults.
 */
static u64 seamcall_demote(u64 *rcx, u64 *rdx, u64 page)
{
	register u64 r8 asm("r8") = page;
	u64 rax = TDH_MEM_PAGE_DEMOTE;

	asm volatile("   xor %%r9d, %%r9d\n"
		     "   xor %%r10d, %%r10d\n"
		     "   xor %%r11d, %%r11d\n"
		     "1: .byte 0x66, 0x0f, 0x01, 0xcf\n"
		     "   jnc 3f\n"
		     "2: mov %[failed], %%rax\n"
		     "3:\n"
		     _ASM_EXTABLE(1b, 2b)
		     : "+a" (rax), "+c" (*rcx), "+d" (*rdx), "+r" (r8)
		     : [failed] "i" (-ENODEV)
		     : "r9", "r10", "r11", "memory", "cc");
	return rax;
}

/**
 * tdh_mem_page_demote() - have a table of small entries in the place of a huge one
 * @td: the TD
 * @gpa: of the entry, which is blocked and tracked
 * @level: of the entry
 * @page: becomes the table
 * @ext_err1: out: the entry, after an error
 * @ext_err2: out: its level and state, after an error
 *
 * The guest's pages keep what is in them, and whether they are accepted. The new entries
 * aren't blocked.
 *
 * Context: preemption disabled.
 * Return: the TDX module's status.
 */
u64 tdh_mem_page_demote(struct tdx_td *td, u64 gpa, enum pg_level level,
			struct page *page, u64 *ext_err1, u64 *ext_err2)
{
	unsigned int tries = MAX_TRIES;
	u64 err;

	clflush_cache_range(page_to_virt(page), PAGE_SIZE);
	do {
		/* The level of the TDX module's base pages is 0. */
		*ext_err1 = gpa | (level - PG_LEVEL_4K);
		*ext_err2 = page_to_phys(td->tdr_page);
		err = seamcall_demote(ext_err1, ext_err2, page_to_phys(page));
	} while (err == TDX_INTERRUPTED_RESTARTABLE && --tries);

	return err;
}
