/* SPDX-License-Identifier: GPL-2.0-only */
/* The launch of an SEV-SNP guest, and the pages that it finds: see docs/snp-platform.md. */
#ifndef TESTS_VMM_SNP_H
#define TESTS_VMM_SNP_H

#include <linux/types.h>

#include "boot.h"

struct kvm_cpuid2;
struct vmm;

/* The bit of a page table entry that makes a page private */
__u64 snp_c_bit(const struct kvm_cpuid2 *cpuid);

/*
 * The firmware begins the launch of a VM of type KVM_X86_SNP_VM. Each of these prints an
 * error and exits if it fails.
 */
void snp_begin(int vm);

/*
 * Where boot_load() finds the setup_data that leads Linux to the pages below. Linux reserves
 * it and shows it in /sys. It would map memory that it wasn't told of as shared for that, and
 * read ciphertext.
 */
#define SNP_SETUP_DATA_GPA	0x30000

/*
 * Places the pages that Linux reads as an SNP guest: the CC blob, the secrets and @cpuid.
 * All else has been placed before. The boot CPU starts in a stub instead of at *@entry:
 * it validates the memory that holds nothing yet, and then goes there.
 */
void snp_place(struct guest_memory *memory, const struct kvm_cpuid2 *cpuid,
	       struct boot_entry *entry);

/* The type as which the firmware launches the page at @gpa, where content was placed: SNP_PAGE_* */
__u8 snp_page_type(__u64 gpa);

/* The memory is private: the firmware measures and encrypts all that was placed. */
void snp_launch(int vm, const struct guest_memory *memory);

/* The vCPUs have their first registers, which the firmware encrypts, too. */
void snp_finish(int vm);

#endif /* TESTS_VMM_SNP_H */
