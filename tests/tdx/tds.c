// SPDX-License-Identifier: GPL-2.0-only
/* TDs of KVM on the model of the TDX module, from their creation to their end */
#include <string.h>

#include "mrtd.h"
#include "steps.h"

TEST(a_measured_launch, &td_native)
{
	static unsigned char pages[3][PAGE] __attribute__((aligned(PAGE)));
	unsigned char digest[TDXM_DIGEST_SIZE];
	struct guest_td *td = *state;
	struct mrtd mrtd;
	unsigned int i;

	for (i = 0; i < sizeof(pages); i++)
		pages[i / PAGE][i % PAGE] = i * 7 + i / PAGE;
	expect_ok(guest_td_try_add(td, TD_GPA, pages, 2, true), "measured");
	expect_ok(guest_td_try_add(td, TD_GPA + 2 * PAGE, pages[2], 1, false), "not measured");
	expect_ok(guest_td_try_finalize(td), "KVM_TDX_FINALIZE_VM");

	mrtd_begin(&mrtd);
	mrtd_measure_page(&mrtd, TD_GPA, pages[0]);
	mrtd_measure_page(&mrtd, TD_GPA + PAGE, pages[1]);
	mrtd_add_page(&mrtd, TD_GPA + 2 * PAGE);
	model_mrtd(digest);
	mrtd_expect(&mrtd, digest);
	for (i = 0; i < 3; i++)
		expect_entry(TD_GPA + i * PAGE, TDXM_PRESENT, 1);
}

TEST(prefaulted_pages_are_accepted, &td_native)
{
	struct guest_td *td = *state;
	unsigned int accept, read, write;

	guest_td_launch(td);
	expect_ok(guest_td_prefault(td, TD_FREE_GPA, 4 * PAGE), "KVM_PRE_FAULT_MEMORY");
	expect_entry(TD_FREE_GPA, TDXM_PENDING, 1);
	accept = model_step(TDXM_STEP_ACCEPT, TD_FREE_GPA, 1, 0);
	read = model_step(TDXM_STEP_READ, TD_FREE_GPA + 8, 0, 0);
	write = model_step(TDXM_STEP_WRITE, TD_FREE_GPA + 8, 0, VALUE);
	guest_td_play(td);
	expect_result(accept, TDXM_DONE);
	expect_result(read, TDXM_DONE);
	expect_result(write, TDXM_DONE);
	expect_entry(TD_FREE_GPA, TDXM_PRESENT, 1);
	expect_entry(TD_FREE_GPA + PAGE, TDXM_PENDING, 1);
}

/* The guest's access to a page that isn't there is a fault like one of an EPT. */
TEST(pages_come_by_faults, &td_native)
{
	struct guest_td *td = *state;

	guest_td_launch(td);
	guest_td_expect_new(td, TD_FREE_GPA);
}

TEST(launched_content_is_there, &td_native)
{
	struct guest_td *td = *state;
	__u64 word = 0;

	memcpy(&word, "launched", sizeof(word));
	guest_td_launch(td);
	guest_td_expect_content(td, TD_LAUNCHED_GPA, word);
}

TEST(punched_pages_are_gone, &td_native)
{
	struct guest_td *td = *state;

	guest_td_launch(td);
	guest_td_own(td, TD_FREE_GPA, 1);
	expect_ok(file_punch(td->file, TD_FREE_GPA - TD_GPA, PAGE), "punch");
	expect_entry(TD_FREE_GPA, TDXM_FREE, 1);
	guest_td_expect_new(td, TD_FREE_GPA);
}

TEST(punched_pages_have_to_be_accepted, &td_native)
{
	struct guest_td *td = *state;

	guest_td_launch(td);
	guest_td_own(td, TD_FREE_GPA, 1);
	expect_ok(file_punch(td->file, TD_FREE_GPA - TD_GPA, PAGE), "punch");
	model_step(TDXM_STEP_READ, TD_FREE_GPA, 0, VALUE);
	/* The first fault maps the page, the second one finds it pending. */
	assert_int_equal(guest_td_run(td), -EIO);
	assert_int_equal(guest_td_run(td), -EIO);
}

TEST(the_guest_asks_for_conversions, &td_native)
{
	struct guest_td *td = *state;

	guest_td_launch(td);
	guest_td_own(td, TD_FREE_GPA, 1);
	model_step(TDXM_STEP_MAP_GPA, TD_FREE_GPA | 1ULL << TDXM_SHARED_BIT, 0, 2 * PAGE);
	assert_int_equal(guest_td_run(td), KVM_EXIT_HYPERCALL);
	assert_true(guest_td_asks(td, TD_FREE_GPA, 2 * PAGE, false));
	expect_ok(guest_td_try_attributes(td, TD_FREE_GPA, 2 * PAGE, false), "to shared");
	expect_entry(TD_FREE_GPA, TDXM_FREE, 1);

	model_step(TDXM_STEP_MAP_GPA, TD_FREE_GPA, 0, 2 * PAGE);
	assert_int_equal(guest_td_run(td), KVM_EXIT_HYPERCALL);
	assert_true(guest_td_asks(td, TD_FREE_GPA, 2 * PAGE, true));
	expect_ok(guest_td_try_attributes(td, TD_FREE_GPA, 2 * PAGE, true), "to private");
	guest_td_expect_new(td, TD_FREE_GPA);
}

