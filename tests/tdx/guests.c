// SPDX-License-Identifier: GPL-2.0-only
/* A scripted guest leaves for the host where a real one would, and finds its content again. */
#include "td_machine.h"
#include "unit.h"

#define VALUE 0x1122334455667788ULL
#define PENDING_TYPE 6
#define ACCEPT_TYPE 1

static unsigned int add(struct tdxm *m, enum tdxm_step_type type, u64 gpa, int level, u64 value)
{
	int step = tdxm_script_add(m, TDVPR, &(struct tdxm_step){
		.type = type, .gpa = gpa, .level = level, .value = value,
	});

	assert_true(step >= 0);
	return step;
}

/* @answer: to the guest's last question */
static struct tdxm_exit run_answered(struct tdxm *m, u64 answer)
{
	struct tdxm_exit exit = { .r10 = answer };

	tdxm_vp_run(m, TDVPR, CPU, &exit);
	return exit;
}

static struct tdxm_exit run(struct tdxm *m)
{
	return run_answered(m, 0);
}

static void expect_violation(struct tdxm *m, u64 gpa, u64 extended)
{
	struct tdxm_exit exit = run(m);

	assert_int_equal(exit.status, TDXM_EXIT_EPT_VIOLATION);
	assert_int_equal(exit.r8, gpa);
	assert_int_equal(exit.rdx, extended);
}

static void expect_halt(struct tdxm *m)
{
	struct tdxm_exit exit = run(m);

	assert_int_equal(exit.status, TDXM_EXIT_TDCALL);
	assert_int_equal(exit.r10, 0);
	assert_int_equal(exit.r11, TDXM_EXIT_HLT);
}

#define expect_result(m, step, wanted) \
	assert_int_equal(tdxm_script_result(m, TDVPR, step), wanted)

TEST(a_page_comes_and_is_accepted, &td_machine)
{
	struct tdxm *m = *state;
	unsigned int zero, write, read;

	td_reach(m, RUNNABLE);
	add(m, TDXM_STEP_ACCEPT, GPA, 1, 0);
	zero = add(m, TDXM_STEP_READ, GPA + 8, 0, 0);
	write = add(m, TDXM_STEP_WRITE, GPA + 8, 0, VALUE);
	read = add(m, TDXM_STEP_READ, GPA + 8, 0, VALUE);

	expect_violation(m, GPA, ACCEPT_TYPE);
	/* As long as the host does nothing */
	expect_violation(m, GPA, ACCEPT_TYPE);
	td_do(tdxm_mem_page_aug(m, TDR, GPA, 1, SPARE));
	expect_halt(m);
	expect_result(m, zero, TDXM_DONE);
	expect_result(m, write, TDXM_DONE);
	expect_result(m, read, TDXM_DONE);
	td_expect_kept(m);
}

TEST(what_was_launched_is_there, &td_machine)
{
	struct tdxm *m = *state;
	unsigned int read, wrong;
	u64 value = VALUE;

	td_reach(m, LAUNCHING);
	memcpy(tdxm_address(m, SPARE + 1), &value, sizeof(value));
	td_do(tdxm_mem_page_add(m, TDR, GPA, SPARE, SPARE + 1));
	td_do(tdxm_mr_finalize(m, TDR));
	read = add(m, TDXM_STEP_READ, GPA, 0, VALUE);
	wrong = add(m, TDXM_STEP_READ, GPA, 0, VALUE + 1);
	expect_halt(m);
	expect_result(m, read, TDXM_DONE);
	expect_result(m, wrong, TDXM_DIFFERENT);
	td_expect_kept(m);
}

TEST(access_before_acceptance, &td_machine)
{
	struct tdxm *m = *state;

	td_reach(m, MAPPED);
	add(m, TDXM_STEP_READ, GPA, 0, 0);
	expect_violation(m, GPA, PENDING_TYPE);
	td_expect_kept(m);
}

/* The content is gone, and the page has to be accepted anew. */
TEST(a_page_goes_and_comes, &td_machine)
{
	struct tdxm *m = *state;
	unsigned int again, read;

	td_reach(m, MAPPED);
	add(m, TDXM_STEP_ACCEPT, GPA, 1, 0);
	add(m, TDXM_STEP_WRITE, GPA, 0, VALUE);
	expect_halt(m);
	td_unmap(m, GPA, 1, SPARE);
	again = add(m, TDXM_STEP_ACCEPT, GPA, 1, 0);
	read = add(m, TDXM_STEP_READ, GPA, 0, 0);
	expect_violation(m, GPA, ACCEPT_TYPE);
	td_do(tdxm_mem_page_aug(m, TDR, GPA, 1, SPARE));
	expect_halt(m);
	expect_result(m, again, TDXM_DONE);
	expect_result(m, read, TDXM_DONE);
	td_expect_kept(m);
}

