// SPDX-License-Identifier: GPL-2.0-only
#include "steps.h"

void expect_entry(__u64 gpa, enum tdxm_sept_state state, unsigned int level)
{
	struct tdx_model_entry entry = model_entry(gpa);

	assert_int_equal(entry.state, state);
	if (state != TDXM_FREE)
		assert_int_equal(entry.level, level);
}

void guest_td_own(struct guest_td *td, __u64 gpa, int level)
{
	unsigned int accept = model_step(TDXM_STEP_ACCEPT, gpa, level, 0);
	unsigned int write = model_step(TDXM_STEP_WRITE, gpa, 0, VALUE);

	guest_td_expect_content(td, gpa, VALUE);
	expect_result(accept, TDXM_DONE);
	expect_result(write, TDXM_DONE);
}

void guest_td_expect_content(struct guest_td *td, __u64 gpa, __u64 value)
{
	unsigned int read = model_step(TDXM_STEP_READ, gpa, 0, value);

	guest_td_play(td);
	expect_result(read, TDXM_DONE);
}

void guest_td_expect_new(struct guest_td *td, __u64 gpa)
{
	unsigned int accept = model_step(TDXM_STEP_ACCEPT, gpa, 1, 0);

	guest_td_expect_content(td, gpa, 0);
	expect_result(accept, TDXM_DONE);
}
