/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest in an ordinary VM. Slot 0 is common memory with the guest's page tables
 * and code; slot 1, from DATA_GPA on, is the file that a test is about.
 */
#ifndef TESTS_GUEST_MEMFD_GUEST_H
#define TESTS_GUEST_MEMFD_GUEST_H

#include "../kvm/guests.h"
#include "../kvm/layout.h"
#include "../kvm/vcpu.h"
#include "memfd.h"

#define DATA_SLOT	1

struct guest {
	int vm;
	int file;
	/* All of the file, if it can be mapped */
	char *map;
	/* The memory of slot 0 */
	char *low;
	__u64 size;
	struct vcpu cpu;
};

/* address: the userspace_addr of slot 1 */
void guest_start(struct guest *guest, __u64 size, __u64 flags, void *address);
void guest_stop(struct guest *guest);

/* Without a slot 1, which guest_add_data() adds. @type: of the VM */
void guest_start_bare(struct guest *guest, unsigned long type, __u64 size,
		      __u64 flags);
/* The same with a file of another origin, which was created with flags */
void guest_start_with(struct guest *guest, unsigned long type, int file,
		      __u64 size, __u64 flags);
void guest_add_data(struct guest *guest, void *address);

/* Each guest routine as a call */
__u64 guest_reads(struct guest *guest, __u64 gpa);
void guest_writes(struct guest *guest, __u64 gpa, __u64 value);

/* The word of the file at gpa, as the host sees it */
static inline volatile __u64 *guest_word(struct guest *guest, __u64 gpa)
{
	return (volatile __u64 *)(guest->map + (gpa - DATA_GPA));
}

/* Maps the page at gpa for the guest; returns its address there. */
__u64 guest_maps(struct guest *guest, unsigned int entry, __u64 gpa);

/* FILE_SIZE bytes, a file of both flags, userspace_addr 0; *state is the guest. */
extern const struct fixture guest_started;

#endif
