/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A machine of a few MiB with the modelled TDX module, and the host's part of a TD's life. Its
 * functions fail the test if a command doesn't succeed.
 */
#ifndef TESTS_TDX_TD_MACHINE_H
#define TESTS_TDX_TD_MACHINE_H

#include <stddef.h>

#include "content.h"
#include "guest.h"
#include "measurement.h"
#include "model.h"
#include "pages.h"
#include "td.h"
#include "vp.h"

/* Frames that a TD's control structures take */
#define TDR 1
#define TDCX 2
#define TDVPR 8
#define TDVPX 9
#define TABLES 16
/* Free ones, and 2 MiB of them that are aligned */
#define SPARE 32
#define HUGE_SPARE 512
#define NR_FRAMES 1536

#define KEY 5
#define CPU 0
/* The launch adds a page there. */
#define LAUNCHED_GPA 0UL
#define LAUNCHED (SPARE - 1)
/* Nothing is there, but the tables for 4 KiB are. */
#define GPA 0x5000UL
/* No table for 4 KiB is there. */
#define HUGE_GPA 0x200000UL
#define GPA_SIZE_2M 0x200000UL

struct td_machine {
	struct tdxm m;
	unsigned char *memory;
};

#define container_of_model(model)					\
	((struct td_machine *)((char *)(model) - offsetof(struct td_machine, m)))

extern const struct fixture td_machine;

/* Each stage follows the one before. */
enum td_stage {
	/* The machine without a TD */
	NO_TD,
	/* Its key is configured, and it has its control pages. */
	CONTROLLED,
	INITIALIZED,
	/* It has a vCPU, tables, and the page at LAUNCHED_GPA. */
	LAUNCHING,
	RUNNABLE,
	/* The guest has a pending page of SPARE at GPA. */
	MAPPED,
};

void td_reach(struct tdxm *m, enum td_stage stage);

/* Block, track, remove, write back, reset */
void td_unmap(struct tdxm *m, u64 gpa, int level, u64 pfn);
/* Flush, free the key, reclaim all control pages. The guest has to have no page any more. */
void td_end(struct tdxm *m);

/* Calls a command until it isn't busy, and expects it to succeed then. */
#define td_do(call) do {						\
	u64 _status = TDXM_OPERAND_BUSY;				\
									\
	while (_status == TDXM_OPERAND_BUSY)				\
		_status = (call);					\
	assert_int_equal(_status, TDXM_SUCCESS);			\
} while (0)

/* Fails the test if a rule was broken, but for @expected, which has to be, once. */
void td_expect_broken(struct tdxm *m, enum tdxm_rule expected);
void td_expect_kept(struct tdxm *m);
void td_expect_all_host(struct tdxm *m);

#endif
