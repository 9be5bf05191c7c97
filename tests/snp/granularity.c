// SPDX-License-Identifier: GPL-2.0-only
/*
 * How often the RMP changes for 2 MiB of a guest, and of which size its entries are afterwards.
 * The numbers are those of docs/snp-platform.md.
 */
#include <string.h>
#include <sys/ioctl.h>

#include "agent_machine.h"
#include "emulated_only.h"
#include "test_port.h"

#define AT	(REGION_GPA + 5 * PAGE)

struct counts {
	__u32 updates;
	__u32 smashes;
	/* Nested page faults by the RMP */
	__u32 faults;
};

static struct counts count(void)
{
	return (struct counts){
		event_count(RMPUPDATES), event_count(PSMASHES), event_count(GUEST_RMP_FAULTS),
	};
}

static void expect_counts(const struct counts *before, struct counts wanted, const char *when)
{
	struct counts now = count();

	now.updates -= before->updates;
	now.smashes -= before->smashes;
	now.faults -= before->faults;
	if (memcmp(&now, &wanted, sizeof(now)))
		fail_msg("%s: %u RMPUPDATE, %u PSMASH, %u faults, not %u, %u, %u", when,
			 now.updates, now.smashes, now.faults, wanted.updates, wanted.smashes,
			 wanted.faults);
}

/* A guest that has not used its region yet: all of that is private. */
static int setup(void **state)
{
	struct machine *m = machine_new(state, 1);

	agent_go(&m->agent);
	region_make_private(&m->agent, &m->region, REGION_GPA, REGION_SIZE);
	return 0;
}

static const struct fixture native =
	MACHINE_FIXTURE("native", setup, backing_native);

static const struct fixture base =
	MACHINE_FIXTURE("base pages", setup, backing_base);

static const struct fixture huge =
	MACHINE_FIXTURE(NULL, setup, backing_huge);

static void expect_large(struct machine *m, bool large, const char *when)
{
	const struct order rescind = {
		ORDER_VALIDATE, REGION_GPA, HUGE_PAGE, VALIDATE_LARGE,
	};
	__u64 result = agent_obey(&m->agent, &rescind);

	if (result != (large ? 0 : RESULT_SIZE_MISMATCH))
		fail_msg("PVALIDATE of 2 MiB, %s, gave %#llx", when, result);
}

TEST(small_pages, &native, &base)
{
	struct machine *m = *state;
	const struct counts before = count();

	agent_validate(&m->agent, REGION_GPA, HUGE_PAGE);
	expect_counts(&before, (struct counts){ HUGE_PAGES, 0, 0 }, "512 base pages");
}

TEST(at_once, &huge)
{
	struct machine *m = *state;
	const struct counts before = count();

	agent_validate(&m->agent, REGION_GPA, HUGE_PAGE);
	agent_fill(&m->agent, REGION_GPA, HUGE_PAGE, REGION_WORDS);
	expect_counts(&before, (struct counts){ 1, 0, 0 }, "2 MiB validated as such");
	expect_large(m, true, "validated as such");
}

/* The guest's own doing: its first PVALIDATE of a base page */
TEST(guest_validates_base_pages, &huge)
{
	struct machine *m = *state;
	const struct counts before = count();

	agent_validate_small(&m->agent, REGION_GPA, HUGE_PAGE, true);
	expect_counts(&before, (struct counts){ 1, 1, 1 }, "validated page by page");
	expect_large(m, false, "validated page by page");
}

TEST(one_page_shared_and_taken_back, &huge)
{
	struct machine *m = *state;
	struct counts before;

	agent_validate(&m->agent, REGION_GPA, HUGE_PAGE);
	before = count();
	machine_share(m, AT, PAGE);
	expect_counts(&before, (struct counts){ 1, 1, 0 }, "one page shared");
	before = count();
	machine_take_back(m, AT, PAGE);
	expect_counts(&before, (struct counts){ 1, 0, 0 }, "the page taken back");
	expect_large(m, false, "the page taken back");
}

/* Each entry becomes immutable by an RMPUPDATE, and the firmware joins them. */
TEST(joined, &huge)
{
	struct machine *m = *state;
	struct kvm_private_collapse collapse = { .size = HUGE_PAGE };
	struct counts before;

	agent_validate(&m->agent, REGION_GPA, HUGE_PAGE);
	agent_fill(&m->agent, REGION_GPA, HUGE_PAGE, REGION_WORDS + REGION_GPA);
	machine_share(m, AT, PAGE);
	machine_take_back(m, AT, PAGE);
	before = count();
	expect_ok(file_collapse(m->region.file, &collapse), "joining");
	agent_expect(&m->agent, REGION_GPA, HUGE_PAGE, REGION_WORDS + REGION_GPA, "joined");
	expect_counts(&before, (struct counts){ HUGE_PAGES, 0, 0 }, "joined");
	expect_large(m, true, "joined");
}

TEST(all_shared_and_taken_back, &huge)
{
	struct machine *m = *state;
	struct counts before;

	agent_validate(&m->agent, REGION_GPA, HUGE_PAGE);
	before = count();
	machine_share(m, REGION_GPA, HUGE_PAGE);
	expect_counts(&before, (struct counts){ 1, 0, 0 }, "2 MiB shared");
	before = count();
	machine_take_back(m, REGION_GPA, HUGE_PAGE);
	expect_counts(&before, (struct counts){ 1, 0, 0 }, "2 MiB taken back");
	expect_large(m, true, "taken back as a whole");
}

