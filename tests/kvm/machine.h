/* SPDX-License-Identifier: GPL-2.0-only */
/* The usual test machine: one private file, one VM with one slot, one vCPU. */
#ifndef TESTS_KVM_MACHINE_H
#define TESTS_KVM_MACHINE_H

#include "device.h"
#include "guests.h"
#include "layout.h"
#include "stamp.h"
#include "unit.h"
#include "vcpu.h"
#include "vm.h"

struct machine {
	int file;
	int vm;
	struct slot slot;
	struct vcpu cpu;
};

/* A file of size bytes, created with flags, is slot 0 at address 0. */
void machine_start(struct machine *machine, __u64 size, __u64 flags);
void machine_stop(struct machine *machine);

/* As fixtures: MEM_SIZE bytes, no flags; *state is the machine. */
int machine_setup(void **state);
int machine_teardown(void **state);

/* For a group of tests that use the guests with the emulation prefix. */
int emulation_setup(void **state);

#define machine_test(function) \
	cmocka_unit_test_setup_teardown(function, machine_setup, machine_teardown)

/* Each guest routine as a call. */
static inline __u64 peek(struct vcpu *cpu, __u64 gpa)
{
	return vcpu_call(cpu, guest_peek, gpa, 0, 0);
}

static inline void poke(struct vcpu *cpu, __u64 gpa, __u64 value)
{
	vcpu_call(cpu, guest_poke, gpa, value, 0);
}

static inline void fill(struct vcpu *cpu, __u64 gpa, __u64 pages,
			__u64 tag)
{
	vcpu_call(cpu, guest_fill, gpa, pages, tag);
}

/*
 * Fails the test if the guest finds anything but tag + address of the page, or
 * zero; returns how many words are zero.
 */
__u64 zeros(struct vcpu *cpu, __u64 gpa, __u64 pages, __u64 tag);

#define WORDS	(PAGE / sizeof(__u64))

#endif
