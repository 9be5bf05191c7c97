/* SPDX-License-Identifier: GPL-2.0-only */
/* The usual guest of a test: an agent with one more slot, all of which is the guest's. */
#ifndef TESTS_SNP_AGENT_MACHINE_H
#define TESTS_SNP_AGENT_MACHINE_H

#include "huge.h"
#include "region.h"
#include "unit.h"

#define REGION_GPA	0x10000000ULL
#define REGION_SIZE	(2 * HUGE_PAGE)
/* The word at an address of the region is this plus the address. */
#define REGION_WORDS	0x4100000000000000ULL
/* The words of the host, and the guest's, in a page that they share */
#define HOST_WORDS	0x4200000000000000ULL
#define GUEST_WORDS	0x4300000000000000ULL

struct machine {
	struct agent agent;
	struct region region;
};

/* *state is the machine. At the end no page may belong to a guest. */
extern const struct fixture on_native;
extern const struct fixture on_base;
extern const struct fixture on_huge;

extern const struct backing backing_native;
extern const struct backing backing_base;
extern const struct backing backing_huge;

/* The same in steps: the region is added, all shared, and nothing of it is launched. */
void machine_start(struct machine *m, const struct backing *backing, unsigned int processors);
/* The region, before pages of it are launched: private files keep their content. */
void machine_make_private(struct machine *m);
/* Makes the region private, ends the launch and has the guest validate and fill it. */
void machine_fill(struct machine *m);
void machine_end(struct machine *m);

/*
 * For fixtures with a setup of their own, which begins with machine_new(): it takes the
 * backing from *state, and leaves the machine there.
 */
struct machine *machine_new(void **state, unsigned int processors);
int machine_teardown(void **state);

#define MACHINE_FIXTURE(fixture_name, fixture_setup, backing) {	\
	.name = fixture_name,					\
	.setup = fixture_setup,					\
	.teardown = machine_teardown,				\
	.state = (void *)&(backing),				\
}

/* Both sides use a page that was private, and the guest has it back in the end. */
void machine_share(struct machine *m, __u64 gpa, __u64 size);
void machine_take_back(struct machine *m, __u64 gpa, __u64 size);

/*
 * The slot anew, with a host address where nothing is mapped. The guest's mappings don't
 * follow the host's any more: KVM has to be notified by the file.
 */
void machine_move_host_address(struct machine *m);

/* All of the region has the guest's words. */
void machine_expect_filled(struct machine *m, const char *when);

#endif
