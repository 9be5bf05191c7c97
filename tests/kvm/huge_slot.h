/* SPDX-License-Identifier: GPL-2.0-only */
/* A guest with a slot that is backed by huge pages, besides the usual one */
#ifndef TESTS_KVM_HUGE_SLOT_H
#define TESTS_KVM_HUGE_SLOT_H

#include "huge.h"
#include "machine.h"

#define HUGE_SLOT	1
/* The slot's address, to which a test may add */
#define HUGE_GPA	0x8000000ULL

struct huge_slot {
	/* Slot 0 is of base pages: tables and code. */
	struct machine low;
	struct vcpu *cpu;
	int file;
	__u64 file_size;
	/* All of the file, if it can be mapped */
	char *map;
	struct slot slot;
};

/*
 * Starts it with a file of file_size bytes, created with flags. All of the file
 * is slot 1 at HUGE_GPA, unless slot_size is 0: then the slot comes with
 * huge_slot_add().
 */
void huge_slot_start(struct huge_slot *h, __u64 file_size, __u64 flags,
		     __u64 slot_size);
/* The same without a slot, of a file that is there; it is closed in the end. */
void huge_slot_start_on(struct huge_slot *h, int file, __u64 file_size,
			__u64 flags);
void huge_slot_stop(struct huge_slot *h);

/* As h->slot says */
void huge_slot_add(struct huge_slot *h);
void huge_slot_delete(struct huge_slot *h);

/*
 * Where an offset of the file is for the guest, and where that is for the host
 */
static inline __u64 huge_gpa(const struct huge_slot *h, __u64 offset)
{
	return h->slot.gpa + offset - h->slot.offset;
}

static inline volatile __u64 *huge_word(const struct huge_slot *h, __u64 offset)
{
	return (volatile __u64 *)(h->map + offset);
}

/* The first word of each page = tag + its address in the guest */
void huge_guest_fill(struct huge_slot *h, __u64 gpa, __u64 size, __u64 tag);
void huge_guest_expect(struct huge_slot *h, __u64 gpa, __u64 size, __u64 tag);

/*
 * Fail the test unless the guest has so many huge mappings, or the file so many
 * huge and base pages. Under the model of a platform a block that is split stays
 * so: fewer huge ones are right as well, of the same memory.
 */
void expect_mapped(const struct huge_slot *h, __u64 nr, const char *when);
void expect_backed(const struct huge_slot *h, __u64 huge, __u64 small,
		   const char *when);

/* Pages of 2 MiB that the guest has mapped */
__u64 mapped_huge(const struct huge_slot *h);

#endif
