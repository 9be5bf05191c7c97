/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A round trip of a guest's memory, private -> shared -> private: the guest
 * writes, the host reads, the host writes, the guest reads.
 */
#ifndef TESTS_BENCH_TRIP_H
#define TESTS_BENCH_TRIP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bare_vm.h"

#include "../kvm/vm.h"

enum step {
	GUEST_WRITES,
	GUEST_SAVES,
	TO_SHARED,
	GUEST_SHARES,
	HOST_READS,
	HOST_WRITES,
	GUEST_FETCHES,
	TO_PRIVATE,
	GUEST_RESTORES,
	GUEST_READS,
	STEPS
};

struct trip;

/* One of the ways to make the trip */
struct way {
	const char *name;
	/* KVM may map memory for the shared side in huge pages. */
	bool huge;
	void (*open)(struct trip *trip);
	/* NULL: no work in this step */
	void (*steps[STEPS])(struct trip *trip);
};

struct trip {
	const struct way *way;
	uint64_t size;
	/* How many words at the start of each page are written and read */
	unsigned int words;

	struct bare_vm vm;
	struct slot slot;
	/* The mapping that slot.host lies in */
	void *map;
	size_t map_size;
};

/* Ends with one that has no name; the others are compared with the first. */
extern const struct way ways[];

void trip_open(struct trip *trip, const struct way *way, uint64_t size,
	       unsigned int words);
void trip_close(struct trip *trip);

#endif /* TESTS_BENCH_TRIP_H */
