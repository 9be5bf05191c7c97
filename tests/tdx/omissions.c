// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM forgets commands: each time the model is told to carry one out as KVM thinks, but not to do
 * it. So it is KVM that breaks the rules here, and it complains about what the module answers.
 */
#include "guest_td.h"

#define MAX_OMITTED 3

/* The state of a TD when a command is omitted. Each stage follows the one before. */
enum stage {
	NEW,
	INITIALIZED,
	/* With a vCPU and a slot */
	LAUNCHING,
	/* One page was added. */
	LAUNCHED,
	/* The launch has ended, and the page at TD_FREE_GPA is mapped. */
	MAPPED,
};

struct omission {
	enum tdxm_rule broken;
	enum stage stage;
	/* Makes KVM give the commands, of which these are omitted, once each */
	void (*act)(struct guest_td *td);
	unsigned int nr_omitted;
	enum tdxm_command omitted[MAX_OMITTED];
};

static const char page[PAGE] __attribute__((aligned(PAGE)));

static void init(struct guest_td *td)
{
	guest_td_try_init(td);
}

static void add_vcpu(struct guest_td *td)
{
	guest_td_try_vcpu(td);
}

static void launch(struct guest_td *td)
{
	guest_td_try_add(td, TD_LAUNCHED_GPA, page, 1, true);
	guest_td_try_finalize(td);
}

static void finalize_and_run(struct guest_td *td)
{
	guest_td_try_finalize(td);
	guest_td_run(td);
}

static void finalize_and_prefault(struct guest_td *td)
{
	guest_td_try_finalize(td);
	guest_td_prefault(td, TD_FREE_GPA, PAGE);
}

static void prefault(struct guest_td *td)
{
	guest_td_prefault(td, TD_FREE_GPA, PAGE);
}

static void punch(struct guest_td *td)
{
	file_punch(td->file, TD_FREE_GPA - TD_GPA, PAGE);
}

static void prefault_and_punch(struct guest_td *td)
{
	guest_td_prefault(td, TD_FREE_GPA + PAGE, PAGE);
	file_punch(td->file, TD_FREE_GPA + PAGE - TD_GPA, PAGE);
}

static void punch_and_prefault(struct guest_td *td)
{
	punch(td);
	prefault(td);
}

/* The page allocator has the page that was punched at the front of its list. */
static void punch_and_prefault_next(struct guest_td *td)
{
	punch(td);
	guest_td_prefault(td, TD_FREE_GPA + PAGE, PAGE);
}

static void punch_prefault_punch(struct guest_td *td)
{
	punch_and_prefault(td);
	punch(td);
}

static void host_writes(struct guest_td *td)
{
	model_host_write(TD_FREE_GPA);
	punch(td);
}

/* The end comes in any case. */
static void end(struct guest_td *td)
{
	(void)td;
}

static const struct omission omissions[] = {
	{ TDXM_NO_KEY, NEW, init, 1, { TDXM_MNG_CREATE } },
	{ TDXM_NO_KEY, NEW, init, 1, { TDXM_MNG_KEY_CONFIG } },
	{ TDXM_CONTROL_PAGES, NEW, init, 1, { TDXM_MNG_ADDCX } },
	{ TDXM_CONTROL_PAGES, INITIALIZED, add_vcpu, 1, { TDXM_VP_ADDCX } },
	{ TDXM_RECLAIMED_HOST, INITIALIZED, add_vcpu, 1, { TDXM_VP_ADDCX } },
	{ TDXM_NOT_INITIALIZED, INITIALIZED, add_vcpu, 1, { TDXM_VP_CREATE } },
	{ TDXM_NO_TABLE, LAUNCHING, launch, 1, { TDXM_MEM_SEPT_ADD } },
	{ TDXM_EXTENDED_HOLE, LAUNCHING, launch, 1, { TDXM_MEM_PAGE_ADD } },
	{ TDXM_NOT_FINALIZED, LAUNCHED, finalize_and_run, 1, { TDXM_MR_FINALIZE } },
	{ TDXM_NOT_FINALIZED, LAUNCHED, finalize_and_prefault, 1, { TDXM_MR_FINALIZE } },
	{ TDXM_BLOCKED_HOLE, MAPPED, prefault_and_punch, 1, { TDXM_MEM_PAGE_AUG } },
	{ TDXM_REMOVED_HOLE, MAPPED, prefault_and_punch, 2,
	  { TDXM_MEM_PAGE_AUG, TDXM_MEM_RANGE_BLOCK } },
	{ TDXM_REMOVED_UNBLOCKED, MAPPED, punch, 1, { TDXM_MEM_RANGE_BLOCK } },
	{ TDXM_REMOVED_UNTRACKED, MAPPED, punch, 1, { TDXM_MEM_TRACK } },
	{ TDXM_WRITTEN_BACK_ASSIGNED, MAPPED, punch, 1, { TDXM_MEM_PAGE_REMOVE } },
	{ TDXM_GIVEN_UNWRITTEN, MAPPED, punch, 1, { TDXM_PHYMEM_PAGE_WBINVD } },
	{ TDXM_RESET_ASSIGNED, MAPPED, punch, 2,
	  { TDXM_MEM_PAGE_REMOVE, TDXM_PHYMEM_PAGE_WBINVD } },
	{ TDXM_KEY_MAPPED, MAPPED, punch, 2,
	  { TDXM_MEM_PAGE_REMOVE, TDXM_PHYMEM_PAGE_WBINVD } },
	{ TDXM_OCCUPIED, MAPPED, punch_and_prefault, 2,
	  { TDXM_MEM_PAGE_REMOVE, TDXM_PHYMEM_PAGE_WBINVD } },
	{ TDXM_GIVEN_TWICE, MAPPED, punch_and_prefault_next, 2,
	  { TDXM_MEM_PAGE_REMOVE, TDXM_PHYMEM_PAGE_WBINVD } },
	{ TDXM_BLOCKED_TWICE, MAPPED, punch_prefault_punch, 3,
	  { TDXM_MEM_PAGE_REMOVE, TDXM_PHYMEM_PAGE_WBINVD, TDXM_MEM_PAGE_AUG } },
	{ TDXM_HOST_WROTE, MAPPED, host_writes, 0, { 0 } },
	{ TDXM_NOT_FLUSHED, MAPPED, end, 1, { TDXM_VP_FLUSH } },
	{ TDXM_KEY_UNWRITTEN, MAPPED, end, 1, { TDXM_MNG_VPFLUSHDONE } },
	{ TDXM_KEY_UNWRITTEN, MAPPED, end, 1, { TDXM_PHYMEM_CACHE_WB } },
	{ TDXM_RECLAIMED_EARLY, MAPPED, end, 1, { TDXM_MNG_KEY_FREEID } },
	{ TDXM_ROOT_EARLY, MAPPED, end, 1, { TDXM_PHYMEM_PAGE_RECLAIM } },
};

