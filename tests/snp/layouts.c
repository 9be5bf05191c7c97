// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guests whose slots, files and host addresses aren't aligned alike, with pages of each size
 */
#include <stdio.h>

#include "emulated_only.h"
#include "huge.h"
#include "region.h"
#include "test_port.h"
#include "unit.h"

#define GPA		0x10000000ULL
#define SIZE		(3 * HUGE_PAGE)

#define GUEST_WORDS	0x4100000000000000ULL
#define HOST_WORDS	0x4200000000000000ULL

static const struct backing native = { .native = true };
static const struct backing base = { .shift = 12 };
static const struct backing huge = { .shift = HUGE_SHIFT };

/* How far each is behind a multiple of 2 MiB, in pages */
static const __u64 behind[] = { 0, 1, HUGE_PAGES - 1 };

/* The layout that a check is about */
static char where[64];

static bool lie_alike(__u64 one, __u64 other)
{
	return one % HUGE_PAGE == other % HUGE_PAGE;
}

/*
 * How many bytes may be validated in pieces of 2 MiB. KVM maps no large page in a slot whose
 * host address lies otherwise than its guest address, and then the RMP has none for long.
 */
static __u64 large_bytes(const struct region *region)
{
	__u64 first = (region->gpa + HUGE_PAGE - 1) & -HUGE_PAGE;
	__u64 end = (region->gpa + region->size) & -HUGE_PAGE;

	if (region->backing->shift != HUGE_SHIFT ||
	    !lie_alike(region->gpa, region->offset) ||
	    !lie_alike(region->gpa, (uintptr_t)region->host))
		return 0;
	return end - first;
}

/* Its neighbours may be in the same huge page. */
static void share_one(struct agent *agent, struct region *region, __u64 gpa)
{
	region_make_shared(agent, region, gpa, PAGE);
	region_fill(region, gpa, PAGE, HOST_WORDS);
	agent_expect(agent, SHARED_VA + gpa, PAGE, HOST_WORDS, where);
	agent_fill(agent, SHARED_VA + gpa, PAGE, GUEST_WORDS);
	region_expect(region, gpa, PAGE, GUEST_WORDS, where);

	region_make_private(agent, region, gpa, PAGE);
	region_expect_private(region, gpa, where);
	agent_expect_invalid(agent, gpa, where);
	agent_validate(agent, gpa, PAGE);
	agent_fill(agent, gpa, PAGE, GUEST_WORDS + gpa);
}

static void live(struct agent *agent, struct region *region)
{
	const __u64 last = region->gpa + region->size - PAGE;
	__u64 large;

	region_make_private(agent, region, region->gpa, region->size);
	large = agent_validate(agent, region->gpa, region->size);
	if (large != large_bytes(region))
		fail_msg("%#llx bytes were validated in pieces of 2 MiB, not %#llx: %s", large,
			 large_bytes(region), where);
	agent_fill(agent, region->gpa, region->size, GUEST_WORDS + region->gpa);
	region_expect_private(region, region->gpa, where);
	region_expect_private(region, last, where);

	share_one(agent, region, region->gpa);
	share_one(agent, region, region->gpa + HUGE_PAGE + 5 * PAGE);
	share_one(agent, region, last);
	agent_expect(agent, region->gpa, region->size, GUEST_WORDS + region->gpa, where);
}

static void live_at(const struct backing *backing, __u64 slot, __u64 file, __u64 host)
{
	struct region region = {
		.backing = backing, .file_size = SIZE, .offset = file * PAGE,
		.gpa = GPA + slot * PAGE, .size = SIZE - HUGE_PAGE,
	};
	struct agent agent;

	snprintf(where, sizeof(where), "slot, file, host %llu, %llu, %llu pages behind 2 MiB",
		 slot, file, host);
	agent_start(&agent, backing->native, 1);
	region_create(&region, &agent, host * PAGE);
	region_add(&agent, 1, &region);
	agent_go(&agent);
	live(&agent, &region);
	agent_end(&agent);
	if (!backing->native)
		region_expect_back(&region, where);
	region_destroy(&region);
	assert_int_equal(event_count(GUEST_PAGES), 0);
}

static void live_everywhere(const struct backing *backing)
{
	for (size_t slot = 0; slot < ARRAY_SIZE(behind); slot++)
		for (size_t file = 0; file < ARRAY_SIZE(behind); file++)
			for (size_t host = 0; host < ARRAY_SIZE(behind); host++)
				live_at(backing, behind[slot], behind[file], behind[host]);
}

TEST(native_file)
{
	live_everywhere(&native);
}

TEST(base_pages)
{
	live_everywhere(&base);
}

TEST(huge_pages)
{
	live_everywhere(&huge);
}

EMULATED_MAIN("layouts")
