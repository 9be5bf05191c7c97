// SPDX-License-Identifier: GPL-2.0-only
/* The pages of a running guest are shared, taken back, validated, punched, joined. */
#include <string.h>

#include "agent_machine.h"
#include "child.h"
#include "emulated_only.h"
#include "launch.h"
#include "poison.h"
#include "poll_until.h"
#include "test_port.h"
#include "touch.h"

/* One page in the midst of the first 2 MiB */
#define AT	(REGION_GPA + 5 * PAGE)
#define SECOND	(REGION_GPA + HUGE_PAGE)

static bool is_huge(const struct machine *m)
{
	return m->region.backing->shift == HUGE_SHIFT;
}

/* A page that has just come has nothing of the one that was there. */
static void expect_fresh(struct machine *m, __u64 gpa, __u64 words)
{
	const struct order order = { ORDER_CHECK, gpa, PAGE, words };
	__u64 others;

	agent_expect_invalid(&m->agent, gpa, "fresh");
	agent_validate(&m->agent, gpa, PAGE);
	others = agent_obey(&m->agent, &order);
	if (others != PAGE / sizeof(__u64))
		fail_msg("A fresh page at %#llx has %llu words of the old one", gpa,
			 PAGE / sizeof(__u64) - others);
	agent_fill(&m->agent, gpa, PAGE, REGION_WORDS + gpa);
}

TEST(share_and_take_back, &on_native, &on_base, &on_huge)
{
	struct machine *m = *state;

	for (__u64 gpa = REGION_GPA; gpa < REGION_GPA + REGION_SIZE; gpa += 73 * PAGE) {
		machine_share(m, gpa, PAGE);
		machine_take_back(m, gpa, PAGE);
	}
	machine_expect_filled(m, "shared here and there");
}

/* Before the conversion the guest rescinds the pages, as Linux does. */
TEST(share_2m, &on_native, &on_base, &on_huge)
{
	struct machine *m = *state;
	const struct order rescind = {
		ORDER_VALIDATE, SECOND, HUGE_PAGE, is_huge(m) ? VALIDATE_LARGE : 0,
	};

	assert_int_equal(agent_obey(&m->agent, &rescind), 0);
	agent_expect_invalid(&m->agent, SECOND, "rescinded");
	machine_share(m, SECOND, HUGE_PAGE);
	machine_take_back(m, SECOND, HUGE_PAGE);
	machine_expect_filled(m, "the second half shared");
}

/* Taken back as a whole, the page is one of 2 MiB again. */
TEST(whole_again, &on_huge)
{
	struct machine *m = *state;

	machine_share(m, SECOND, HUGE_PAGE);
	region_make_private(&m->agent, &m->region, SECOND, HUGE_PAGE);
	assert_int_equal(agent_validate(&m->agent, SECOND, HUGE_PAGE), HUGE_PAGE);
}

/* A huge page is shared page by page, and taken back likewise. */
TEST(share_all_one_by_one, &on_huge)
{
	struct machine *m = *state;

	for (__u64 gpa = SECOND; gpa < SECOND + HUGE_PAGE; gpa += PAGE)
		region_make_shared(&m->agent, &m->region, gpa, PAGE);
	region_fill(&m->region, SECOND, HUGE_PAGE, HOST_WORDS);
	agent_expect(&m->agent, SHARED_VA + SECOND, HUGE_PAGE, HOST_WORDS, "shared");
	for (__u64 gpa = SECOND; gpa < SECOND + HUGE_PAGE; gpa += PAGE)
		region_make_private(&m->agent, &m->region, gpa, PAGE);
	agent_validate(&m->agent, SECOND, HUGE_PAGE);
	agent_fill(&m->agent, SECOND, HUGE_PAGE, REGION_WORDS + SECOND);
	machine_expect_filled(m, "shared one by one");
}

