/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A guest that sends messages to the firmware for the host: requester_guest.S.
 * Each function fails the test on any error.
 */
#ifndef TESTS_SNP_REQUESTER_H
#define TESTS_SNP_REQUESTER_H

#include "../kvm/vcpu.h"
#include "launch.h"
#include "message.h"

#define REQUESTER_KEYS	4

extern const char requester_code[], requester_code_end[];

struct requester {
	int vm;
	int file;
	char *host;
	struct vcpu cpu;
	/* Computed here, not by the firmware */
	__u8 digest[SNP_DIGEST_SIZE];
	/* Those of the VMPLs, as the guest shows them */
	__u8 keys[REQUESTER_KEYS][MESSAGE_KEY_SIZE];
};

void requester_start(struct requester *requester);
void requester_end(struct requester *requester);

/* Returns the firmware's status. The response is the page's content, also after a refusal. */
__u64 requester_send(struct requester *requester, const struct message *request,
		     struct message *response);

#endif
