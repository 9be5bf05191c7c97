/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_VMM_MEMORY_H
#define TESTS_VMM_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <linux/types.h>

enum memory_kind {
	MEMORY_PRIVATE,		/* a file of /dev/kvm_private */
	MEMORY_IN_PLACE,	/* one that is mapped, and converted in place */
	MEMORY_PLAIN,		/* ordinary memory of this process */
};

/* How many times content can be placed */
#define MEMORY_PLACES	16

/**
 * struct guest_memory - all of a guest's RAM, from guest physical address 0 on
 * @kind: where it comes from
 * @size: bytes
 * @file: the private file, -1 for plain memory
 * @address: where KVM is told that the slot lies in this process. For
 *	%MEMORY_PRIVATE nothing is there, and touching it kills. For
 *	%MEMORY_IN_PLACE it is a mapping of the file, and touching kills where
 *	a page is private.
 * @placed: the pages that content was placed in
 * @nr_placed: how many of these are used
 */
struct guest_memory {
	enum memory_kind kind;
	__u64 size;
	int file;
	void *address;
	struct {
		__u64 gpa;
		__u64 size;
	} placed[MEMORY_PLACES];
	size_t nr_placed;
};

/* @page_shift: of the pages that the private file is to have, 0 for base pages */
void memory_create(struct guest_memory *memory, enum memory_kind kind,
		   __u64 size, unsigned int page_shift);
void memory_attach(struct guest_memory *memory, int vm);

/*
 * Copies into the guest at @gpa, which is page aligned and where nothing was
 * placed before; the rest of the last page is filled with zeros.
 */
void memory_place(struct guest_memory *memory, __u64 gpa, const void *source,
		  size_t size);

/* The same where something was placed before; not for %MEMORY_PRIVATE. */
void memory_overwrite(struct guest_memory *memory, __u64 gpa, const void *source,
		      size_t size);

/* All content is placed: from now on the memory is the guest's. */
void memory_launch(struct guest_memory *memory);

/*
 * Makes any range private or shared, as the guest wants it. Returns 0 or a
 * negative errno; -EAGAIN: the host has pinned a page of it.
 */
int memory_convert(struct guest_memory *memory, __u64 gpa, __u64 size,
		   bool private);

#endif /* TESTS_VMM_MEMORY_H */
