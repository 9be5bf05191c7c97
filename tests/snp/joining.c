// SPDX-License-Identifier: GPL-2.0-only
/* 2 MiB that a guest has in 512 entries of the RMP are joined to one: KVM_PRIVATE_COLLAPSE */
#include <string.h>

#include "agent_machine.h"
#include "emulated_only.h"
#include "test_port.h"

/* A page in the midst of the first 2 MiB */
#define AT		(REGION_GPA + 5 * PAGE)
#define PATROLLED	(REGION_GPA + 64 * PAGE)
#define PATROL_SIZE	(64 * PAGE)
#define ROUNDS		20

static int collapse(struct machine *m)
{
	struct kvm_private_collapse collapse = { .size = HUGE_PAGE };

	return file_collapse(m->region.file, &collapse);
}

/* The guest rescinds 2 MiB at once, which one entry alone lets it do, and validates it again. */
static void expect_one_entry(struct machine *m, bool one)
{
	struct order order = {
		ORDER_VALIDATE, REGION_GPA, HUGE_PAGE, VALIDATE_LARGE,
	};

	if (!one) {
		assert_int_equal(agent_obey(&m->agent, &order), RESULT_SIZE_MISMATCH);
		return;
	}
	assert_int_equal(agent_obey(&m->agent, &order), 0);
	order.value |= VALIDATE_ON;
	assert_int_equal(agent_obey(&m->agent, &order), 0);
}

/* The unit comes apart, and so does the entry. */
static void share(struct machine *m)
{
	machine_share(m, AT, PAGE);
	machine_take_back(m, AT, PAGE);
}

/* The entry alone comes apart. */
static void validate_small(struct machine *m)
{
	assert_int_equal(agent_validate_small(&m->agent, AT, PAGE, false), 0);
	assert_int_equal(agent_validate_small(&m->agent, AT, PAGE, true), 0);
}

static void join(struct machine *m, void (*take_to_pieces)(struct machine *m))
{
	__u32 psmashes;

	take_to_pieces(m);
	expect_one_entry(m, false);
	expect_ok(collapse(m), "collapse");
	expect_backing(m->region.file, REGION_SIZE / HUGE_PAGE, 0, "joined");
	psmashes = event_count(PSMASHES);
	machine_expect_filled(m, "joined");
	expect_one_entry(m, true);
	assert_int_equal(event_count(PSMASHES), psmashes);
	machine_expect_filled(m, "rescinded and validated");
}

TEST(after_sharing, &on_huge)
{
	join(*state, share);
}

TEST(after_validation, &on_huge)
{
	join(*state, validate_small);
}

TEST(again_and_again, &on_huge)
{
	for (int i = 0; i < 3; i++) {
		join(*state, share);
		join(*state, validate_small);
	}
}

TEST(one_entry, &on_huge)
{
	struct machine *m = *state;
	__u32 updates = event_count(RMPUPDATES);

	expect_ok(collapse(m), "collapse");
	assert_int_equal(event_count(RMPUPDATES), updates);
}

/* The guest keeps what it has. */
static void expect_refused(struct machine *m, const char *why)
{
	__u32 guest_pages = event_count(GUEST_PAGES);

	expect_error(EBUSY, collapse(m), "%s", why);
	assert_int_equal(event_count(GUEST_PAGES), guest_pages);
	expect_one_entry(m, false);
}

/* The same, but the block is one page already, so that nothing is said. */
static void expect_not_joined(struct machine *m)
{
	__u32 guest_pages = event_count(GUEST_PAGES);

	expect_ok(collapse(m), "collapsing a huge page");
	assert_int_equal(event_count(GUEST_PAGES), guest_pages);
	expect_one_entry(m, false);
}

TEST(one_page_not_validated, &on_huge)
{
	static const __u64 pages[] = { 0, 5, HUGE_PAGES - 1 };
	struct machine *m = *state;

	for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
		__u64 gpa = REGION_GPA + pages[i] * PAGE;

		assert_int_equal(agent_validate_small(&m->agent, gpa, PAGE, false), 0);
		expect_not_joined(m);
		agent_expect_invalid(&m->agent, gpa, "refused");
		assert_int_equal(agent_validate_small(&m->agent, gpa, PAGE, true), 0);
		machine_expect_filled(m, "refused");
		expect_ok(collapse(m), "all validated");
		expect_one_entry(m, true);
	}
	machine_expect_filled(m, "joined");
}

/* Not one page is validated: they are alike. */
TEST(no_page_validated, &on_huge)
{
	struct machine *m = *state;

	region_make_shared(&m->agent, &m->region, AT, PAGE);
	region_make_private(&m->agent, &m->region, AT, PAGE);
	agent_expect_invalid(&m->agent, AT, "taken back");
	for (__u64 gpa = REGION_GPA; gpa < REGION_GPA + HUGE_PAGE; gpa += PAGE)
		if (gpa != AT)
			assert_int_equal(agent_validate_small(&m->agent, gpa, PAGE, false), 0);
	expect_ok(collapse(m), "collapse");
	assert_int_equal(agent_validate(&m->agent, REGION_GPA, HUGE_PAGE), HUGE_PAGE);
	agent_fill(&m->agent, AT, PAGE, REGION_WORDS + AT);
	machine_expect_filled(m, "validated");
}

/* The host took the page, and the guest hasn't touched it since. */
TEST(one_page_not_prepared, &on_huge)
{
	struct machine *m = *state;

	machine_share(m, AT, PAGE);
	expect_refused(m, "a page is shared");
	region_make_private(&m->agent, &m->region, AT, PAGE);
	expect_refused(m, "a page isn't the guest's yet");
	agent_validate(&m->agent, AT, PAGE);
	agent_fill(&m->agent, AT, PAGE, REGION_WORDS + AT);
	expect_ok(collapse(m), "all validated");
	machine_expect_filled(m, "joined");
}

TEST(firmware_fails, &on_huge)
{
	struct machine *m = *state;

	share(m);
	fail_commands(SNP_PAGE_UNSMASH, 0, 0x19);
	expect_refused(m, "the firmware fails");
	stop_failing();
	machine_expect_filled(m, "the firmware failed");
	expect_ok(collapse(m), "collapse");
	machine_expect_filled(m, "joined");
}

/* Another processor of the guest uses the same 2 MiB all the time. */
TEST(under_a_running_guest)
{
	const struct order patrol = { ORDER_PATROL, PATROLLED, PATROL_SIZE, 0 };
	struct machine m;

	machine_start(&m, &backing_huge, 2);
	machine_fill(&m);
	agent_begin(&m.agent, 1, &patrol, NULL);
	for (int i = 0; i < ROUNDS; i++) {
		validate_small(&m);
		agent_wait_rounds(&m.agent, 1, 1);
		expect_ok(collapse(&m), "collapse");
	}
	assert_int_equal(agent_stop(&m.agent, 1), 0);
	assert_int_equal(agent_said(&m.agent, 1, BOX_VALIDATED), 0);
	expect_one_entry(&m, true);
	machine_end(&m);
}

EMULATED_MAIN("joining entries of the RMP")
