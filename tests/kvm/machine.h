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
	/* All of the file, if it can be mapped */
	char *map;
	int vm;
	struct slot slot;
	struct vcpu cpu;
};

/*
 * A file of size bytes, created with flags, is slot 0 at address 0. If it can be
 * mapped, its mapping is the shared side of the slot. The VM's attributes say
 * that all of it is private, whatever the file says. machine_start_on() takes
 * over a file that was created with those flags.
 */
void machine_start(struct machine *machine, __u64 size, __u64 flags);
void machine_start_on(struct machine *machine, int file, __u64 size,
		      __u64 flags);
void machine_stop(struct machine *machine);

/* MEM_SIZE bytes, no flags; *state is the machine. */
extern const struct fixture machine_plain;
/* The same with a file that can be mapped */
extern const struct fixture machine_mapped;

/* The functions of these fixtures, for fixtures that do more */
int mapped_setup(void **state);
int machine_teardown(void **state);

/* For a group of tests that use the guests with the emulation prefix */
int emulation_setup(void **state);

/* A word of the guest's memory as the host sees it while its page is shared */
static inline volatile __u64 *host_word(struct machine *m, __u64 gpa)
{
	return (volatile __u64 *)(m->map + gpa);
}

/* Convert and keep the content, or fail the test */
void make_shared(struct machine *machine, __u64 gpa, __u64 size);
void make_private(struct machine *machine, __u64 gpa, __u64 size);

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

/* Fails the test unless the guest finds the words of guest_fill everywhere. */
static inline void expect_filled(struct vcpu *cpu, __u64 gpa, __u64 pages,
				 __u64 tag)
{
	assert_int_equal(zeros(cpu, gpa, pages, tag), 0);
}

#define WORDS	(PAGE / sizeof(__u64))

#endif