TEST(one_page_punched, &huge)
{
	struct machine *m = *state;
	struct counts before;

	agent_validate(&m->agent, REGION_GPA, HUGE_PAGE);
	before = count();
	region_punch(&m->region, AT, PAGE);
	expect_counts(&before, (struct counts){ 1, 1, 0 }, "one page punched");
	before = count();
	agent_validate(&m->agent, AT, PAGE);
	expect_counts(&before, (struct counts){ 1, 0, 0 }, "another one validated");
}

/* A page is shared from the start, so that none of its neighbours comes as a huge page. */
TEST(one_page_shared_before, &huge)
{
	struct machine *m = *state;
	struct counts before;

	region_make_shared(&m->agent, &m->region, AT, PAGE);
	before = count();
	agent_validate(&m->agent, REGION_GPA, AT - REGION_GPA);
	agent_validate(&m->agent, AT + PAGE, REGION_GPA + HUGE_PAGE - AT - PAGE);
	expect_counts(&before, (struct counts){ HUGE_PAGES - 1, 0, 0 }, "beside a shared page");
	region_make_private(&m->agent, &m->region, AT, PAGE);
	agent_validate(&m->agent, AT, PAGE);
	expect_large(m, false, "the shared page taken back");
}

static void replace_slot(struct machine *m, unsigned int pieces)
{
	struct region piece = m->region;

	region_delete(&m->agent, 1, &m->region);
	piece.size = HUGE_PAGE / pieces;
	for (unsigned int i = 0; i < pieces; i++) {
		region_add(&m->agent, 1 + i, &piece);
		piece.gpa += piece.size;
		piece.offset += piece.size;
		piece.host += piece.size;
	}
}

/* The RMP has entries of 4 KiB for slots of that size. */
TEST(slots_of_one_page, &huge)
{
	struct machine *m = *state;
	struct counts before;

	replace_slot(m, HUGE_PAGES);
	before = count();
	agent_validate_small(&m->agent, REGION_GPA, HUGE_PAGE, true);
	agent_fill(&m->agent, REGION_GPA, HUGE_PAGE, REGION_WORDS);
	agent_expect(&m->agent, REGION_GPA, HUGE_PAGE, REGION_WORDS, "in 512 slots");
	expect_counts(&before, (struct counts){ HUGE_PAGES, 0, 0 }, "512 slots");
	expect_large(m, false, "in 512 slots");
}

/* The slots come after the page was prepared as one. */
TEST(slots_of_one_page_later, &huge)
{
	struct machine *m = *state;
	struct counts before;

	agent_validate(&m->agent, REGION_GPA, HUGE_PAGE);
	agent_fill(&m->agent, REGION_GPA, HUGE_PAGE, REGION_WORDS);
	before = count();
	replace_slot(m, HUGE_PAGES);
	agent_expect(&m->agent, REGION_GPA, HUGE_PAGE, REGION_WORDS, "in 512 slots");
	expect_counts(&before, (struct counts){ 0, 1, 1 }, "cut into 512 slots");
	expect_large(m, false, "in 512 slots");
}

/* KVM maps no large page there, and the fault that this makes smashes the entry. */
TEST(host_address_lies_otherwise, &huge)
{
	struct machine *m = *state;
	struct region moved = m->region;
	struct counts before;

	region_delete(&m->agent, 1, &m->region);
	moved.host += PAGE;
	region_add(&m->agent, 1, &moved);
	before = count();
	agent_validate(&m->agent, REGION_GPA, HUGE_PAGE);
	expect_counts(&before, (struct counts){ 1, 1, 1 }, "at another host address");
}

/* KVM logs no accesses to memory that may be private. */
TEST(dirty_logging, &native, &base, &huge)
{
	struct machine *m = *state;
	struct kvm_userspace_memory_region2 logged = {
		.slot = 1, .flags = KVM_MEM_GUEST_MEMFD | KVM_MEM_LOG_DIRTY_PAGES,
		.memory_size = REGION_SIZE, .guest_phys_addr = REGION_GPA,
		.userspace_addr = (uintptr_t)m->region.host, .guest_memfd = m->region.file,
	};
	struct counts before;

	agent_validate(&m->agent, REGION_GPA, HUGE_PAGE);
	before = count();
	expect_error(EINVAL, ioctl(m->agent.vm, KVM_SET_USER_MEMORY_REGION2, &logged),
		     "dirty logging of a slot that is there");
	logged.slot = 2;
	logged.guest_phys_addr += REGION_SIZE;
	expect_error(EINVAL, ioctl(m->agent.vm, KVM_SET_USER_MEMORY_REGION2, &logged),
		     "dirty logging of a new slot");
	agent_fill(&m->agent, REGION_GPA, HUGE_PAGE, REGION_WORDS);
	expect_counts(&before, (struct counts){ 0, 0, 0 }, "dirty logging refused");
}

EMULATED_MAIN("granularity")
