/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two vCPUs that add 1 to the same word again and again, with a locked
 * instruction that KVM emulates.
 */
#ifndef TESTS_KVM_ADDERS_H
#define TESTS_KVM_ADDERS_H

#include "machine.h"

struct adder {
	struct vcpu *cpu;
	__u64 address;
	/* The first exit that was not for HLT, if failed */
	int exit;
	bool failed;
	bool done;
	pthread_t thread;
};

struct adders {
	struct vcpu second;
	struct adder adder[2];
};

/* address: as the guest sees it */
void adders_start(struct adders *adders, struct machine *machine,
		  __u64 address);
bool adders_are_done(const struct adders *adders);

/* Waits for both vCPUs and fails the test if one failed; returns their sum. */
__u64 adders_join(struct adders *adders);

#endif
