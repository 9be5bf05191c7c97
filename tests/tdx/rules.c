// SPDX-License-Identifier: GPL-2.0-only
/*
 * Each rule of the model is broken once on purpose, and no other is with it. A rule without a
 * breaker in the table fails the program.
 */
#include "td_machine.h"
#include "unit.h"

/* Brings a command to an end with @wanted. */
#define refused(wanted, call) assert_int_equal(call, wanted)

static void outside(struct tdxm *m)
{
	refused(TDXM_OPERAND_INVALID, tdxm_mem_page_aug(m, TDR, GPA, 1, NR_FRAMES));
}

static void given_twice(struct tdxm *m)
{
	refused(TDXM_PAGE_METADATA, tdxm_mem_page_aug(m, TDR, GPA, 1, LAUNCHED));
}

static void given_unwritten(struct tdxm *m)
{
	td_do(tdxm_mem_range_block(m, TDR, GPA, 1));
	td_do(tdxm_mem_track(m, TDR));
	td_do(tdxm_mem_page_remove(m, TDR, GPA, 1));
	refused(TDXM_PAGE_METADATA, tdxm_mem_page_aug(m, TDR, GPA, 1, SPARE));
}

static void host_wrote(struct tdxm *m)
{
	u8 *memory = tdxm_address(m, SPARE);

	memory[TDXM_PAGE_SIZE - 1] ^= 1;
	td_unmap(m, GPA, 1, SPARE);
}

static void reset_assigned(struct tdxm *m)
{
	tdxm_reset(m, SPARE);
}

static void written_back_assigned(struct tdxm *m)
{
	refused(TDXM_PAGE_METADATA, tdxm_phymem_page_wbinvd(m, SPARE));
}

static void key_taken(struct tdxm *m)
{
	refused(TDXM_KEY_STATE, tdxm_mng_create(m, SPARE, KEY));
}

static void key_configured_twice(struct tdxm *m)
{
	refused(TDXM_KEY_STATE, tdxm_mng_key_config(m, TDR));
}

static void no_key(struct tdxm *m)
{
	td_do(tdxm_mng_create(m, TDR, KEY));
	refused(TDXM_KEY_STATE, tdxm_mng_addcx(m, TDR, TDCX));
}

static void control_pages(struct tdxm *m)
{
	refused(TDXM_OPERAND_INVALID, tdxm_mng_addcx(m, TDR, SPARE));
}

static void not_initialized(struct tdxm *m)
{
	refused(TDXM_OPERAND_INVALID, tdxm_vp_create(m, TDR, TDVPR));
}

static void initialized_twice(struct tdxm *m)
{
	refused(TDXM_OPERAND_INVALID, tdxm_mng_init(m, TDR));
}

static void finalized(struct tdxm *m)
{
	refused(TDXM_OPERAND_INVALID, tdxm_mem_page_add(m, TDR, GPA, SPARE, SPARE + 1));
}

static void not_finalized(struct tdxm *m)
{
	refused(TDXM_OPERAND_INVALID, tdxm_mem_page_aug(m, TDR, GPA, 1, SPARE));
}

static void address(struct tdxm *m)
{
	refused(TDXM_OPERAND_INVALID, tdxm_mem_page_aug(m, TDR, GPA + 8, 1, SPARE));
}

static void level(struct tdxm *m)
{
	refused(TDXM_OPERAND_INVALID, tdxm_mem_page_aug(m, TDR, 0, 3, 0));
}

static void no_table(struct tdxm *m)
{
	refused(TDXM_EPT_WALK_FAILED, tdxm_mem_page_aug(m, TDR, HUGE_GPA, 1, SPARE));
}

static void occupied(struct tdxm *m)
{
	refused(TDXM_EPT_ENTRY_STATE, tdxm_mem_page_aug(m, TDR, GPA, 1, SPARE + 1));
}

static void source(struct tdxm *m)
{
	refused(TDXM_OPERAND_INVALID, tdxm_mem_page_add(m, TDR, GPA, SPARE, LAUNCHED));
}

