/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What KVM has to keep to. A command that breaks a rule is refused, changes nothing, and is told
 * of. Two go on: one that finds that the host has written to a frame, and one that frees a key.
 */
#ifndef TDX_MODEL_RULES_H
#define TDX_MODEL_RULES_H

#include "port.h"

enum tdxm_rule {
	TDXM_OUTSIDE,
	TDXM_GIVEN_TWICE,
	TDXM_GIVEN_UNWRITTEN,
	TDXM_HOST_WROTE,
	TDXM_RESET_ASSIGNED,
	TDXM_WRITTEN_BACK_ASSIGNED,
	TDXM_KEY_TAKEN,
	TDXM_KEY_CONFIGURED_TWICE,
	TDXM_NO_KEY,
	TDXM_CONTROL_PAGES,
	TDXM_NOT_INITIALIZED,
	TDXM_INITIALIZED_TWICE,
	TDXM_FINALIZED,
	TDXM_NOT_FINALIZED,
	TDXM_ADDRESS,
	TDXM_LEVEL,
	TDXM_NO_TABLE,
	TDXM_OCCUPIED,
	TDXM_SOURCE,
	TDXM_EXTENDED_HOLE,
	TDXM_BLOCKED_HOLE,
	TDXM_BLOCKED_TWICE,
	TDXM_REMOVED_HOLE,
	TDXM_REMOVED_UNBLOCKED,
	TDXM_REMOVED_UNTRACKED,
	TDXM_TRACKED_EARLY,
	TDXM_ELSEWHERE,
	TDXM_NOT_FLUSHED,
	TDXM_KEY_UNWRITTEN,
	TDXM_KEY_MAPPED,
	TDXM_RECLAIMED_EARLY,
	TDXM_RECLAIMED_HOST,
	TDXM_ROOT_EARLY,
	TDXM_NR_RULES
};

const char *tdxm_rule_text(enum tdxm_rule rule);

/* Counts and tells that @rule was broken. */
void tdxm_broken(struct tdxm *m, enum tdxm_rule rule, u64 where);
/* Does the same for a command that fails for it. Returns @status. */
u64 tdxm_fail(struct tdxm *m, enum tdxm_rule rule, u64 where, u64 status);

#endif
