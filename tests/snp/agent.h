/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest that does as a test says, a step at a time: agent_guest.S. Its own
 * memory is slot 0. Each function fails the test on any error.
 */
#ifndef TESTS_SNP_AGENT_H
#define TESTS_SNP_AGENT_H

#include <stdbool.h>

#include "../kvm/vcpu.h"
#include "agent_layout.h"

/* The agent's handler of #VC, between guests_begin and guests_end */
extern const char agent_vc[];

struct agent {
	/* KVM's own guest_memfd, and separate shared memory */
	bool native;
	int vm;
	int file;
	/* AGENT_SIZE bytes: the shared side of slot 0 */
	char *host;
	unsigned int processors;
	struct vcpu cpus[MAX_AGENTS];
};

/*
 * Creates a VM and begins its launch, with all that the agent needs. Until
 * agent_go() a test may launch memory of its own.
 */
void agent_start(struct agent *agent, bool native, unsigned int processors);
void agent_go(struct agent *agent);
/* In two steps: the VM outlives its processors by as long as a test wants. */
void agent_close_processors(struct agent *agent);
void agent_close_vm(struct agent *agent);
void agent_end(struct agent *agent);

struct order {
	__u64 order;
	__u64 address;
	__u64 size;
	__u64 value;
};

/*
 * Has the first processor carry out an order and returns its result. The
 * second function returns what vcpu_run() does, for an order that may not end.
 */
__u64 agent_obey(struct agent *agent, const struct order *order);
int agent_try(struct agent *agent, const struct order *order);

/* A word that the agent has left in its mailbox: BOX_* */
__u64 agent_said(struct agent *agent, unsigned int processor, unsigned int box);

/* An order that is carried out beside the host, until agent_stop(). carry_on: of vcpu_spawn() */
void agent_begin(struct agent *agent, unsigned int processor, const struct order *order,
		 bool (*carry_on)(int result));
void agent_wait_rounds(struct agent *agent, unsigned int processor, __u64 rounds);
__u64 agent_stop(struct agent *agent, unsigned int processor);

/*
 * PVALIDATE of all pages, each as large as the RMP has it. Returns how many
 * bytes were validated in pieces of 2 MiB.
 */
__u64 agent_validate(struct agent *agent, __u64 gpa, __u64 size);
/* The result of PVALIDATE of the base pages */
__u64 agent_validate_small(struct agent *agent, __u64 gpa, __u64 size, bool on);

/* @words, @words + 8 ... in each page; private ones, or shared ones for an address in those */
void agent_fill(struct agent *agent, __u64 address, __u64 size, __u64 words);
void agent_expect(struct agent *agent, __u64 address, __u64 size, __u64 words,
		  const char *when);
/* The page is the guest's, but isn't validated. */
void agent_expect_invalid(struct agent *agent, __u64 gpa, const char *when);

#endif