/* Some pages of 2 MiB are rescinded and validated again: the RMP has small ones then. */
TEST(validate_in_pieces, &on_native, &on_base, &on_huge)
{
	struct machine *m = *state;
	const struct order large = {
		ORDER_VALIDATE, REGION_GPA, HUGE_PAGE, VALIDATE_ON | VALIDATE_LARGE,
	};

	assert_int_equal(agent_validate_small(&m->agent, AT, 3 * PAGE, false), 0);
	for (int i = 0; i < 3; i++)
		agent_expect_invalid(&m->agent, AT + i * PAGE, "rescinded");
	assert_int_equal(agent_validate_small(&m->agent, AT, 3 * PAGE, true), 0);
	assert_int_equal(agent_validate_small(&m->agent, AT, PAGE, true), RESULT_SAME);
	assert_int_equal(agent_obey(&m->agent, &large), RESULT_SIZE_MISMATCH);
	machine_expect_filled(m, "rescinded and validated again");
}

TEST(punch_private, &on_native, &on_base, &on_huge)
{
	struct machine *m = *state;
	__u32 guest_pages = event_count(GUEST_PAGES);

	region_punch(&m->region, AT, PAGE);
	assert_int_equal(event_count(GUEST_PAGES), guest_pages - 1);
	expect_fresh(m, AT, REGION_WORDS + AT);
	region_punch(&m->region, REGION_GPA + REGION_SIZE - PAGE, PAGE);
	expect_fresh(m, REGION_GPA + REGION_SIZE - PAGE, REGION_WORDS);
	machine_expect_filled(m, "punched");
}

TEST(punch_2m, &on_native, &on_base, &on_huge)
{
	struct machine *m = *state;

	region_punch(&m->region, SECOND, HUGE_PAGE);
	agent_expect_invalid(&m->agent, SECOND, "punched");
	assert_int_equal(agent_validate(&m->agent, SECOND, HUGE_PAGE),
			 is_huge(m) ? HUGE_PAGE : 0);
	agent_fill(&m->agent, SECOND, HUGE_PAGE, REGION_WORDS + SECOND);
	machine_expect_filled(m, "punched");
}

/*
 * The guest has the page mapped. If it keeps the mapping it goes on with the old page, which is
 * another task's by now.
 */
TEST(punch_shared, &on_base, &on_huge)
{
	struct machine *m = *state;
	static const char zeros[PAGE];

	machine_move_host_address(m);
	machine_share(m, AT, PAGE);
	region_punch(&m->region, AT, PAGE);
	agent_fill(&m->agent, SHARED_VA + AT, 8, 0);
	assert_memory_equal(region_host(&m->region, AT), zeros, PAGE);
	agent_fill(&m->agent, SHARED_VA + AT, PAGE, GUEST_WORDS);
	region_expect(&m->region, AT, PAGE, GUEST_WORDS, "punched and written anew");
	machine_take_back(m, AT, PAGE);
	machine_expect_filled(m, "punched while shared");
}

/* The guest's first access to a page that the host hasn't touched either */
TEST(punch_before_use, &on_native, &on_base, &on_huge)
{
	struct machine *m = *state;

	for (int i = 0; i < 3; i++) {
		region_punch(&m->region, AT, PAGE);
		region_punch(&m->region, AT, PAGE);
		agent_validate(&m->agent, AT, PAGE);
	}
	agent_fill(&m->agent, AT, PAGE, REGION_WORDS + AT);
	machine_expect_filled(m, "punched again and again");
}

/* The host has the page after the guest, and then it is huge for both of them. */
TEST(collapse_shared, &on_huge)
{
	struct machine *m = *state;
	struct kvm_private_collapse collapse = { .offset = HUGE_PAGE, .size = HUGE_PAGE };

	machine_share(m, SECOND + PAGE, PAGE);
	region_make_shared(&m->agent, &m->region, SECOND, HUGE_PAGE);
	region_fill(&m->region, SECOND, HUGE_PAGE, HOST_WORDS);
	expect_ok(file_collapse(m->region.file, &collapse), "collapsing shared pages");
	agent_expect(&m->agent, SHARED_VA + SECOND, HUGE_PAGE, HOST_WORDS, "collapsed");
	region_make_private(&m->agent, &m->region, SECOND, HUGE_PAGE);
	assert_int_equal(agent_validate(&m->agent, SECOND, HUGE_PAGE), HUGE_PAGE);
}