static void extended_hole(struct tdxm *m)
{
	refused(TDXM_EPT_ENTRY_STATE, tdxm_mr_extend(m, TDR, GPA));
}

static void blocked_hole(struct tdxm *m)
{
	refused(TDXM_EPT_ENTRY_STATE, tdxm_mem_range_block(m, TDR, GPA, 1));
}

static void blocked_twice(struct tdxm *m)
{
	td_do(tdxm_mem_range_block(m, TDR, GPA, 1));
	refused(TDXM_EPT_ENTRY_STATE, tdxm_mem_range_block(m, TDR, GPA, 1));
}

/* A base page is no part of a huge one, even if it is blocked. */
static void removed_hole(struct tdxm *m)
{
	td_do(tdxm_mem_page_aug(m, TDR, HUGE_GPA, 2, HUGE_SPARE));
	td_do(tdxm_mem_range_block(m, TDR, HUGE_GPA, 2));
	td_do(tdxm_mem_track(m, TDR));
	refused(TDXM_EPT_ENTRY_STATE, tdxm_mem_page_remove(m, TDR, HUGE_GPA, 1));
}

static void removed_unblocked(struct tdxm *m)
{
	td_do(tdxm_mem_track(m, TDR));
	refused(TDXM_EPT_ENTRY_STATE, tdxm_mem_page_remove(m, TDR, GPA, 1));
}

/* A new epoch isn't enough as long as a vCPU runs in the old one. */
static void removed_untracked(struct tdxm *m)
{
	td_do(tdxm_vp_enter(m, TDVPR, CPU));
	td_do(tdxm_mem_range_block(m, TDR, GPA, 1));
	td_do(tdxm_mem_track(m, TDR));
	refused(TDXM_EPT_ENTRY_STATE, tdxm_mem_page_remove(m, TDR, GPA, 1));
	tdxm_vp_leave(m, TDVPR);
	td_do(tdxm_mem_page_remove(m, TDR, GPA, 1));
}

static void tracked_early(struct tdxm *m)
{
	td_do(tdxm_vp_enter(m, TDVPR, CPU));
	td_do(tdxm_mem_track(m, TDR));
	refused(TDXM_EPOCH_BUSY, tdxm_mem_track(m, TDR));
	tdxm_vp_leave(m, TDVPR);
	td_do(tdxm_mem_track(m, TDR));
}

static void elsewhere(struct tdxm *m)
{
	td_do(tdxm_vp_enter(m, TDVPR, CPU));
	tdxm_vp_leave(m, TDVPR);
	refused(TDXM_OPERAND_BUSY, tdxm_vp_enter(m, TDVPR, CPU + 1));
	td_do(tdxm_vp_flush(m, TDVPR, CPU));
	td_do(tdxm_vp_enter(m, TDVPR, CPU + 1));
}

static void not_flushed(struct tdxm *m)
{
	td_do(tdxm_vp_enter(m, TDVPR, CPU));
	tdxm_vp_leave(m, TDVPR);
	refused(TDXM_FLUSH_NOT_DONE, tdxm_mng_vpflushdone(m, TDR));
}

static void key_unwritten(struct tdxm *m)
{
	td_do(tdxm_mng_vpflushdone(m, TDR));
	refused(TDXM_KEY_STATE, tdxm_mng_key_freeid(m, TDR));
}

static void key_mapped(struct tdxm *m)
{
	td_do(tdxm_mng_vpflushdone(m, TDR));
	td_do(tdxm_phymem_cache_wb(m));
	td_do(tdxm_mng_key_freeid(m, TDR));
}

static void reclaimed_early(struct tdxm *m)
{
	refused(TDXM_PAGE_METADATA, tdxm_phymem_page_reclaim(m, TDCX));
}

static void reclaimed_host(struct tdxm *m)
{
	refused(TDXM_PAGE_METADATA, tdxm_phymem_page_reclaim(m, SPARE));
}

static void root_early(struct tdxm *m)
{
	key_mapped(m);
	refused(TDXM_PAGE_METADATA, tdxm_phymem_page_reclaim(m, TDR));
}

