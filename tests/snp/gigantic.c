// SPDX-License-Identifier: GPL-2.0-only
/* A guest in a page of 1 GiB, which it gets as the huge pages that this comes apart into */
#include <string.h>

#include "agent_machine.h"
#include "convert.h"
#include "emulated_only.h"
#include "test_port.h"

#define GPA	GIGANTIC_PAGE
#define BLOCKS	(GIGANTIC_PAGE / HUGE_PAGE)
/* One block of 2 MiB, and one page in it */
#define BLOCK	(GPA + 300 * HUGE_PAGE)
#define AT	(BLOCK + 77 * PAGE)

static const struct backing gigantic = { .shift = GIGANTIC_SHIFT };

static int setup(void **state)
{
	struct machine *m = calloc(1, sizeof(*m));

	m->region = (struct region){
		.backing = &gigantic, .file_size = GIGANTIC_PAGE, .gpa = GPA,
		.size = GIGANTIC_PAGE,
	};
	agent_start(&m->agent, false, 1);
	region_create(&m->region, &m->agent, 0);
	region_add(&m->agent, 1, &m->region);
	agent_go(&m->agent);
	region_make_private(&m->agent, &m->region, GPA, GIGANTIC_PAGE);
	*state = m;
	return 0;
}

static int teardown(void **state)
{
	struct machine *m = *state;

	agent_end(&m->agent);
	expect_ok(file_make_shared(m->region.file, 0, GIGANTIC_PAGE, 0), "sharing all");
	assert_int_equal(event_count(GUEST_PAGES), 0);
	for (__u64 gpa = GPA; gpa < GPA + GIGANTIC_PAGE; gpa += HUGE_PAGE + PAGE)
		region_fill(&m->region, gpa, sizeof(__u64), HOST_WORDS);
	region_destroy(&m->region);
	free(m);
	return 0;
}

static const struct fixture in_gigantic = { .setup = setup, .teardown = teardown };

TEST(all, &in_gigantic)
{
	struct machine *m = *state;
	__u32 updates = event_count(RMPUPDATES);

	assert_int_equal(agent_validate(&m->agent, GPA, GIGANTIC_PAGE), GIGANTIC_PAGE);
	assert_int_equal(event_count(RMPUPDATES) - updates, BLOCKS);
	assert_int_equal(file_huge(m->region.file), GIGANTIC_PAGE);
	for (__u64 gpa = GPA; gpa < GPA + GIGANTIC_PAGE; gpa += HUGE_PAGE + PAGE)
		agent_fill(&m->agent, gpa, PAGE, REGION_WORDS + gpa);
	for (__u64 gpa = GPA; gpa < GPA + GIGANTIC_PAGE; gpa += HUGE_PAGE + PAGE)
		agent_expect(&m->agent, gpa, PAGE, REGION_WORDS + gpa, "filled");
}

/* The blocks beside it don't change. */
TEST(one_block, &in_gigantic)
{
	struct machine *m = *state;
	const __u64 before = BLOCK - HUGE_PAGE;

	agent_validate(&m->agent, before, 3 * HUGE_PAGE);
	agent_fill(&m->agent, before, 3 * HUGE_PAGE, REGION_WORDS + before);
	machine_share(m, AT, PAGE);
	machine_take_back(m, AT, PAGE);
	agent_expect(&m->agent, before, 3 * HUGE_PAGE, REGION_WORDS + before,
		     "shared and taken back");
	region_punch(&m->region, BLOCK, HUGE_PAGE);
	agent_expect_invalid(&m->agent, BLOCK, "punched");
	agent_validate(&m->agent, BLOCK, HUGE_PAGE);
	agent_expect(&m->agent, before, HUGE_PAGE, REGION_WORDS + before, "before a hole");
	agent_expect(&m->agent, BLOCK + HUGE_PAGE, HUGE_PAGE,
		     REGION_WORDS + BLOCK + HUGE_PAGE, "after a hole");
}

EMULATED_MAIN("gigantic", .setup = gigantic_group_setup)