/* The child has the mapping and no more rights to it. */
static void look_from_child(void *arg)
{
	struct machine *m = arg;

	region_expect(&m->region, AT, PAGE, GUEST_WORDS + AT, "in the child");
	expect_sigbus(region_host(&m->region, SECOND), "a private page, in the child");
	region_fill(&m->region, AT, PAGE, HOST_WORDS);
}

TEST(fork, &on_base, &on_huge)
{
	struct machine *m = *state;

	machine_share(m, AT, PAGE);
	child_run(look_from_child, m);
	agent_expect(&m->agent, SHARED_VA + AT, PAGE, HOST_WORDS, "after the child");
	machine_take_back(m, AT, PAGE);
	machine_expect_filled(m, "after the child");
}

/* The page's number can be seen while it is shared. */
static __u64 share_and_find(struct machine *m)
{
	__u64 pfn;

	machine_share(m, AT, PAGE);
	pfn = pfn_at(region_host(&m->region, AT));
	machine_take_back(m, AT, PAGE);
	return pfn;
}

/* The guest may reach the page until the report of the error has been worked on. */
static void expect_memory_error(struct machine *m)
{
	const struct order check = { ORDER_CHECK, AT, PAGE, REGION_WORDS + AT };
	struct poll poll = poll_start();
	int exit;

	do {
		exit = agent_try(&m->agent, &check);
	} while (exit == KVM_EXIT_HYPERCALL && poll_again(&poll));
	assert_int_equal(exit, -EHWPOISON);
	assert_int_equal(vcpu_memory_fault(&m->agent.cpus[0]).gpa, AT);
	assert_int_equal(vcpu_run(&m->agent.cpus[0]), -EHWPOISON);
}

TEST(memory_error, &on_base, &on_huge)
{
	struct machine *m = *state;

	poison_pfn(share_and_find(m));
	expect_memory_error(m);
	region_punch(&m->region, AT, PAGE);
	/* The order that was interrupted ends now. */
	assert_int_equal(vcpu_run(&m->agent.cpus[0]), KVM_EXIT_HYPERCALL);
	expect_fresh(m, AT, REGION_WORDS + AT);
	machine_expect_filled(m, "after a memory error");
}

#define NEW_GPA	(REGION_GPA + 0x10000000)

/* The guest has nothing of the old address at the new one. */
TEST(slot_at_another_address, &on_native, &on_base, &on_huge)
{
	struct machine *m = *state;
	struct region moved = m->region;

	region_delete(&m->agent, 1, &m->region);
	moved.gpa = NEW_GPA;
	region_add(&m->agent, 1, &moved);
	if (moved.backing->native) {
		region_make_private(&m->agent, &moved, NEW_GPA, REGION_SIZE);
		region_punch(&moved, NEW_GPA, REGION_SIZE);
	}
	agent_expect_invalid(&m->agent, NEW_GPA, "at the new address");
	agent_validate(&m->agent, NEW_GPA, REGION_SIZE);
	agent_fill(&m->agent, NEW_GPA, REGION_SIZE, GUEST_WORDS);
	agent_expect(&m->agent, NEW_GPA, REGION_SIZE, GUEST_WORDS, "at the new address");
}

/* The pages stay the guest's, and it finds them as they were. */
TEST(slot_made_anew, &on_native, &on_base, &on_huge)
{
	struct machine *m = *state;

	region_delete(&m->agent, 1, &m->region);
	region_add(&m->agent, 1, &m->region);
	machine_expect_filled(m, "in a new slot");
}

EMULATED_MAIN("pages")
