// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cost of a guest's life to the platform, by backend: lines of backend, part of the life,
 * event and count. Instructions are those with "scripts/vm --icount" alone.
 */
#include <stdio.h>
#include <x86intrin.h>

#include "emulated_only.h"
#include "huge.h"
#include "region.h"
#include "test_port.h"
#include "unit.h"

#define GPA		0x10000000ULL
#define SIZE		(64 * MIB)

#define GUEST_WORDS	0x4100000000000000ULL

static const struct {
	const char *name;
	struct backing backing;
} backends[] = {
	{ "guest_memfd", { .native = true } },
	{ "kvm_private 4K", { .shift = 12 } },
	{ "kvm_private 2M", { .shift = HUGE_SHIFT } },
};

static const struct {
	enum snp_event event;
	const char *name;
} events[] = {
	{ RMPUPDATES, "RMPUPDATE" },
	{ PSMASHES, "PSMASH" },
	{ PVALIDATES, "PVALIDATE" },
	{ GUEST_RMP_FAULTS, "RMP fault of the guest" },
	{ HOST_RMP_FAULTS, "RMP fault of the host" },
};

#define EVENTS	ARRAY_SIZE(events)

static __u32 before[EVENTS];
static __u64 instructions;

static void begin_part(void)
{
	for (unsigned int i = 0; i < EVENTS; i++)
		before[i] = event_count(events[i].event);
	instructions = __rdtsc();
}

static void end_part(const char *backend, const char *part)
{
	const __u64 spent = __rdtsc() - instructions;

	for (unsigned int i = 0; i < EVENTS; i++)
		printf("%s,%s,%s,%u\n", backend, part, events[i].name,
		       event_count(events[i].event) - before[i]);
	printf("%s,%s,instructions,%llu\n", backend, part, spent);
	begin_part();
}

static void live(const char *backend, const struct backing *backing)
{
	struct region region = {
		.backing = backing, .file_size = SIZE, .gpa = GPA, .size = SIZE,
	};
	struct agent agent;

	begin_part();
	agent_start(&agent, backing->native, 1);
	region_create(&region, &agent, 0);
	region_add(&agent, 1, &region);
	agent_go(&agent);
	end_part(backend, "launch");

	region_make_private(&agent, &region, GPA, SIZE);
	agent_validate(&agent, GPA, SIZE);
	agent_fill(&agent, GPA, SIZE, GUEST_WORDS);
	end_part(backend, "validate and write");

	for (__u64 gpa = GPA; gpa < GPA + SIZE; gpa += HUGE_PAGE) {
		region_make_shared(&agent, &region, gpa, PAGE);
		region_make_private(&agent, &region, gpa, PAGE);
		agent_validate(&agent, gpa, PAGE);
	}
	end_part(backend, "share a page of each 2 MiB and take it back");

	agent_end(&agent);
	region_destroy(&region);
	end_part(backend, "end");
}

/* The first life has the kernel's caches to fill. */
TEST(lives)
{
	live("warm-up", &backends[0].backing);
	for (unsigned int i = 0; i < ARRAY_SIZE(backends); i++)
		live(backends[i].name, &backends[i].backing);
}

EMULATED_MAIN("costs")
