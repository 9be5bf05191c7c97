/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The life of one guest, and the host's view of it, which must not include
 * private pages. Each function fails the test on any error.
 */
#ifndef TESTS_SNP_STORY_H
#define TESTS_SNP_STORY_H

#include "../kvm/vcpu.h"

#define MEMORY_SIZE	0x600000

enum kind {
	/* SEV-SNP with KVM's own guest_memfd and separate shared memory */
	NATIVE,
	/* SEV-SNP with one private file for both */
	PRIVATE,
	/* The same, but a software-protected VM: for machines without SEV-SNP */
	REHEARSAL,
};

struct guest {
	enum kind kind;
	int vm;
	int file;
	/* MEMORY_SIZE bytes: the shared side; a mapping of a private file */
	char *host;
	struct vcpu cpu;
};

/* Not of NATIVE: file is KVM_PRIVATE_FLAG_MMAP and all shared. */
void guest_start(struct guest *guest, enum kind kind, int file);
void guest_live(struct guest *guest);
/* Ends the VM; unmaps the shared side, leaves the file open. */
void guest_end(struct guest *guest);

#endif
