/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two vCPUs patrol a range of private memory while other threads attack it.
 * Whatever these do, a page shows the guest nothing but zeros and the words
 * written to that page. Memory that was freed to the host stays as the host left
 * it, and all of it is freed in the end.
 */
#ifndef TESTS_KVM_RACE_H
#define TESTS_KVM_RACE_H

#include "machine.h"

#define RACE_CPUS	2
#define RACE_SECONDS	5
#define RACE_ATTACKS	6

/* The range on patrol; races on a slot of its own put it elsewhere. */
#define RACE_PAGES	64
#define RACE_SIZE	(RACE_PAGES * PAGE)

/* Each vCPU writes its own; the third one is the host's. */
#define RACE_TAG(i)	(0x1900000000000000ULL + ((__u64)(i) << 56))
#define RACE_HOST_TAG	RACE_TAG(RACE_CPUS)

struct race {
	struct machine machine;
	struct vcpu second;
	__u64 memfree;
	bool over;
};

struct attacker;

/* Makes one attack; returns 0, or -1 and errno. */
typedef int attack_fn(struct attacker *attacker);

struct attacker {
	struct race *race;
	attack_fn *attack;
	unsigned int seed;
	/* For the attack's own use, zero at first */
	__u64 data;

	pthread_t thread;
	unsigned long calls;
	int error;
};

struct race_plan {
	const char *guest;
	__u64 gpa;
	/* false: the guest only looks */
	bool writes;
	/* 0: RACE_SECONDS */
	unsigned int seconds;
	/* See vcpu_spawn(); NULL if the vCPUs must not leave KVM_RUN. */
	bool (*carry_on)(int result);
	attack_fn *attacks[RACE_ATTACKS + 1];
};

/* flags: of the file. race_start_huge() creates one of huge pages. */
void race_start(struct race *race, __u64 flags);
void race_start_huge(struct race *race, __u64 flags);

/*
 * Lets them run for a while, and longer if that wasn't enough for each of them to
 * get anywhere. Fails the test if an attack failed, if a vCPU left KVM_RUN or
 * found a wrong word, or if one of them got nowhere. Then stops the machine and
 * waits for its memory.
 */
void race_run(struct race *race, const struct race_plan *plan);

/* Starts and finishes, for a plan that needs no step in between */
void race_on_data(const struct race_plan *plan, __u64 flags);

/* A random part of the range on patrol, as offset from its start */
void race_pick(struct attacker *attacker, __u64 *offset, __u64 *size);

#endif
