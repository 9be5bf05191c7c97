// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>

#include "td_machine.h"
#include "unit.h"

static int setup(void **state)
{
	struct td_machine *machine = calloc(1, sizeof(*machine));

	assert_non_null(machine);
	machine->memory = aligned_alloc(TDXM_PAGE_SIZE, NR_FRAMES * TDXM_PAGE_SIZE);
	assert_non_null(machine->memory);
	memset(machine->memory, 0, NR_FRAMES * TDXM_PAGE_SIZE);
	assert_int_equal(tdxm_init(&machine->m, NR_FRAMES), 0);
	*state = &machine->m;
	return 0;
}

static int teardown(void **state)
{
	struct td_machine *machine = container_of_model(*state);

	tdxm_exit(&machine->m);
	free(machine->memory);
	free(machine);
	return 0;
}

const struct fixture td_machine = { .setup = setup, .teardown = teardown };

static void create(struct tdxm *m)
{
	int i;

	td_do(tdxm_mng_create(m, TDR, KEY));
	td_do(tdxm_mng_key_config(m, TDR));
	for (i = 0; i < TDXM_TDCS_PAGES; i++)
		td_do(tdxm_mng_addcx(m, TDR, TDCX + i));
}

static void add_vp(struct tdxm *m)
{
	int i;

	td_do(tdxm_vp_create(m, TDR, TDVPR));
	for (i = 0; i < TDXM_TDVPS_PAGES; i++)
		td_do(tdxm_vp_addcx(m, TDVPR, TDVPX + i));
	td_do(tdxm_vp_init(m, TDVPR));
}

static void add_page(struct tdxm *m)
{
	int level;

	for (level = TDXM_SEPT_TOP; level > 1; level--)
		td_do(tdxm_mem_sept_add(m, TDR, LAUNCHED_GPA, level, TABLES + level));
	td_do(tdxm_mem_page_add(m, TDR, LAUNCHED_GPA, LAUNCHED, SPARE));
	td_do(tdxm_mr_extend(m, TDR, LAUNCHED_GPA));
}

void td_reach(struct tdxm *m, enum td_stage stage)
{
	if (stage >= CONTROLLED)
		create(m);
	if (stage >= INITIALIZED)
		td_do(tdxm_mng_init(m, TDR));
	if (stage >= LAUNCHING) {
		add_vp(m);
		add_page(m);
	}
	if (stage >= RUNNABLE)
		td_do(tdxm_mr_finalize(m, TDR));
	if (stage >= MAPPED)
		td_do(tdxm_mem_page_aug(m, TDR, GPA, 1, SPARE));
}

void td_unmap(struct tdxm *m, u64 gpa, int level, u64 pfn)
{
	unsigned long i;

	td_do(tdxm_mem_range_block(m, TDR, gpa, level));
	td_do(tdxm_mem_track(m, TDR));
	td_do(tdxm_mem_page_remove(m, TDR, gpa, level));
	for (i = 0; i < TDXM_FRAMES(level); i++) {
		td_do(tdxm_phymem_page_wbinvd(m, pfn + i));
		tdxm_reset(m, pfn + i);
	}
}

static void flush(struct tdxm *m)
{
	u64 status;

	if (m->frames[TDVPR].type != TDXM_TDVPR)
		return;
	do
		status = tdxm_vp_flush(m, TDVPR, CPU);
	while (status == TDXM_OPERAND_BUSY);
	assert_true(!status || status == TDXM_VCPU_NOT_ASSOCIATED);
}

static void free_key(struct tdxm *m)
{
	flush(m);
	td_do(tdxm_mng_vpflushdone(m, TDR));
	td_do(tdxm_phymem_cache_wb(m));
	td_do(tdxm_mng_key_freeid(m, TDR));
}

void td_end(struct tdxm *m)
{
	u64 pfn;

	free_key(m);
	for (pfn = 0; pfn < NR_FRAMES; pfn++)
		if (pfn != TDR && m->frames[pfn].type != TDXM_HOST)
			td_do(tdxm_phymem_page_reclaim(m, pfn));
	td_do(tdxm_phymem_page_reclaim(m, TDR));
	td_do(tdxm_phymem_page_wbinvd(m, TDR));
}

static void expect_broken(struct tdxm *m, int expected)
{
	int rule;

	for (rule = 0; rule < TDXM_NR_RULES; rule++) {
		unsigned long wanted = rule == expected;

		if (m->broken[rule] != wanted)
			fail_msg("\"%s\": broken %lu times, not %lu", tdxm_rule_text(rule),
				 m->broken[rule], wanted);
	}
}

void td_expect_broken(struct tdxm *m, enum tdxm_rule expected)
{
	expect_broken(m, expected);
}

void td_expect_kept(struct tdxm *m)
{
	expect_broken(m, -1);
}

void td_expect_all_host(struct tdxm *m)
{
	u64 pfn;

	for (pfn = 0; pfn < NR_FRAMES; pfn++) {
		assert_int_equal(m->frames[pfn].type, TDXM_HOST);
		assert_false(m->frames[pfn].unwritten);
	}
}
