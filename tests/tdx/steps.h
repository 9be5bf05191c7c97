/* SPDX-License-Identifier: GPL-2.0-only */
/* Short scripts of a TD's guest, and their outcome */
#ifndef TESTS_TDX_STEPS_H
#define TESTS_TDX_STEPS_H

#include "guest_td.h"

/* guest_td_own() writes it. */
#define VALUE 0x1122334455667788ULL

#define expect_result(step, wanted) assert_int_equal(model_result(step), wanted)

/* @level: of the secure EPT, unless the entry is free */
void expect_entry(__u64 gpa, enum tdxm_sept_state state, unsigned int level);

/* Accepts a page of that level, writes VALUE to it and reads it. */
void guest_td_own(struct guest_td *td, __u64 gpa, int level);
void guest_td_expect_content(struct guest_td *td, __u64 gpa, __u64 value);
/* Accepts a page and finds zeros in it. */
void guest_td_expect_new(struct guest_td *td, __u64 gpa);

#endif