static void few_control_pages_of_a_vcpu(struct tdxm *m)
{
	td_do(tdxm_vp_create(m, TDR, TDVPR));
	refused(TDXM_OPERAND_INVALID, tdxm_vp_init(m, TDVPR));
}

static void vcpu_not_initialized(struct tdxm *m)
{
	td_do(tdxm_vp_create(m, TDR, SPARE));
	refused(TDXM_NON_RECOVERABLE_VCPU, tdxm_vp_enter(m, SPARE, CPU));
}

static void vcpu_initialized_twice(struct tdxm *m)
{
	refused(TDXM_OPERAND_INVALID, tdxm_vp_init(m, TDVPR));
}

static void measured_late(struct tdxm *m)
{
	refused(TDXM_OPERAND_INVALID, tdxm_mr_extend(m, TDR, LAUNCHED_GPA));
}

static void run_early(struct tdxm *m)
{
	refused(TDXM_NON_RECOVERABLE_VCPU, tdxm_vp_enter(m, TDVPR, CPU));
}

static void shared_address(struct tdxm *m)
{
	refused(TDXM_OPERAND_INVALID,
		tdxm_mem_page_aug(m, TDR, 1ULL << TDXM_SHARED_BIT | GPA, 1, SPARE));
}

static void misaligned_frame(struct tdxm *m)
{
	refused(TDXM_OPERAND_INVALID, tdxm_mem_page_aug(m, TDR, HUGE_GPA, 2, HUGE_SPARE + 1));
}

/* Even if no vCPU has ever run */
static void removed_in_the_same_epoch(struct tdxm *m)
{
	td_do(tdxm_mem_track(m, TDR));
	td_do(tdxm_mem_range_block(m, TDR, GPA, 1));
	refused(TDXM_EPT_ENTRY_STATE, tdxm_mem_page_remove(m, TDR, GPA, 1));
}

static void flushed_while_it_runs(struct tdxm *m)
{
	td_do(tdxm_vp_enter(m, TDVPR, CPU));
	refused(TDXM_OPERAND_BUSY, tdxm_vp_flush(m, TDVPR, CPU));
}

static void used_after_the_flush(struct tdxm *m)
{
	td_do(tdxm_mng_vpflushdone(m, TDR));
	refused(TDXM_OPERAND_INVALID, tdxm_mem_range_block(m, TDR, GPA, 1));
}

/* A huge page is reclaimed as one. */
static void reclaimed_part(struct tdxm *m)
{
	td_reach(m, RUNNABLE);
	td_do(tdxm_mem_page_aug(m, TDR, HUGE_GPA, 2, HUGE_SPARE));
	key_mapped(m);
	m->broken[TDXM_KEY_MAPPED]--;
	refused(TDXM_PAGE_METADATA, tdxm_phymem_page_reclaim(m, HUGE_SPARE + 1));
}

