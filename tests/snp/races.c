// SPDX-License-Identifier: GPL-2.0-only
/*
 * The host changes memory that a guest is using on another processor. Freed pages are watched
 * by the kernel (page_poison=1): it reports those that a guest has written to.
 */
#include <string.h>
#include <sys/mman.h>

#include "agent_machine.h"
#include "emulated_only.h"

#define AT	(REGION_GPA + 5 * PAGE)
#define ROUNDS	40

/* The guest's processor that works beside the host; the other one takes orders. */
#define BESIDE	1

static int setup(void **state)
{
	machine_fill(machine_new(state, 2));
	return 0;
}

static const struct fixture native =
	MACHINE_FIXTURE("native", setup, backing_native);

static const struct fixture base =
	MACHINE_FIXTURE("base pages", setup, backing_base);

static const struct fixture huge =
	MACHINE_FIXTURE("huge pages", setup, backing_huge);

/* Another task's use for the pages that were freed: each of them is looked at. */
static void allocate_memory(void)
{
	char *map = mmap(NULL, REGION_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	assert_ptr_not_equal(map, MAP_FAILED);
	for (__u64 at = 0; at < REGION_SIZE; at += PAGE)
		assert_int_equal(map[at], 0);
	munmap(map, REGION_SIZE);
}

static void expect_good_patrol(struct machine *m)
{
	if (agent_stop(&m->agent, BESIDE))
		fail_msg("A page of the guest's was another one at %#llx",
			 agent_said(&m->agent, BESIDE, BOX_AT));
}

/* The guest validates what comes instead: small pages also of 2 MiB that just came. */
TEST(punch_private, &native, &base, &huge)
{
	struct machine *m = *state;
	const struct order patrol = { ORDER_PATROL, REGION_GPA, REGION_SIZE, REGION_WORDS };

	agent_begin(&m->agent, BESIDE, &patrol, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		if (i % 8)
			region_punch(&m->region, REGION_GPA + i * 13 * PAGE, PAGE);
		else
			region_punch(&m->region, REGION_GPA + i % 16 / 8 * HUGE_PAGE, HUGE_PAGE);
		agent_wait_rounds(&m->agent, BESIDE, i % 3);
	}
	agent_wait_rounds(&m->agent, BESIDE, 1);
	expect_good_patrol(m);
	assert_true(agent_said(&m->agent, BESIDE, BOX_VALIDATED) > HUGE_PAGES);
}

/* A guest that kept a mapping would write to pages that are others' by then. */
TEST(punch_shared, &base, &huge)
{
	struct machine *m = *state;
	const struct order scribble = {
		ORDER_SCRIBBLE, SHARED_VA + REGION_GPA, HUGE_PAGE, GUEST_WORDS,
	};

	machine_move_host_address(m);
	region_make_shared(&m->agent, &m->region, REGION_GPA, HUGE_PAGE);
	agent_begin(&m->agent, BESIDE, &scribble, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		agent_wait_rounds(&m->agent, BESIDE, i % 3);
		region_punch(&m->region, REGION_GPA, i % 2 ? HUGE_PAGE : HUGE_PAGE / 2);
		allocate_memory();
	}
	assert_int_equal(agent_stop(&m->agent, BESIDE), 0);
}

/* Its neighbours, in the same huge page, never change. */
TEST(convert_neighbour, &native, &base, &huge)
{
	struct machine *m = *state;
	const struct order patrol = {
		ORDER_PATROL, AT + PAGE, REGION_GPA + REGION_SIZE - AT - PAGE, REGION_WORDS,
	};

	agent_begin(&m->agent, BESIDE, &patrol, NULL);
	for (int i = 0; i < ROUNDS / 4; i++) {
		machine_share(m, AT, PAGE);
		machine_take_back(m, AT, PAGE);
	}
	expect_good_patrol(m);
	assert_int_equal(agent_said(&m->agent, BESIDE, BOX_VALIDATED), 0);
}

/* The guest's access to a page that is shared ends KVM_RUN, and its VMM tries again. */
static bool is_fault(int result)
{
	return result == -EFAULT;
}

TEST(convert_used, &native, &base, &huge)
{
	struct machine *m = *state;
	const struct order patrol = { ORDER_PATROL, AT, 8 * PAGE, REGION_WORDS };

	agent_begin(&m->agent, BESIDE, &patrol, is_fault);
	for (int i = 0; i < ROUNDS; i++) {
		const __u64 gpa = AT + i % 8 * PAGE;

		agent_wait_rounds(&m->agent, BESIDE, 2);
		region_make_shared(&m->agent, &m->region, gpa, PAGE);
		region_fill(&m->region, gpa, PAGE, HOST_WORDS);
		region_expect(&m->region, gpa, PAGE, HOST_WORDS, "shared under the guest");
		region_make_private(&m->agent, &m->region, gpa, PAGE);
	}
	agent_wait_rounds(&m->agent, BESIDE, 2);
	expect_good_patrol(m);
	expect_between(agent_said(&m->agent, BESIDE, BOX_VALIDATED), ROUNDS, 8 * ROUNDS,
		       "pages validated");
}

EMULATED_MAIN("races")