TEST(the_vmm_says_no, &td_native)
{
	struct guest_td *td = *state;
	unsigned int refused, done;

	guest_td_launch(td);
	refused = model_step(TDXM_STEP_MAP_GPA, TD_FREE_GPA, 0, PAGE);
	done = model_step(TDXM_STEP_MAP_GPA, TD_FREE_GPA, 0, PAGE);
	assert_int_equal(guest_td_run(td), KVM_EXIT_HYPERCALL);
	td->run->hypercall.ret = EAGAIN;
	assert_int_equal(guest_td_run(td), KVM_EXIT_HYPERCALL);
	expect_result(refused, TDXM_DENIED);
	guest_td_play(td);
	expect_result(done, TDXM_DONE);
}

/* KVM asks the VMM for 2 MiB at a time. */
TEST(large_conversions_come_in_parts, &td_native)
{
	struct guest_td *td = *state;

	guest_td_launch(td);
	model_step(TDXM_STEP_MAP_GPA, TD_FREE_GPA, 0, 3 * MIB);
	assert_int_equal(guest_td_run(td), KVM_EXIT_HYPERCALL);
	assert_true(guest_td_asks(td, TD_FREE_GPA, 2 * MIB, true));
	assert_int_equal(guest_td_run(td), KVM_EXIT_HYPERCALL);
	assert_true(guest_td_asks(td, TD_FREE_GPA + 2 * MIB, MIB, true));
	guest_td_play(td);
}

TEST(a_private_access_to_a_shared_page, &td_native)
{
	struct guest_td *td = *state;

	guest_td_launch(td);
	expect_ok(guest_td_try_attributes(td, TD_FREE_GPA, PAGE, false), "to shared");
	model_step(TDXM_STEP_ACCEPT, TD_FREE_GPA, 1, 0);
	assert_int_equal(guest_td_run(td), -EFAULT);
	assert_int_equal(td->run->exit_reason, KVM_EXIT_MEMORY_FAULT);
}

TEST(the_slot_goes_with_its_pages, &td_native)
{
	struct guest_td *td = *state;

	guest_td_launch(td);
	guest_td_own(td, TD_FREE_GPA, 1);
	guest_td_delete_slot(td);
	expect_entry(TD_FREE_GPA, TDXM_FREE, 1);
	expect_entry(TD_LAUNCHED_GPA, TDXM_FREE, 1);
}

/* No epoch begins before the launch has ended. */
TEST(a_launch_that_is_given_up, &td_native)
{
	static const char page[PAGE] __attribute__((aligned(PAGE)));
	struct guest_td *td = *state;

	expect_ok(guest_td_try_add(td, TD_GPA, page, 1, true), "KVM_TDX_INIT_MEM_REGION");
	expect_ok(file_punch(td->file, 0, PAGE), "punch");
	expect_entry(TD_GPA, TDXM_FREE, 1);
	expect_ok(guest_td_try_add(td, TD_GPA, page, 1, true), "again");
}

/* A life in which each command that may be busy is called */
static void live(void)
{
	struct guest_td *td = NULL;

	td_native.setup((void **)&td);
	guest_td_launch(td);
	guest_td_own(td, TD_FREE_GPA, 1);
	expect_ok(file_punch(td->file, TD_FREE_GPA - TD_GPA, PAGE), "punch");
	guest_td_expect_new(td, TD_FREE_GPA);
	td_native.teardown((void **)&td);
}

/* KVM calls these once more when they are busy, and the guest notices nothing. */
TEST(busy_commands)
{
	static const enum tdxm_command commands[] = {
		TDXM_VP_ENTER, TDXM_MEM_SEPT_ADD, TDXM_MEM_PAGE_ADD, TDXM_MEM_PAGE_AUG,
		TDXM_MEM_RANGE_BLOCK, TDXM_MEM_TRACK, TDXM_MEM_PAGE_REMOVE,
	};
	struct tdx_model_counts before, after;

	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		before = model_counts();
		live();
		after = model_counts();
		model_refuse(commands[i], TDXM_OPERAND_BUSY, 0, 1);
		live();
		assert_int_equal(model_counts().calls[commands[i]] - after.calls[commands[i]],
				 after.calls[commands[i]] - before.calls[commands[i]] + 1);
	}
}

TEST(a_launch_that_is_busy, &td_native)
{
	struct guest_td *td = *state;

	model_refuse(TDXM_MR_FINALIZE, TDXM_OPERAND_BUSY, 0, 1);
	expect_error(EBUSY, guest_td_try_finalize(td), "KVM_TDX_FINALIZE_VM");
	expect_ok(guest_td_try_finalize(td), "again");
}

TEST_MAIN("tdx/tds")
