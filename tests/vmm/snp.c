// SPDX-License-Identifier: GPL-2.0-only
/*
 * Launches Linux as an SEV-SNP guest without a firmware of its own: the pages that such a
 * firmware would hand to it, and the launch through the platform's.
 */
#include "snp.h"

#include <assert.h>
#include <err.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <asm/bootparam.h>

#include "kvm_abi.h"
#include "sev.h"
#include "snp_stub.h"

#define PAGE_SIZE	4096UL

/*
 * Where a PC has the ROMs of its adapters: memory of the guest that Linux isn't told of,
 * so that the pages stay as they are.
 */
#define CC_BLOB_GPA	0xe0000
#define SECRETS_GPA	0xe1000
#define CPUID_GPA	0xe2000
#define STUB_GPA	0xe3000

#define CC_BLOB_MAGIC	0x45444d41	/* "AMDE" */

/* Linux's arch/x86/include/asm/sev.h */
struct cc_blob {
	__u32 magic;
	__u16 version;
	__u16 reserved;
	__u64 secrets_gpa;
	__u32 secrets_size;
	__u32 reserved_2;
	__u64 cpuid_gpa;
	__u32 cpuid_size;
	__u32 reserved_3;
};

struct cc_setup_data {
	__u64 next;
	__u32 type;
	__u32 size;
	__u32 cc_blob_gpa;
};

/* SEV-SNP Firmware ABI, the CPUID page */
#define CPUID_MAX	64

#define FIRMWARE_INVALID_PARAM	0x16

struct cpuid_function {
	__u32 eax_in;
	__u32 ecx_in;
	__u64 xcr0_in;
	__u64 xss_in;
	__u32 eax;
	__u32 ebx;
	__u32 ecx;
	__u32 edx;
	__u64 reserved;
};

struct cpuid_page {
	__u32 count;
	__u32 reserved;
	__u64 reserved_2;
	struct cpuid_function functions[CPUID_MAX];
};

static_assert(sizeof(struct cc_blob) == 40, "the CC blob");
static_assert(sizeof(struct cpuid_function) == 48, "a function of the CPUID page");
static_assert(sizeof(struct cpuid_page) <= PAGE_SIZE, "the CPUID page");

#define LEAF_SEV	0x8000001f

/* The leaf whose values depend on the registers XCR0 and XSS */
#define LEAF_XSAVE	0xd
#define XCR0_INITIAL	1

struct range {
	__u64 start;
	__u64 end;
};

static_assert(offsetof(struct range, end) == sizeof(__u64), "the stub's ranges");

__u64 snp_c_bit(const struct kvm_cpuid2 *cpuid)
{
	for (__u32 i = 0; i < cpuid->nent; i++)
		if (cpuid->entries[i].function == LEAF_SEV)
			return 1ULL << (cpuid->entries[i].ebx & 0x3f);
	errx(1, "KVM's CPU has no SEV");
}

static void expect_done(int result, const char *name, __u32 error)
{
	if (result) {
		errno = result;
		err(1, "%s (the firmware's error is %#x)", name, error);
	}
}

static void command(int vm, const char *name, __u32 id, void *data)
{
	__u32 error = 0;
	int result = sev_command(vm, id, data, &error);

	expect_done(result, name, error);
}

void snp_begin(int vm)
{
	struct kvm_sev_init init = { };
	struct kvm_sev_snp_launch_start start = { .policy = SNP_POLICY };

	command(vm, "KVM_SEV_INIT2", KVM_SEV_INIT2, &init);
	command(vm, "SNP_LAUNCH_START", KVM_SEV_SNP_LAUNCH_START, &start);
}

static void place_cc_blob(struct guest_memory *memory)
{
	const struct cc_blob blob = {
		.magic = CC_BLOB_MAGIC,
		.secrets_gpa = SECRETS_GPA,
		.secrets_size = PAGE_SIZE,
		.cpuid_gpa = CPUID_GPA,
		.cpuid_size = PAGE_SIZE,
	};
	const struct cc_setup_data data = {
		.type = SETUP_CC_BLOB,
		.size = sizeof(data.cc_blob_gpa),
		.cc_blob_gpa = CC_BLOB_GPA,
	};

	memory_place(memory, SNP_SETUP_DATA_GPA, &data, sizeof(data));
	memory_place(memory, CC_BLOB_GPA, &blob, sizeof(blob));
}

/*
 * Linux asks the hypervisor only for what differs between CPUs, and takes all else from
 * this page, which a real firmware has compared with what the CPU can do.
 */
