// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <sys/ioctl.h>
#include <linux/kvm.h>

#include "unit.h"
#include "vmsa.h"

struct segment {
	__u16 selector;
	__u16 attributes;
	__u32 limit;
	__u64 base;
};

struct save_area {
	struct segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
	__u8 unused_0a0[0x30];
	__u64 efer;
	__u8 unused_0d8[0x70];
	__u64 cr4, cr3, cr0, dr7, dr6, rflags, rip;
	__u8 unused_180[0x58];
	__u64 rsp;
	__u8 unused_1e0[0x18];
	__u64 rax;
	__u8 unused_200[0x68];
	__u64 pat;
	__u8 unused_270[0x98];
	__u64 rcx, rdx, rbx, unused_320, rbp, rsi, rdi;
	__u64 r8, r9, r10, r11, r12, r13, r14, r15;
	__u8 unused_380[0x30];
	__u64 features;
	__u8 unused_3b8[0x30];
	__u64 xcr0;
	__u8 unused_3f0[0x18];
	__u32 mxcsr;
	__u16 x87_tags, x87_status, x87_control;
};

_Static_assert(offsetof(struct save_area, efer) == 0xd0, "EFER");
_Static_assert(offsetof(struct save_area, cr4) == 0x148, "CR4");
_Static_assert(offsetof(struct save_area, rsp) == 0x1d8, "RSP");
_Static_assert(offsetof(struct save_area, rax) == 0x1f8, "RAX");
_Static_assert(offsetof(struct save_area, pat) == 0x268, "PAT");
_Static_assert(offsetof(struct save_area, rcx) == 0x308, "RCX");
_Static_assert(offsetof(struct save_area, features) == 0x3b0, "SEV_FEATURES");
_Static_assert(offsetof(struct save_area, xcr0) == 0x3e8, "XCR0");
_Static_assert(offsetof(struct save_area, mxcsr) == 0x408, "MXCSR");

#define EFER_SVME	0x1000
/* KVM ignores these two unless a VMM tells it not to (KVM_X86_QUIRK_CD_NW_CLEARED). */
#define CR0_CD_NW	0x60000000
#define CR4_MCE		0x40
#define DR6_INIT	0xffff0ff0
#define DR7_INIT	0x400
#define PAT_INIT	0x0007040600070406ULL
#define MXCSR_INIT	0x1f80
#define X87_INIT	0x37f
#define SNP_ACTIVE	1

static struct segment segment(const struct kvm_segment *s)
{
	return (struct segment) {
		.selector = s->selector, .limit = s->limit, .base = s->base,
		.attributes = s->type | s->s << 4 | s->dpl << 5 | s->present << 7 |
			      s->avl << 8 | s->l << 9 | s->db << 10 | s->g << 11,
	};
}

static struct segment table(const struct kvm_dtable *t)
{
	return (struct segment) { .limit = t->limit, .base = t->base };
}

void vmsa_make(void *page, int vcpu)
{
	struct save_area *area = page;
	struct kvm_sregs s;
	struct kvm_regs r;

	expect_ok(ioctl(vcpu, KVM_GET_REGS, &r), "KVM_GET_REGS");
	expect_ok(ioctl(vcpu, KVM_GET_SREGS, &s), "KVM_GET_SREGS");
	memset(page, 0, 4096);
	*area = (struct save_area) {
		.es = segment(&s.es), .cs = segment(&s.cs), .ss = segment(&s.ss),
		.ds = segment(&s.ds), .fs = segment(&s.fs), .gs = segment(&s.gs),
		.ldtr = segment(&s.ldt), .tr = segment(&s.tr),
		.gdtr = table(&s.gdt), .idtr = table(&s.idt),
		/* With the two bits that the processor must have */
		.efer = s.efer | EFER_SVME,
		.cr4 = s.cr4 | CR4_MCE,
		.cr3 = s.cr3, .cr0 = s.cr0 & ~CR0_CD_NW,
		.dr6 = DR6_INIT, .dr7 = DR7_INIT,
		.rflags = r.rflags, .rip = r.rip, .rsp = r.rsp,
		.rax = r.rax, .rcx = r.rcx, .rdx = r.rdx, .rbx = r.rbx,
		.rbp = r.rbp, .rsi = r.rsi, .rdi = r.rdi,
		.r8 = r.r8, .r9 = r.r9, .r10 = r.r10, .r11 = r.r11,
		.r12 = r.r12, .r13 = r.r13, .r14 = r.r14, .r15 = r.r15,
		.pat = PAT_INIT, .features = SNP_ACTIVE, .xcr0 = 1,
		.mxcsr = MXCSR_INIT, .x87_control = X87_INIT,
	};
}
