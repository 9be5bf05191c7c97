// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <sys/ioctl.h>
#include <asm/vmx.h>

#include "device.h"
#include "guests.h"
#include "layout.h"
#include "nesting.h"
#include "unit.h"

#define VMXON_GPA	NESTED_GPA
#define VMCS_GPA	(NESTED_GPA + 0x1000)
#define ENTRY_GPA	(NESTED_GPA + 0x2000)
#define EPT_GPA		(NESTED_GPA + 0x3000)
/* Of 4 MiB, in a row */
#define EPT_PT_GPA	(NESTED_GPA + 0x6000)
#define EPT_PAGES	1024

#define EPT_RWX		0x07ULL
#define EPT_WB		(6ULL << 3)
#define EPTP_FLAGS	(6ULL | 3 << 3)
#define EPTP_BITS	(1ULL << 6)
#define EPT_ACCESSED	(1ULL << 8)
#define EPT_DIRTY	(1ULL << 9)

#define CR4_VMXE	0x2000
#define MSR_FEATURE_CONTROL	0x3a
#define FEATURE_CONTROL_VMX	5	/* locked, VMXON outside of SMX */
#define MSR_VMX_BASIC	0x480
#define MSR_VMX_EPT_VPID_CAP	0x48c
#define EPT_HAS_BITS	(1ULL << 21)

/* The bits that a processor wants set, and those that the test needs */
#define PIN_CONTROLS	0x16
#define CPU_CONTROLS	(0x0401e172 | 1U << 7 /* HLT */ | 1U << 31 /* the second set */)
#define CPU_CONTROLS_2	0x02		/* EPT */
#define EXIT_CONTROLS	(0x36dff | 1 << 9 /* to long mode */)
#define ENTRY_CONTROLS	(0x11ff | 1 << 9 /* in long mode */)

/* Fields of a VMCS, as Intel's manual numbers them */
enum field {
	GUEST_ES = 0x0800, GUEST_CS = 0x0802, GUEST_SS = 0x0804,
	GUEST_DS = 0x0806, GUEST_FS = 0x0808, GUEST_GS = 0x080a,
	HOST_ES = 0x0c00, HOST_CS = 0x0c02, HOST_SS = 0x0c04, HOST_DS = 0x0c06,
	HOST_TR = 0x0c0c,
	EPT_POINTER = 0x201a, VMCS_LINK = 0x2800,
	PIN_BASED = 0x4000, CPU_BASED = 0x4002, EXITING = 0x400c, ENTERING = 0x4012,
	CPU_BASED_2 = 0x401e,
	GUEST_ES_LIMIT = 0x4800, GUEST_CS_LIMIT = 0x4802, GUEST_SS_LIMIT = 0x4804,
	GUEST_DS_LIMIT = 0x4806, GUEST_FS_LIMIT = 0x4808, GUEST_GS_LIMIT = 0x480a,
	GUEST_TR_LIMIT = 0x480e,
	GUEST_ES_RIGHTS = 0x4814, GUEST_CS_RIGHTS = 0x4816, GUEST_SS_RIGHTS = 0x4818,
	GUEST_DS_RIGHTS = 0x481a, GUEST_FS_RIGHTS = 0x481c, GUEST_GS_RIGHTS = 0x481e,
	GUEST_LDTR_RIGHTS = 0x4820, GUEST_TR_RIGHTS = 0x4822,
	GUEST_CR0 = 0x6800, GUEST_CR3 = 0x6802, GUEST_CR4 = 0x6804,
	GUEST_DR7 = 0x681a, GUEST_RIP = 0x681e, GUEST_RFLAGS = 0x6820,
	HOST_CR0 = 0x6c00, HOST_CR3 = 0x6c02, HOST_CR4 = 0x6c04,
	HOST_RSP = 0x6c14, HOST_RIP = 0x6c16,
};

struct setting {
	__u64 field;
	__u64 value;
};