static struct guest_td *reach(enum stage stage)
{
	struct guest_td *td = guest_td_new();

	if (stage >= INITIALIZED)
		expect_ok(guest_td_try_init(td), "KVM_TDX_INIT_VM");
	if (stage >= LAUNCHING) {
		expect_ok(guest_td_try_vcpu(td), "KVM_TDX_INIT_VCPU");
		guest_td_add_slot(td);
	}
	if (stage >= LAUNCHED)
		expect_ok(guest_td_try_add(td, TD_LAUNCHED_GPA, page, 1, false), "a page");
	if (stage >= MAPPED) {
		expect_ok(guest_td_try_finalize(td), "KVM_TDX_FINALIZE_VM");
		expect_ok(guest_td_prefault(td, TD_FREE_GPA, PAGE), "KVM_PRE_FAULT_MEMORY");
		/* A processor has it now. */
		guest_td_play(td);
	}
	return td;
}

static void omit(const struct omission *omission)
{
	unsigned int i;

	for (i = 0; i < omission->nr_omitted; i++)
		model_refuse(omission->omitted[i], TDXM_OMITTED, 0, 1);
}

/* All that was broken before has been lost with model_forget(). */
static void run(const struct omission *omission)
{
	struct guest_td *td;

	model_forget();
	td = reach(omission->stage);
	/* KVM goes on as it can: its first mistake leads to others. */
	model_arm(~0ULL);
	omit(omission);
	omission->act(td);
	guest_td_stop(td);
	if (!model_counts().provoked[omission->broken])
		fail_msg("row %zu: rule %d of rules.h wasn't broken", omission - omissions,
			 omission->broken);
}

TEST(each_breaks_its_rule)
{
	for (size_t i = 0; i < ARRAY_SIZE(omissions); i++)
		run(&omissions[i]);
	model_forget();
}

/* KVM gives the next TD the key that it believes to be free. */
TEST(a_key_that_was_not_freed)
{
	struct guest_td *td = reach(MAPPED);

	model_arm(~0ULL);
	model_refuse(TDXM_MNG_KEY_FREEID, TDXM_OMITTED, 0, 1);
	guest_td_stop(td);
	td = reach(NEW);
	model_arm(~0ULL);
	expect_error(EIO, guest_td_try_init(td), "KVM_TDX_INIT_VM");
	assert_true(model_counts().provoked[TDXM_KEY_TAKEN]);
	guest_td_stop(td);
	model_forget();
}

/* Without an omission nothing is broken, so the omissions are the reason elsewhere. */
TEST(none_breaks_none)
{
	struct tdx_model_counts counts;
	int rule;

	model_forget();
	guest_td_stop(reach(MAPPED));
	counts = model_counts();
	for (rule = 0; rule < TDXM_NR_RULES; rule++)
		assert_int_equal(counts.broken[rule] + counts.provoked[rule], 0);
	assert_int_equal(counts.given, 0);
}

/* tests/tdx/run looks whether the machine's log says so. */
TEST(a_rule_is_broken_unawares)
{
	struct guest_td *td = reach(MAPPED);

	host_writes(td);
	guest_td_stop(td);
	assert_int_equal(model_counts().broken[TDXM_HOST_WROTE], 1);
	model_forget();
}

TEST_MAIN("tdx/omissions")
