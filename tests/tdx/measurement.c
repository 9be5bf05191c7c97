// SPDX-License-Identifier: GPL-2.0-only
/* MRTD is the digest of the pages that were added. */
#include "mrtd.h"
#include "td_machine.h"
#include "unit.h"

#define PAGES 3

static void expect_mrtd(struct tdxm *m, struct mrtd *mrtd)
{
	mrtd_expect(mrtd, tdxm_td(m, TDR)->mrtd);
}

/* LAUNCHING has added a page and measured a part of it already. */
static void begin_launched(struct mrtd *mrtd)
{
	static const unsigned char zeros[TDXM_EXTEND_SIZE] = "";

	mrtd_begin(mrtd);
	mrtd_add_page(mrtd, LAUNCHED_GPA);
	mrtd_extend(mrtd, LAUNCHED_GPA, zeros);
}

static void fill(struct tdxm *m, u64 pfn, int seed)
{
	unsigned char *memory = tdxm_address(m, pfn);
	unsigned int i;

	for (i = 0; i < TDXM_PAGE_SIZE; i++)
		memory[i] = i * 7 + i / TDXM_EXTEND_SIZE + seed;
}

/* Adds a page and measures the whole of it. In place if @source is @pfn */
static void add_and_measure(struct tdxm *m, struct mrtd *mrtd, u64 gpa, u64 pfn, u64 source)
{
	unsigned char content[TDXM_PAGE_SIZE];
	unsigned int at;

	memcpy(content, tdxm_address(m, source), sizeof(content));
	td_do(tdxm_mem_page_add(m, TDR, gpa, pfn, source));
	for (at = 0; at < sizeof(content); at += TDXM_EXTEND_SIZE)
		td_do(tdxm_mr_extend(m, TDR, gpa + at));
	mrtd_measure_page(mrtd, gpa, content);
}

TEST(pages_with_content, &td_machine)
{
	struct tdxm *m = *state;
	struct mrtd mrtd;
	int i;

	td_reach(m, LAUNCHING);
	begin_launched(&mrtd);
	for (i = 0; i < 2; i++) {
		fill(m, SPARE + 8, i);
		add_and_measure(m, &mrtd, GPA + i * TDXM_PAGE_SIZE, SPARE + i, SPARE + 8);
	}
	td_do(tdxm_mr_finalize(m, TDR));
	expect_mrtd(m, &mrtd);
	td_expect_kept(m);
}

TEST(in_place, &td_machine)
{
	struct tdxm *m = *state;
	struct mrtd mrtd;

	td_reach(m, LAUNCHING);
	begin_launched(&mrtd);
	fill(m, SPARE, 3);
	add_and_measure(m, &mrtd, GPA, SPARE, SPARE);
	td_do(tdxm_mr_finalize(m, TDR));
	expect_mrtd(m, &mrtd);
	td_expect_kept(m);
}

/* Only the addresses of such pages count. */
TEST(without_content, &td_machine)
{
	struct tdxm *m = *state;
	struct mrtd mrtd;
	int i;

	td_reach(m, LAUNCHING);
	begin_launched(&mrtd);
	for (i = 0; i < PAGES; i++) {
		fill(m, SPARE + 8, i);
		td_do(tdxm_mem_page_add(m, TDR, GPA + i * TDXM_PAGE_SIZE, SPARE + i, SPARE + 8));
		mrtd_add_page(&mrtd, GPA + i * TDXM_PAGE_SIZE);
	}
	td_do(tdxm_mr_finalize(m, TDR));
	expect_mrtd(m, &mrtd);
	td_expect_kept(m);
}

TEST(what_the_host_changed_is_told_of, &td_machine)
{
	struct tdxm *m = *state;

	td_reach(m, LAUNCHING);
	td_do(tdxm_mem_page_add(m, TDR, GPA, SPARE, SPARE + 8));
	memset(tdxm_address(m, SPARE), 0, 8);
	td_do(tdxm_mr_extend(m, TDR, GPA));
	td_expect_broken(m, TDXM_HOST_WROTE);
}

TEST_MAIN("tdx/measurement")
