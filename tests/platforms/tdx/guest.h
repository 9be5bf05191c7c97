/* SPDX-License-Identifier: GPL-2.0-only */
/* A guest that plays a script, and leaves for the host where a real one would. */
#ifndef TDX_MODEL_GUEST_H
#define TDX_MODEL_GUEST_H

#include "port.h"

#define TDXM_NR_STEPS 64

enum tdxm_step_type {
	/* Writes @value at @gpa. */
	TDXM_STEP_WRITE,
	/* Reads at @gpa and expects @value. */
	TDXM_STEP_READ,
	/* Accepts the page of @level at @gpa. */
	TDXM_STEP_ACCEPT,
	/* Asks the host to convert @value bytes from @gpa on. */
	TDXM_STEP_MAP_GPA,
};

enum tdxm_step_result {
	TDXM_NOT_YET,
	TDXM_DONE,
	/* It read something else. */
	TDXM_DIFFERENT,
	/* The page is mapped in smaller pieces than it accepts. */
	TDXM_SIZE_MISMATCH,
	TDXM_ALREADY_ACCEPTED,
	/* The host hasn't answered yet, and it said no. */
	TDXM_ASKED,
	TDXM_DENIED,
};

struct tdxm_step {
	enum tdxm_step_type type;
	int level;
	u64 gpa;
	u64 value;
	enum tdxm_step_result result;
};

struct tdxm_script {
	struct tdxm_step steps[TDXM_NR_STEPS];
	unsigned int nr;
	unsigned int at;
};

/* The registers that KVM looks at */
struct tdxm_exit {
	u64 status;
	/* Of an EPT violation: the qualifications and the address */
	u64 rcx;
	u64 rdx;
	u64 r8;
	/* Of a TDVMCALL: 0, or the answer when the vCPU is entered; its number, its operands */
	u64 r10;
	u64 r11;
	u64 r12;
	u64 r13;
};

/* Appends to the script of a vCPU. Returns the step's number, or -1. */
int tdxm_script_add(struct tdxm *m, u64 tdvpr, const struct tdxm_step *step);
enum tdxm_step_result tdxm_script_result(struct tdxm *m, u64 tdvpr, unsigned int step);

/*
 * Enters the vCPU, plays its script up to the next exit, and leaves it. A step that ended in an
 * EPT violation is played again by the next call. At its end the guest halts. @exit has the
 * answer to the question of the last exit, if it was one.
 */
void tdxm_vp_run(struct tdxm *m, u64 tdvpr, int cpu, struct tdxm_exit *exit);

#endif
