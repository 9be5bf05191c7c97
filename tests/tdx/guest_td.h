/* SPDX-License-Identifier: GPL-2.0-only */
/* A TD of KVM with one vCPU and one slot, whose guest plays a script of the model's. */
#ifndef TESTS_TDX_GUEST_TD_H
#define TESTS_TDX_GUEST_TD_H

#include <stdbool.h>

#include "device.h"
#include "kvm_tdx_uapi.h"
#include "model_device.h"
#include "unit.h"

/* The slot */
#define TD_GPA (16 * MIB)
#define TD_SIZE (8 * MIB)
/* guest_td_launch() puts a page there. */
#define TD_LAUNCHED_GPA TD_GPA
/* Nothing is at these addresses at first. */
#define TD_FREE_GPA (TD_GPA + 2 * MIB)
/* At the end of each script the guest asks for a conversion of this page, in no slot. */
#define TD_END_GPA (64 * MIB)

struct guest_td {
	int vm;
	/* -1 as long as there is none */
	int vcpu;
	struct kvm_run *run;
	size_t run_size;
	/* -1 as long as there is no slot */
	int file;
	/* The slot's shared side */
	char *shared;
	/* Broken rules and frames of the module before the TD began */
	struct tdx_model_counts before;
};

/*
 * *state is a TD that is initialized and has a vCPU and a slot, but no page. The test fails if a
 * rule is broken, or if the module still has a frame of the TD when that has gone.
 */
extern const struct fixture td_native;

/* The steps to that TD */
struct guest_td *guest_td_new(void);
int guest_td_try_init(struct guest_td *td);
int guest_td_try_vcpu(struct guest_td *td);
void guest_td_add_slot(struct guest_td *td);
/* The same with another file. @shared: TD_SIZE bytes; NULL: some that are alike aligned */
void guest_td_add_slot_of(struct guest_td *td, int file, char *shared);
/* Closes all that it has. */
void guest_td_stop(struct guest_td *td);

/* KVM_MEMORY_ENCRYPT_OP: -1 and errno on an error */
int guest_td_command(int fd, __u32 id, __u32 flags, const void *data);

/* KVM_TDX_INIT_MEM_REGION of @pages from @source on */
int guest_td_try_add(struct guest_td *td, __u64 gpa, const void *source, __u64 pages,
		     bool measured);
int guest_td_try_finalize(struct guest_td *td);
/* Adds a page without measuring it, and finalizes the TD. */
void guest_td_launch(struct guest_td *td);

/* KVM_PRE_FAULT_MEMORY: -1 and errno on an error */
int guest_td_prefault(struct guest_td *td, __u64 gpa, __u64 size);
int guest_td_try_attributes(struct guest_td *td, __u64 gpa, __u64 size, bool private);
void guest_td_delete_slot(struct guest_td *td);
/* Whether KVM was told to map huge pages of private files */
bool guest_td_maps_huge(void);

/*
 * KVM_RUN up to an exit: its reason, or a negative errno. A guest at the end of its script halts,
 * and never leaves.
 */
int guest_td_run(struct guest_td *td);
/* Plays the rest of the script, and fails the test if the guest exits before its end. */
void guest_td_play(struct guest_td *td);

/* The exit is a question for a conversion of @size bytes at @gpa. */
bool guest_td_asks(struct guest_td *td, __u64 gpa, __u64 size, bool private);

#endif