/* Those that are the same each time; all others but those of set_state() are zero. */
static const struct setting constant[] = {
	{ PIN_BASED, PIN_CONTROLS }, { CPU_BASED, CPU_CONTROLS },
	{ CPU_BASED_2, CPU_CONTROLS_2 }, { EXITING, EXIT_CONTROLS },
	{ ENTERING, ENTRY_CONTROLS }, { VMCS_LINK, -1ULL },
	{ GUEST_ES, 16 }, { GUEST_ES_LIMIT, 0xffffffff }, { GUEST_ES_RIGHTS, 0xc093 },
	{ GUEST_CS, 8 }, { GUEST_CS_LIMIT, 0xffffffff }, { GUEST_CS_RIGHTS, 0xa09b },
	{ GUEST_SS, 16 }, { GUEST_SS_LIMIT, 0xffffffff }, { GUEST_SS_RIGHTS, 0xc093 },
	{ GUEST_DS, 16 }, { GUEST_DS_LIMIT, 0xffffffff }, { GUEST_DS_RIGHTS, 0xc093 },
	{ GUEST_FS, 16 }, { GUEST_FS_LIMIT, 0xffffffff }, { GUEST_FS_RIGHTS, 0xc093 },
	{ GUEST_GS, 16 }, { GUEST_GS_LIMIT, 0xffffffff }, { GUEST_GS_RIGHTS, 0xc093 },
	{ GUEST_LDTR_RIGHTS, 0x10000 },
	{ GUEST_TR_LIMIT, 0xffff }, { GUEST_TR_RIGHTS, 0x8b },
	{ GUEST_DR7, 0x400 }, { GUEST_RFLAGS, 2 },
	{ HOST_ES, 16 }, { HOST_CS, 8 }, { HOST_SS, 16 }, { HOST_DS, 16 }, { HOST_TR, 24 },
	{ HOST_RSP, ENTRY_GPA },
};

/* Between L1, which is guest_vmlaunch, and the test; guests.S has the same offsets. */
struct entry {
	__u64 vmxon;
	__u64 vmcs;
	__u64 rax;		/* of L2 */
	__u64 reason;
	__u64 rip;
	__u64 failed;		/* what L1 was about to do */
	__u64 all[2];		/* INVEPT's descriptor */
	__u64 count;
	struct setting settings[ARRAY_SIZE(constant) + 9];
};

_Static_assert(sizeof(struct entry) <= PAGE, "an entry is in a page");

static __u64 *word_at(char *memory, __u64 gpa)
{
	return (__u64 *)(memory + gpa);
}

static void vmx_map(char *memory, __u64 l2_gpa, __u64 gpa)
{
	assert_true(l2_gpa / PAGE < EPT_PAGES);
	word_at(memory, EPT_PT_GPA)[l2_gpa / PAGE] = gpa | EPT_RWX | EPT_WB;
}

static void vmx_map_block(char *memory, __u64 gpa)
{
	assert_true(gpa / PAGE < EPT_PAGES);
	word_at(memory, EPT_GPA + 2 * PAGE)[gpa / PAGE / 512] =
		gpa | EPT_RWX | EPT_WB | PTE_LARGE;
}

static void make_tables(char *memory)
{
	*word_at(memory, EPT_GPA) = (EPT_GPA + PAGE) | EPT_RWX;
	*word_at(memory, EPT_GPA + PAGE) = (EPT_GPA + 2 * PAGE) | EPT_RWX;
	for (__u64 i = 0; i < EPT_PAGES / 512; i++)
		word_at(memory, EPT_GPA + 2 * PAGE)[i] = (EPT_PT_GPA + i * PAGE) | EPT_RWX;
	for (__u64 i = 0; i < EPT_PAGES; i++)
		vmx_map(memory, i * PAGE, i * PAGE);
}

static __u64 msr(struct vcpu *vcpu, unsigned long request, __u32 index, __u64 value)
{
	struct {
		struct kvm_msrs head;
		struct kvm_msr_entry entry;
	} msrs = {
		.head.nmsrs = 1,
		.entry = { .index = index, .data = value },
	};

	assert_int_equal(ioctl(vcpu->fd, request, &msrs), 1);
	return msrs.entry.data;
}

