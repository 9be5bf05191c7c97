// SPDX-License-Identifier: GPL-2.0-only
/* A TD's life as KVM leads it breaks no rule, and after it the host has all frames again. */
#include "td_machine.h"
#include "unit.h"

static void fill(struct tdxm *m, u64 pfn, unsigned long nr)
{
	memset(tdxm_address(m, pfn), 0x5a, nr * TDXM_PAGE_SIZE);
}

/* Whether less than one byte in 64 is as it was: noise hits one in 256. */
static bool is_noise(struct tdxm *m, u64 pfn, unsigned long nr)
{
	const u8 *memory = tdxm_address(m, pfn);
	unsigned long i, same = 0;

	for (i = 0; i < nr * TDXM_PAGE_SIZE; i++)
		same += memory[i] == 0x5a || memory[i] == 0;
	return same < nr * TDXM_PAGE_SIZE / 64;
}

TEST(ends_before_it_is_initialized, &td_machine)
{
	struct tdxm *m = *state;

	td_reach(m, CONTROLLED);
	td_end(m);
	td_expect_kept(m);
	td_expect_all_host(m);
}

TEST(ends_during_the_launch, &td_machine)
{
	struct tdxm *m = *state;

	td_reach(m, LAUNCHING);
	/* No epoch has begun: KVM doesn't before the launch has ended. */
	td_do(tdxm_mem_range_block(m, TDR, LAUNCHED_GPA, 1));
	td_do(tdxm_mem_page_remove(m, TDR, LAUNCHED_GPA, 1));
	td_do(tdxm_phymem_page_wbinvd(m, LAUNCHED));
	td_end(m);
	td_expect_kept(m);
	td_expect_all_host(m);
}

static void whole_life(struct tdxm *m)
{
	td_reach(m, MAPPED);
	td_do(tdxm_vp_enter(m, TDVPR, CPU));
	tdxm_vp_leave(m, TDVPR);
	td_unmap(m, GPA, 1, SPARE);
	td_do(tdxm_mem_page_aug(m, TDR, GPA, 1, SPARE));
	td_unmap(m, GPA, 1, SPARE);
	td_do(tdxm_mem_page_aug(m, TDR, HUGE_GPA, 2, HUGE_SPARE));
	td_unmap(m, HUGE_GPA, 2, HUGE_SPARE);
	td_unmap(m, LAUNCHED_GPA, 1, LAUNCHED);
	td_end(m);
}

TEST(ends_after_a_whole_life, &td_machine)
{
	whole_life(*state);
	td_expect_kept(*state);
	td_expect_all_host(*state);
}

/* A command that is refused changes nothing: it works when it is called again. */
TEST(busy_at_each_call_of_each_command, &td_machine)
{
	unsigned long calls[TDXM_NR_COMMANDS], call;
	int command;

	whole_life(*state);
	memcpy(calls, ((struct tdxm *)*state)->calls, sizeof(calls));
	for (command = 0; command < TDXM_NR_COMMANDS; command++) {
		/* No part of this life */
		if (command == TDXM_MEM_PAGE_DEMOTE)
			continue;
		assert_true(calls[command]);
		for (call = 0; call < calls[command] && call < 8; call++) {
			struct tdxm *m = NULL;

			td_machine.setup((void **)&m);
			tdxm_refuse(m, command, TDXM_OPERAND_BUSY, call, 2);
			whole_life(m);
			assert_int_equal(m->calls[command], calls[command] + 2);
			td_expect_kept(m);
			td_expect_all_host(m);
			td_machine.teardown((void **)&m);
		}
	}
}

TEST(fails_as_it_is_told_to, &td_machine)
{
	struct tdxm *m = *state;

	td_reach(m, MAPPED);
	tdxm_refuse(m, TDXM_MEM_PAGE_REMOVE, TDXM_EPT_WALK_FAILED, 0, 1);
	td_do(tdxm_mem_range_block(m, TDR, GPA, 1));
	td_do(tdxm_mem_track(m, TDR));
	assert_int_equal(tdxm_mem_page_remove(m, TDR, GPA, 1), TDXM_EPT_WALK_FAILED);
	/* The page is still the module's: its next user is caught. */
	td_expect_kept(m);
	tdxm_reset(m, SPARE);
	td_expect_broken(m, TDXM_RESET_ASSIGNED);
}