static void place_cpuid(struct guest_memory *memory, const struct kvm_cpuid2 *cpuid)
{
	union {
		struct cpuid_page table;
		unsigned char bytes[PAGE_SIZE];
	} page = { .table.count = cpuid->nent };

	if (cpuid->nent > CPUID_MAX)
		errx(1, "the CPUID page has no place for %u functions", cpuid->nent);
	for (__u32 i = 0; i < cpuid->nent; i++) {
		const struct kvm_cpuid_entry2 *entry = &cpuid->entries[i];

		page.table.functions[i] = (struct cpuid_function){
			.eax_in = entry->function,
			.ecx_in = entry->index,
			.xcr0_in = entry->function == LEAF_XSAVE && entry->index < 2 ?
				   XCR0_INITIAL : 0,
			.eax = entry->eax,
			.ebx = entry->ebx,
			.ecx = entry->ecx,
			.edx = entry->edx,
		};
	}
	memory_place(memory, CPUID_GPA, &page, sizeof(page));
}

static int compare(const void *a, const void *b)
{
	const struct range *one = a, *other = b;

	return one->start < other->start ? -1 : one->start > other->start;
}

/* Writes the ranges of memory in which nothing was placed; returns their number. */
static size_t find_empty(const struct guest_memory *memory, struct range *empty)
{
	struct range placed[MEMORY_PLACES];
	__u64 at = 0;
	size_t nr = 0;

	for (size_t i = 0; i < memory->nr_placed; i++)
		placed[i] = (struct range){
			.start = memory->placed[i].gpa,
			.end = memory->placed[i].gpa + memory->placed[i].size,
		};
	qsort(placed, memory->nr_placed, sizeof(placed[0]), compare);
	for (size_t i = 0; i < memory->nr_placed; i++) {
		if (placed[i].start > at)
			empty[nr++] = (struct range){ at, placed[i].start };
		at = placed[i].end;
	}
	if (memory->size > at)
		empty[nr++] = (struct range){ at, memory->size };
	return nr;
}

static void place_stub(struct guest_memory *memory, struct boot_entry *entry)
{
	struct range empty[MEMORY_PLACES + 1];
	unsigned char page[STUB_SIZE] = { 0 };
	size_t nr_empty;

	static_assert(STUB_RANGES + sizeof(empty) + sizeof(empty[0]) <= sizeof(page),
		      "the stub's page");

	/* Its own page is to be none of the empty ones. */
	memory_place(memory, STUB_GPA, page, sizeof(page));
	memcpy(page, snp_stub_begin, snp_stub_end - snp_stub_begin);
	memcpy(page + STUB_ENTRY, &entry->rip, sizeof(entry->rip));
	nr_empty = find_empty(memory, empty);
	memcpy(page + STUB_RANGES, empty, nr_empty * sizeof(empty[0]));
	memory_overwrite(memory, STUB_GPA, page, sizeof(page));
	entry->rip = STUB_GPA;
}

void snp_place(struct guest_memory *memory, const struct kvm_cpuid2 *cpuid,
	       struct boot_entry *entry)
{
	const unsigned char secrets[PAGE_SIZE] = { 0 };

	place_cc_blob(memory);
	/* The firmware writes them. */
	memory_place(memory, SECRETS_GPA, secrets, sizeof(secrets));
	place_cpuid(memory, cpuid);
	place_stub(memory, entry);
}

__u8 snp_page_type(__u64 gpa)
{
	switch (gpa) {
	case SECRETS_GPA:
		return SNP_PAGE_SECRETS;
	case CPUID_GPA:
		return SNP_PAGE_CPUID;
	default:
		return SNP_PAGE_NORMAL;
	}
}

/*
 * KVM offers guests some features that it emulates and the processor lacks. The firmware refuses
 * a CPUID page with such ones, but corrects it, in place as it was launched: it takes the page
 * the second time.
 */
static void launch_update(int vm, struct kvm_sev_snp_launch_update *update)
{
	__u32 error = 0;
	int result = sev_command(vm, KVM_SEV_SNP_LAUNCH_UPDATE, update, &error);

	if (result && error == FIRMWARE_INVALID_PARAM && update->type == SNP_PAGE_CPUID)
		result = sev_command(vm, KVM_SEV_SNP_LAUNCH_UPDATE, update, &error);
	expect_done(result, "SNP_LAUNCH_UPDATE", error);
}

void snp_launch(int vm, const struct guest_memory *memory)
{
	for (size_t i = 0; i < memory->nr_placed; i++) {
		/* No source: the pages' own content is taken. */
		struct kvm_sev_snp_launch_update update = {
			.gfn_start = memory->placed[i].gpa / PAGE_SIZE,
			.len = memory->placed[i].size,
			.type = snp_page_type(memory->placed[i].gpa),
		};

		/* KVM moves all of it past what it has done. */
		while (update.len)
			launch_update(vm, &update);
	}
}

void snp_finish(int vm)
{
	struct kvm_sev_snp_launch_finish finish = { };

	command(vm, "SNP_LAUNCH_FINISH", KVM_SEV_SNP_LAUNCH_FINISH, &finish);
}
