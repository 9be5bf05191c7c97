// SPDX-License-Identifier: GPL-2.0-only
/*
 * The CPU that the guest sees: the host's, without the features that this VMM
 * doesn't offer
 */
#include "cpuid.h"

#include <err.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/ioctl.h>

#include <linux/kvm.h>

#include "vmm.h"

#define MAX_ENTRIES	256

/* The next ones that this VMM could offer are topology and XSAVE. */
#define LAST_LEAF	0xa

#define BIT(n)		(1U << (n))

/* Leaf 1, ECX */
#define FMA		BIT(12)
#define TSC_DEADLINE	BIT(24)
#define XSAVE		BIT(26)
#define OSXSAVE		BIT(27)
#define AVX		BIT(28)
#define F16C		BIT(29)

/* Leaf 1, EDX */
#define HTT		BIT(28)

/* Leaf 7, EBX, ECX and EDX */
#define AVX2		BIT(5)
#define AVX512_EBX	(BIT(16) | BIT(17) | BIT(21) | BIT(26) | BIT(27) | \
			 BIT(28) | BIT(30) | BIT(31))
#define PKU		BIT(3)
#define WIDE_ECX	(BIT(1) | BIT(6) | BIT(9) | BIT(10) | BIT(11) | \
			 BIT(12) | BIT(14))
#define WIDE_EDX	(BIT(2) | BIT(3) | BIT(8) | BIT(22) | BIT(23) | \
			 BIT(24) | BIT(25))

/* Leaf 0x80000001, ECX */
#define SVM		BIT(2)
#define XOP		BIT(11)
#define FMA4		BIT(16)

static bool is_hidden(__u32 leaf)
{
	switch (leaf) {
	case 0xb:		/* topology: the MP table tells the CPUs */
	case 0xd:		/* sizes of XSAVE's areas */
	case 0x8000000a:	/* SVM: no guests in the guest */
		return true;
	}

	/*
	 * With KVM's own leaves the guest would use kvmclock, for which the
	 * host writes into guest memory behind the file's back.
	 */
	return leaf >= 0x40000000 && leaf < 0x50000000;
}

/*
 * XSAVE goes, and all features that need it: QEMU's emulation of a CPU reports
 * its parts inconsistently, and Linux gives up over that.
 */
static void adjust(struct kvm_cpuid_entry2 *entry, const struct vmm *vmm,
		   unsigned int apic_id)
{
	switch (entry->function) {
	case 0:
		/* An SNP guest takes a leaf within the range for one that is there. */
		entry->eax = entry->eax < LAST_LEAF ? entry->eax : LAST_LEAF;
		break;
	case 1:
		entry->ebx &= 0x0000ffff;
		entry->ebx |= apic_id << 24 | vmm->nr_cpus << 16;
		entry->ecx &= ~(FMA | XSAVE | OSXSAVE | AVX | F16C);
		entry->edx &= ~HTT;
		if (vmm->nr_cpus > 1)
			entry->edx |= HTT;
		/*
		 * With it an SNP guest has to compare no two clocks of its host. A
		 * timer that it finds unfit it replaces by one that ticks always.
		 */
		if (vmm->snp)
			entry->ecx |= TSC_DEADLINE;
		break;
	case 7:
		if (entry->index == 0) {
			entry->ebx &= ~(AVX2 | AVX512_EBX);
			entry->ecx &= ~(PKU | WIDE_ECX);
			entry->edx &= ~WIDE_EDX;
		} else {
			entry->eax = 0;
			entry->ebx = 0;
			entry->ecx = 0;
			entry->edx = 0;
		}
		break;
	case 0x80000001:
		entry->ecx &= ~(SVM | XOP | FMA4);
		break;
	}
}

struct kvm_cpuid2 *cpuid_make(const struct vmm *vmm, unsigned int apic_id)
{
	struct kvm_cpuid2 *cpuid;
	__u32 kept = 0;

	cpuid = calloc(1, sizeof(*cpuid) +
			  MAX_ENTRIES * sizeof(cpuid->entries[0]));
	if (!cpuid)
		err(1, "CPUID table");

	cpuid->nent = MAX_ENTRIES;
	if (ioctl(vmm->kvm, KVM_GET_SUPPORTED_CPUID, cpuid))
		err(1, "KVM_GET_SUPPORTED_CPUID");

	for (__u32 i = 0; i < cpuid->nent; i++) {
		struct kvm_cpuid_entry2 entry = cpuid->entries[i];

		if (is_hidden(entry.function))
			continue;
		adjust(&entry, vmm, apic_id);
		cpuid->entries[kept++] = entry;
	}
	cpuid->nent = kept;
	return cpuid;
}

void cpuid_set(const struct vmm *vmm, int vcpu, unsigned int apic_id)
{
	struct kvm_cpuid2 *cpuid = cpuid_make(vmm, apic_id);

	if (ioctl(vcpu, KVM_SET_CPUID2, cpuid))
		err(1, "KVM_SET_CPUID2");
	free(cpuid);
}