static bool vmx_has_bits(struct vcpu *vcpu)
{
	return msr(vcpu, KVM_GET_MSRS, MSR_VMX_EPT_VPID_CAP, 0) & EPT_HAS_BITS;
}

static __u64 vmx_entry(const char *memory, __u64 l2_gpa)
{
	assert_true(l2_gpa / PAGE < EPT_PAGES);
	return ((const __u64 *)(memory + EPT_PT_GPA))[l2_gpa / PAGE];
}

static void vmx_prepare(struct vcpu *vcpu, char *memory)
{
	struct kvm_sregs sregs;

	make_tables(memory);
	msr(vcpu, KVM_SET_MSRS, MSR_FEATURE_CONTROL, FEATURE_CONTROL_VMX);
	/* The low half is the revision of such a region. */
	*word_at(memory, VMXON_GPA) = (__u32)msr(vcpu, KVM_GET_MSRS, MSR_VMX_BASIC, 0);

	expect_ok(ioctl(vcpu->fd, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
	sregs.cr4 |= CR4_VMXE;
	expect_ok(ioctl(vcpu->fd, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
}

static void set(struct entry *entry, enum field field, __u64 value)
{
	entry->settings[entry->count++] = (struct setting){ field, value };
}

static void set_state(struct entry *entry, const struct kvm_sregs *sregs)
{
	memcpy(entry->settings, constant, sizeof(constant));
	entry->count = ARRAY_SIZE(constant);
	set(entry, GUEST_CR0, sregs->cr0);
	set(entry, GUEST_CR3, sregs->cr3);
	set(entry, GUEST_CR4, sregs->cr4);
	set(entry, HOST_CR0, sregs->cr0);
	set(entry, HOST_CR3, sregs->cr3);
	set(entry, HOST_CR4, sregs->cr4);
}

static __u64 address_of(const char *guest)
{
	return CODE_GPA + (guest - guests_begin);
}

static void vmx_enter(struct vcpu *vcpu, char *memory, const char *guest,
		      const struct kvm_regs *regs)
{
	struct entry *entry = (struct entry *)(memory + ENTRY_GPA);
	struct kvm_regs all = *regs;
	struct kvm_sregs sregs;

	expect_ok(ioctl(vcpu->fd, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
	memset(entry, 0, sizeof(*entry));
	memset(memory + VMCS_GPA, 0, PAGE);
	*word_at(memory, VMCS_GPA) = *word_at(memory, VMXON_GPA);
	entry->vmxon = VMXON_GPA;
	entry->vmcs = VMCS_GPA;
	set_state(entry, &sregs);
	set(entry, EPT_POINTER,
	    EPT_GPA | EPTP_FLAGS | (vmx_has_bits(vcpu) ? EPTP_BITS : 0));
	set(entry, GUEST_RIP, address_of(guest));
	set(entry, HOST_RIP, address_of(guest_vmexit));

	all.rsp = ENTRY_GPA;
	vcpu_enter(vcpu, guest_vmlaunch, &all);
}

static __u64 vmx_result(const char *memory)
{
	const struct entry *entry = (const struct entry *)(memory + ENTRY_GPA);

	if (entry->failed)
		fail_msg("L1 failed with the VMX instruction or field %#llx", entry->failed);
	if (entry->reason != EXIT_REASON_HLT)
		fail_msg("L2 left with reason %#llx at %#llx", entry->reason, entry->rip);
	return entry->rax;
}

const struct nesting vmx_nesting = {
	.prepare = vmx_prepare,
	.map = vmx_map,
	.map_block = vmx_map_block,
	.enter = vmx_enter,
	.result = vmx_result,
	.entry = vmx_entry,
	.has_bits = vmx_has_bits,
	.accessed = EPT_ACCESSED,
	.dirty = EPT_DIRTY,
	.private_gpa = VMXON_GPA,
};
