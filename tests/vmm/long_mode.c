// SPDX-License-Identifier: GPL-2.0-only
/*
 * The 64-bit boot protocol wants its CPU in long mode, with flat segments and
 * with the memory that it starts in mapped one to one.
 */
#include "long_mode.h"

#include <err.h>
#include <sys/ioctl.h>

#include <linux/kvm.h>

/* Below what boot.c places. */
#define GDT_GPA		0x8000
#define PML4_GPA	0x9000
#define PDPT_GPA	0xa000
#define PD_GPA		0xb000

#define MAPPED_GIB	4
#define PER_TABLE	512

enum { PRESENT = 0x1, WRITABLE = 0x2, LARGE = 0x80 };

#define CR0_PE		0x00000001UL
#define CR0_PG		0x80000000UL
#define CR4_PAE		0x20UL
#define EFER_LME	0x100UL
#define EFER_LMA	0x400UL

/* The selectors are the boot protocol's. */
#define CODE_SELECTOR	0x10
#define DATA_SELECTOR	0x18
#define TASK_SELECTOR	0x20

#define FLAT_CODE_64	0x00af9b000000ffffULL
#define FLAT_DATA	0x00cf93000000ffffULL

void long_mode_place(struct guest_memory *memory, __u64 bits)
{
	const __u64 gdt[] = { 0, 0, FLAT_CODE_64, FLAT_DATA };
	const __u64 pml4[] = { PDPT_GPA | PRESENT | WRITABLE | bits };
	__u64 pdpt[MAPPED_GIB];
	__u64 pd[MAPPED_GIB * PER_TABLE];

	for (__u64 i = 0; i < MAPPED_GIB; i++)
		pdpt[i] = (PD_GPA + (i << 12)) | PRESENT | WRITABLE | bits;
	for (__u64 i = 0; i < MAPPED_GIB * PER_TABLE; i++)
		pd[i] = i << 21 | PRESENT | WRITABLE | LARGE | bits;

	memory_place(memory, GDT_GPA, gdt, sizeof(gdt));
	memory_place(memory, PML4_GPA, pml4, sizeof(pml4));
	memory_place(memory, PDPT_GPA, pdpt, sizeof(pdpt));
	memory_place(memory, PD_GPA, pd, sizeof(pd));
}

void long_mode_enter(int vcpu, const struct boot_entry *entry)
{
	const struct kvm_segment code = {
		.selector = CODE_SELECTOR,
		.limit = 0xffffffff,
		.type = 0xb,
		.present = 1,
		.s = 1,
		.l = 1,
		.g = 1,
	};
	const struct kvm_segment data = {
		.selector = DATA_SELECTOR,
		.limit = 0xffffffff,
		.type = 0x3,
		.present = 1,
		.s = 1,
		.db = 1,
		.g = 1,
	};
	const struct kvm_segment task = {
		.selector = TASK_SELECTOR,
		.limit = 0x67,
		.type = 0xb,
		.present = 1,
	};
	struct kvm_regs regs = {
		.rip = entry->rip,
		.rsi = entry->boot_params,
		.rflags = 2,
	};
	struct kvm_sregs sregs;

	if (ioctl(vcpu, KVM_GET_SREGS, &sregs))
		err(1, "KVM_GET_SREGS");

	sregs.cs = code;
	sregs.ds = data;
	sregs.es = data;
	sregs.fs = data;
	sregs.gs = data;
	sregs.ss = data;
	sregs.tr = task;
	sregs.gdt.base = GDT_GPA;
	sregs.gdt.limit = 4 * sizeof(__u64) - 1;
	sregs.cr0 |= CR0_PE | CR0_PG;
	sregs.cr3 = PML4_GPA;
	sregs.cr4 |= CR4_PAE;
	sregs.efer |= EFER_LME | EFER_LMA;

	if (ioctl(vcpu, KVM_SET_SREGS, &sregs))
		err(1, "KVM_SET_SREGS");
	if (ioctl(vcpu, KVM_SET_REGS, &regs))
		err(1, "KVM_SET_REGS");
}
