/* SPDX-License-Identifier: GPL-2.0-only */
/* Software-protected VMs and their memory slots. */
#ifndef TESTS_KVM_VM_H
#define TESTS_KVM_VM_H

#include <stdbool.h>
#include <linux/types.h>

#include "kvm_uapi.h"

struct slot {
	__u32 id;
	int file;
	__u64 gpa;
	__u64 size;
	__u64 offset;
	/* The shared side; NULL: addresses without access */
	void *host;
};

/* The fd of a new VM without slots. */
int vm_create(void);

/* 0, or -1 and errno. */
int vm_try_slot(int vm, const struct slot *slot);
int vm_try_attributes(int vm, __u64 gpa, __u64 size, bool private);

/* Adds the slot and makes its range private. */
void vm_add_slot(int vm, const struct slot *slot);
void vm_delete_slot(int vm, __u32 id);

/* A guest_memfd of KVM's own, for this VM. */
int vm_native_file(int vm, __u64 size);

/*
 * Put the page tables and the guests of guests.S into private pages of a file
 * from offset on, or into memory that is the guest's from address 0 on.
 */
void vm_load(int file, __u64 offset);
void vm_load_at(char *memory);

#endif