static const struct breaker {
	enum tdxm_rule rule;
	enum td_stage stage;
	void (*breaks)(struct tdxm *m);
} breakers[] = {
	{ TDXM_OUTSIDE, RUNNABLE, outside },
	{ TDXM_GIVEN_TWICE, RUNNABLE, given_twice },
	{ TDXM_GIVEN_UNWRITTEN, MAPPED, given_unwritten },
	{ TDXM_HOST_WROTE, MAPPED, host_wrote },
	{ TDXM_RESET_ASSIGNED, MAPPED, reset_assigned },
	{ TDXM_WRITTEN_BACK_ASSIGNED, MAPPED, written_back_assigned },
	{ TDXM_KEY_TAKEN, INITIALIZED, key_taken },
	{ TDXM_KEY_CONFIGURED_TWICE, CONTROLLED, key_configured_twice },
	{ TDXM_NO_KEY, NO_TD, no_key },
	{ TDXM_NO_KEY, MAPPED, used_after_the_flush },
	{ TDXM_CONTROL_PAGES, CONTROLLED, control_pages },
	{ TDXM_CONTROL_PAGES, INITIALIZED, few_control_pages_of_a_vcpu },
	{ TDXM_NOT_INITIALIZED, CONTROLLED, not_initialized },
	{ TDXM_NOT_INITIALIZED, RUNNABLE, vcpu_not_initialized },
	{ TDXM_INITIALIZED_TWICE, INITIALIZED, initialized_twice },
	{ TDXM_INITIALIZED_TWICE, RUNNABLE, vcpu_initialized_twice },
	{ TDXM_FINALIZED, RUNNABLE, finalized },
	{ TDXM_FINALIZED, RUNNABLE, measured_late },
	{ TDXM_NOT_FINALIZED, LAUNCHING, not_finalized },
	{ TDXM_NOT_FINALIZED, LAUNCHING, run_early },
	{ TDXM_ADDRESS, RUNNABLE, address },
	{ TDXM_ADDRESS, RUNNABLE, shared_address },
	{ TDXM_LEVEL, RUNNABLE, level },
	{ TDXM_LEVEL, RUNNABLE, misaligned_frame },
	{ TDXM_NO_TABLE, RUNNABLE, no_table },
	{ TDXM_OCCUPIED, MAPPED, occupied },
	{ TDXM_SOURCE, LAUNCHING, source },
	{ TDXM_EXTENDED_HOLE, LAUNCHING, extended_hole },
	{ TDXM_BLOCKED_HOLE, RUNNABLE, blocked_hole },
	{ TDXM_BLOCKED_TWICE, MAPPED, blocked_twice },
	{ TDXM_REMOVED_HOLE, RUNNABLE, removed_hole },
	{ TDXM_REMOVED_UNBLOCKED, MAPPED, removed_unblocked },
	{ TDXM_REMOVED_UNTRACKED, MAPPED, removed_untracked },
	{ TDXM_REMOVED_UNTRACKED, MAPPED, removed_in_the_same_epoch },
	{ TDXM_TRACKED_EARLY, RUNNABLE, tracked_early },
	{ TDXM_ELSEWHERE, RUNNABLE, elsewhere },
	{ TDXM_ELSEWHERE, RUNNABLE, flushed_while_it_runs },
	{ TDXM_NOT_FLUSHED, RUNNABLE, not_flushed },
	{ TDXM_KEY_UNWRITTEN, INITIALIZED, key_unwritten },
	{ TDXM_KEY_MAPPED, MAPPED, key_mapped },
	{ TDXM_RECLAIMED_EARLY, MAPPED, reclaimed_early },
	{ TDXM_RECLAIMED_HOST, RUNNABLE, reclaimed_host },
	{ TDXM_RECLAIMED_HOST, NO_TD, reclaimed_part },
	{ TDXM_ROOT_EARLY, INITIALIZED, root_early },
};

static void run(const struct breaker *breaker)
{
	void *machine = NULL;

	td_machine.setup(&machine);
	td_reach(machine, breaker->stage);
	td_expect_kept(machine);
	breaker->breaks(machine);
	td_expect_broken(machine, breaker->rule);
	td_machine.teardown(&machine);
}

TEST(each_is_broken_alone)
{
	bool broken[TDXM_NR_RULES] = { false };
	int rule;

	for (size_t i = 0; i < ARRAY_SIZE(breakers); i++) {
		run(&breakers[i]);
		broken[breakers[i].rule] = true;
	}
	for (rule = 0; rule < TDXM_NR_RULES; rule++)
		if (!broken[rule])
			fail_msg("\"%s\" has no breaker", tdxm_rule_text(rule));
}

TEST(broken_on_purpose, &td_machine)
{
	struct tdxm *m = *state;

	td_reach(m, MAPPED);
	m->armed = 1ULL << TDXM_RESET_ASSIGNED;
	reset_assigned(m);
	td_expect_kept(m);
	assert_int_equal(m->provoked[TDXM_RESET_ASSIGNED], 1);
	written_back_assigned(m);
	td_expect_broken(m, TDXM_WRITTEN_BACK_ASSIGNED);
}

TEST_MAIN("tdx/rules")