TEST(content_does_not_survive, &td_machine)
{
	struct tdxm *m = *state;

	td_reach(m, RUNNABLE);
	fill(m, SPARE, 1);
	td_do(tdxm_mem_page_aug(m, TDR, GPA, 1, SPARE));
	assert_true(is_noise(m, SPARE, 1));
	td_do(tdxm_mem_range_block(m, TDR, GPA, 1));
	td_do(tdxm_mem_track(m, TDR));
	td_do(tdxm_mem_page_remove(m, TDR, GPA, 1));
	assert_true(is_noise(m, SPARE, 1));

	fill(m, HUGE_SPARE, TDXM_FRAMES(2));
	td_do(tdxm_mem_page_aug(m, TDR, HUGE_GPA, 2, HUGE_SPARE));
	assert_true(is_noise(m, HUGE_SPARE, TDXM_FRAMES(2)));
	assert_true(is_noise(m, HUGE_SPARE + TDXM_FRAMES(2) - 1, 1));
	td_expect_kept(m);
}

TEST(two_with_one_key_differ, &td_machine)
{
	u8 first[TDXM_PAGE_SIZE];
	struct tdxm *m = *state;

	td_reach(m, MAPPED);
	memcpy(first, tdxm_address(m, SPARE), sizeof(first));
	td_unmap(m, GPA, 1, SPARE);
	td_unmap(m, LAUNCHED_GPA, 1, LAUNCHED);
	td_end(m);
	td_reach(m, MAPPED);
	assert_memory_not_equal(tdxm_address(m, SPARE), first, sizeof(first));
	td_expect_kept(m);
}

TEST(a_huge_page_comes_apart, &td_machine)
{
	unsigned long i, nr = TDXM_FRAMES(2);
	struct tdxm *m = *state;

	td_reach(m, RUNNABLE);
	td_do(tdxm_mem_page_aug(m, TDR, HUGE_GPA, 2, HUGE_SPARE));
	td_do(tdxm_mem_range_block(m, TDR, HUGE_GPA, 2));
	td_do(tdxm_mem_track(m, TDR));
	td_do(tdxm_mem_page_demote(m, TDR, HUGE_GPA, 2, SPARE));
	/* A page whose removal fails is reclaimed by itself once the key is gone. */
	assert_int_equal(m->frames[HUGE_SPARE + nr - 1].level, 1);
	for (i = 0; i < nr; i++)
		td_unmap(m, HUGE_GPA + i * TDXM_PAGE_SIZE, 1, HUGE_SPARE + i);
	td_unmap(m, LAUNCHED_GPA, 1, LAUNCHED);
	td_end(m);
	td_expect_kept(m);
	td_expect_all_host(m);
}

TEST(a_huge_page_in_use_stays_one, &td_machine)
{
	struct tdxm *m = *state;

	td_reach(m, RUNNABLE);
	td_do(tdxm_mem_page_aug(m, TDR, HUGE_GPA, 2, HUGE_SPARE));
	assert_int_equal(tdxm_mem_page_demote(m, TDR, HUGE_GPA, 2, SPARE), TDXM_EPT_ENTRY_STATE);
	td_expect_broken(m, TDXM_REMOVED_UNBLOCKED);
	td_unmap(m, HUGE_GPA, 2, HUGE_SPARE);
}

/* A vCPU that enters in a later epoch has nothing from those before. */
TEST(epochs_go_on, &td_machine)
{
	struct tdxm *m = *state;
	int i;

	td_reach(m, MAPPED);
	for (i = 0; i < 3; i++) {
		td_do(tdxm_vp_enter(m, TDVPR, CPU));
		td_do(tdxm_mem_track(m, TDR));
		tdxm_vp_leave(m, TDVPR);
	}
	td_do(tdxm_mem_range_block(m, TDR, GPA, 1));
	td_do(tdxm_mem_track(m, TDR));
	td_do(tdxm_vp_enter(m, TDVPR, CPU));
	td_do(tdxm_mem_page_remove(m, TDR, GPA, 1));
	td_expect_kept(m);
}

/* KVM can't do that. The module can: a page that KVM has lost can be had again. */
TEST(pages_are_reclaimed_without_a_key, &td_machine)
{
	struct tdxm *m = *state;

	td_reach(m, RUNNABLE);
	td_do(tdxm_mem_page_aug(m, TDR, HUGE_GPA, 2, HUGE_SPARE));
	td_do(tdxm_mem_range_block(m, TDR, HUGE_GPA, 2));
	td_do(tdxm_mem_track(m, TDR));
	td_do(tdxm_mem_page_demote(m, TDR, HUGE_GPA, 2, SPARE));
	td_do(tdxm_mem_page_aug(m, TDR, HUGE_GPA + GPA_SIZE_2M, 2, HUGE_SPARE + TDXM_FRAMES(2)));
	td_end(m);
	td_expect_broken(m, TDXM_KEY_MAPPED);
	td_expect_all_host(m);
}

TEST_MAIN("tdx/life")