TEST(a_blocked_page_is_none, &td_machine)
{
	struct tdxm *m = *state;

	td_reach(m, MAPPED);
	add(m, TDXM_STEP_ACCEPT, GPA, 1, 0);
	expect_halt(m);
	td_do(tdxm_mem_range_block(m, TDR, GPA, 1));
	add(m, TDXM_STEP_WRITE, GPA, 0, VALUE);
	expect_violation(m, GPA, 0);
	td_expect_kept(m);
}

TEST(sizes, &td_machine)
{
	u64 small = HUGE_GPA + 3 * TDXM_PAGE_SIZE;
	struct tdxm *m = *state;
	unsigned int large, already, mismatch;

	td_reach(m, RUNNABLE);
	td_do(tdxm_mem_page_aug(m, TDR, HUGE_GPA, 2, HUGE_SPARE));
	/* It wants a page of 4 KiB: the host has to take the large one apart. */
	add(m, TDXM_STEP_ACCEPT, small, 1, 0);
	expect_violation(m, small, ACCEPT_TYPE);
	td_do(tdxm_mem_range_block(m, TDR, HUGE_GPA, 2));
	td_do(tdxm_mem_track(m, TDR));
	td_do(tdxm_mem_page_demote(m, TDR, HUGE_GPA, 2, SPARE));
	already = add(m, TDXM_STEP_ACCEPT, small, 1, 0);
	mismatch = add(m, TDXM_STEP_ACCEPT, HUGE_GPA, 2, 0);
	expect_halt(m);
	expect_result(m, already, TDXM_ALREADY_ACCEPTED);
	expect_result(m, mismatch, TDXM_SIZE_MISMATCH);

	td_do(tdxm_mem_page_aug(m, TDR, HUGE_GPA + GPA_SIZE_2M, 2, HUGE_SPARE + TDXM_FRAMES(2)));
	large = add(m, TDXM_STEP_ACCEPT, HUGE_GPA + GPA_SIZE_2M, 2, 0);
	add(m, TDXM_STEP_WRITE, HUGE_GPA + 2 * GPA_SIZE_2M - 8, 0, VALUE);
	already = add(m, TDXM_STEP_READ, HUGE_GPA + 2 * GPA_SIZE_2M - 8, 0, VALUE);
	expect_halt(m);
	expect_result(m, large, TDXM_DONE);
	expect_result(m, already, TDXM_DONE);
	td_expect_kept(m);
}

TEST(a_large_page_that_is_missing, &td_machine)
{
	struct tdxm *m = *state;

	td_reach(m, RUNNABLE);
	add(m, TDXM_STEP_ACCEPT, HUGE_GPA, 2, 0);
	expect_violation(m, HUGE_GPA, ACCEPT_TYPE | 1ULL << 32);
	td_expect_kept(m);
}

TEST(a_conversion, &td_machine)
{
	struct tdxm *m = *state;
	unsigned int first, second;
	struct tdxm_exit exit;

	td_reach(m, RUNNABLE);
	first = add(m, TDXM_STEP_MAP_GPA, GPA, 0, 4 * TDXM_PAGE_SIZE);
	second = add(m, TDXM_STEP_MAP_GPA, GPA, 0, TDXM_PAGE_SIZE);
	exit = run(m);
	assert_int_equal(exit.status, TDXM_EXIT_TDCALL);
	assert_int_equal(exit.r10, 0);
	assert_int_equal(exit.r11, 0x10001);
	assert_int_equal(exit.r12, GPA);
	assert_int_equal(exit.r13, 4 * TDXM_PAGE_SIZE);
	expect_result(m, first, TDXM_ASKED);
	run_answered(m, 1);
	expect_result(m, first, TDXM_DENIED);
	expect_halt(m);
	expect_result(m, second, TDXM_DONE);
	td_expect_kept(m);
}

TEST(the_host_writes_meanwhile, &td_machine)
{
	struct tdxm *m = *state;

	td_reach(m, MAPPED);
	add(m, TDXM_STEP_ACCEPT, GPA, 1, 0);
	add(m, TDXM_STEP_WRITE, GPA, 0, VALUE);
	expect_halt(m);
	memset((char *)tdxm_address(m, SPARE) + TDXM_PAGE_SIZE - 1, 0x77, 1);
	add(m, TDXM_STEP_READ, GPA, 0, VALUE);
	expect_halt(m);
	td_expect_broken(m, TDXM_HOST_WROTE);
}

TEST(busy, &td_machine)
{
	struct tdxm *m = *state;

	td_reach(m, RUNNABLE);
	tdxm_refuse(m, TDXM_VP_ENTER, TDXM_OPERAND_BUSY, 0, 1);
	assert_int_equal(run(m).status, TDXM_OPERAND_BUSY);
	expect_halt(m);
	td_expect_kept(m);
}

TEST_MAIN("tdx/guests")
