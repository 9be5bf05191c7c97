// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <sys/ioctl.h>
#include <asm/svm.h>

#include "device.h"
#include "guests.h"
#include "layout.h"
#include "nesting.h"
#include "unit.h"

#define VMCB_GPA	NESTED_GPA
#define HSAVE_GPA	(NESTED_GPA + 0x1000)
#define NPT_GPA		(NESTED_GPA + 0x2000)
/* Of 4 MiB, in a row */
#define NPT_PT_GPA	(NESTED_GPA + 0x5000)
#define NPT_PAGES	1024

#define PTE_USER	0x04ULL
#define NPT_FLAGS	(PTE_PRESENT | PTE_WRITE | PTE_USER)

#define EFER_SVME	0x1000
#define MSR_HSAVE_PA	0xc0010117

#define INTERCEPT_HLT		(1U << 24)
#define INTERCEPT_SHUTDOWN	(1U << 31)
#define INTERCEPT_VMRUN		(1U << 0)

struct segment {
	__u16 selector;
	__u16 attributes;
	__u32 limit;
	__u64 base;
};

/* The fields that are used, where AMD's manual has them */
struct vmcb {
	__u8 pad_0[0x0c];
	__u32 intercepts_3;		/* 0x00c */
	__u32 intercepts_4;
	__u8 pad_14[0x58 - 0x14];
	__u32 asid;			/* 0x058 */
	__u8 pad_5c[0x70 - 0x5c];
	__u64 exit_code;		/* 0x070 */
	__u8 pad_78[0x90 - 0x78];
	__u64 nested_paging;		/* 0x090 */
	__u8 pad_98[0xb0 - 0x98];
	__u64 nested_cr3;		/* 0x0b0 */
	__u8 pad_b8[0x400 - 0xb8];
	struct segment es, cs, ss, ds, fs, gs, gdtr, ldtr, idtr, tr;
	__u8 pad_4a0[0x4d0 - 0x4a0];
	__u64 efer;			/* 0x4d0 */
	__u8 pad_4d8[0x548 - 0x4d8];
	__u64 cr4;			/* 0x548 */
	__u64 cr3, cr0, dr7, dr6, rflags, rip;
	__u8 pad_580[0x5f8 - 0x580];
	__u64 rax;			/* 0x5f8 */
	__u8 pad_600[0x668 - 0x600];
	__u64 pat;			/* 0x668 */
	__u8 pad_670[0x1000 - 0x670];
};

_Static_assert(sizeof(struct vmcb) == PAGE, "a VMCB is a page");
_Static_assert(offsetof(struct vmcb, rip) == 0x578, "the save area is complete");

static __u64 *word_at(char *memory, __u64 gpa)
{
	return (__u64 *)(memory + gpa);
}

static void svm_map(char *memory, __u64 l2_gpa, __u64 gpa)
{
	assert_true(l2_gpa / PAGE < NPT_PAGES);
	word_at(memory, NPT_PT_GPA)[l2_gpa / PAGE] = gpa | NPT_FLAGS;
}

static __u64 svm_entry(const char *memory, __u64 l2_gpa)
{
	assert_true(l2_gpa / PAGE < NPT_PAGES);
	return ((const __u64 *)(memory + NPT_PT_GPA))[l2_gpa / PAGE];
}

static bool svm_has_bits(struct vcpu *vcpu)
{
	(void)vcpu;
	return true;
}

static void svm_map_block(char *memory, __u64 gpa)
{
	assert_true(gpa / PAGE < NPT_PAGES);
	word_at(memory, NPT_GPA + 2 * PAGE)[gpa / PAGE / 512] = gpa | NPT_FLAGS | PTE_LARGE;
}

static void make_nested_tables(char *memory)
{
	*word_at(memory, NPT_GPA) = (NPT_GPA + PAGE) | NPT_FLAGS;
	*word_at(memory, NPT_GPA + PAGE) = (NPT_GPA + 2 * PAGE) | NPT_FLAGS;
	for (__u64 i = 0; i < NPT_PAGES / 512; i++)
		word_at(memory, NPT_GPA + 2 * PAGE)[i] =
			(NPT_PT_GPA + i * PAGE) | NPT_FLAGS;
	for (__u64 i = 0; i < NPT_PAGES; i++)
		svm_map(memory, i * PAGE, i * PAGE);
}

static void allow_svm(struct vcpu *vcpu)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry;
	} msrs = {
		.head.nmsrs = 1,
		.entry = { .index = MSR_HSAVE_PA, .data = HSAVE_GPA },
	};
	struct kvm_sregs sregs;

	expect_ok(ioctl(vcpu->fd, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
	sregs.efer |= EFER_SVME;
	expect_ok(ioctl(vcpu->fd, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
	assert_int_equal(ioctl(vcpu->fd, KVM_SET_MSRS, &msrs), 1);
}

static void svm_prepare(struct vcpu *vcpu, char *memory)
{
	make_nested_tables(memory);
	allow_svm(vcpu);
}

static void set_state(struct vmcb *vmcb, const struct kvm_sregs *sregs)
{
	const struct segment data = { 16, 0xc93, 0xffffffff, 0 };

	vmcb->es = data;
	vmcb->ss = data;
	vmcb->ds = data;
	vmcb->fs = data;
	vmcb->gs = data;
	vmcb->cs = (struct segment){ 8, 0xa9b, 0xffffffff, 0 };
	vmcb->tr = (struct segment){ 0, 0x8b, 0xffff, 0 };
	vmcb->efer = sregs->efer;
	vmcb->cr0 = sregs->cr0;
	vmcb->cr3 = sregs->cr3;
	vmcb->cr4 = sregs->cr4;
	vmcb->dr6 = 0xffff0ff0;
	vmcb->dr7 = 0x400;
	vmcb->rflags = 2;
	vmcb->pat = 0x0007040600070406ULL;
}

static void svm_enter(struct vcpu *vcpu, char *memory, const char *guest,
		      const struct kvm_regs *regs)
{
	struct vmcb *vmcb = (struct vmcb *)(memory + VMCB_GPA);
	struct kvm_regs all = *regs;
	struct kvm_sregs sregs;

	expect_ok(ioctl(vcpu->fd, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
	memset(vmcb, 0, sizeof(*vmcb));
	vmcb->intercepts_3 = INTERCEPT_HLT | INTERCEPT_SHUTDOWN;
	vmcb->intercepts_4 = INTERCEPT_VMRUN;
	vmcb->asid = 1;
	vmcb->nested_paging = 1;
	vmcb->nested_cr3 = NPT_GPA;
	set_state(vmcb, &sregs);
	vmcb->rip = CODE_GPA + (guest - guests_begin);

	all.rax = VMCB_GPA;
	vcpu_enter(vcpu, guest_vmrun, &all);
}

static __u64 svm_result(const char *memory)
{
	const struct vmcb *vmcb = (const struct vmcb *)(memory + VMCB_GPA);

	if (vmcb->exit_code != SVM_EXIT_HLT)
		fail_msg("L2 left with exit code %#llx at %#llx", vmcb->exit_code,
			 vmcb->rip);
	return vmcb->rax;
}

const struct nesting svm_nesting = {
	.prepare = svm_prepare,
	.map = svm_map,
	.map_block = svm_map_block,
	.enter = svm_enter,
	.result = svm_result,
	.entry = svm_entry,
	.has_bits = svm_has_bits,
	.accessed = PTE_ACCESSED,
	.dirty = PTE_DIRTY,
	.private_gpa = NPT_GPA,
};
