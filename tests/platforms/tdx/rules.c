// SPDX-License-Identifier: GPL-2.0-only
#include "model.h"
#include "rules.h"

static const char *const texts[TDXM_NR_RULES] = {
	[TDXM_OUTSIDE] = "a frame that is in no TDMR",
	[TDXM_GIVEN_TWICE] = "a frame that the module has is given to it",
	[TDXM_GIVEN_UNWRITTEN] = "a frame is used again before its cache lines were written back",
	[TDXM_HOST_WROTE] = "the host wrote to a frame of the module",
	[TDXM_RESET_ASSIGNED] = "the host clears a frame of the module",
	[TDXM_WRITTEN_BACK_ASSIGNED] = "write-back of a frame of the module",
	[TDXM_KEY_TAKEN] = "a key that isn't a guest's, or that another TD has",
	[TDXM_KEY_CONFIGURED_TWICE] = "a key is configured that can't be any more",
	[TDXM_NO_KEY] = "a TD is used that has no key",
	[TDXM_CONTROL_PAGES] = "a wrong number of control pages",
	[TDXM_NOT_INITIALIZED] = "a TD or a vCPU is used before it is initialized",
	[TDXM_INITIALIZED_TWICE] = "a TD or a vCPU is initialized twice",
	[TDXM_FINALIZED] = "the launch goes on after its end",
	[TDXM_NOT_FINALIZED] = "a page or a run before the launch's end",
	[TDXM_ADDRESS] = "an address that isn't private or isn't aligned",
	[TDXM_LEVEL] = "a size that the command doesn't have",
	[TDXM_NO_TABLE] = "an entry without a table that it could be in",
	[TDXM_OCCUPIED] = "an entry that isn't free",
	[TDXM_SOURCE] = "a page is added from a frame of the module",
	[TDXM_EXTENDED_HOLE] = "a part of no page is measured",
	[TDXM_BLOCKED_HOLE] = "an entry is blocked that maps nothing of that size",
	[TDXM_BLOCKED_TWICE] = "an entry is blocked twice",
	[TDXM_REMOVED_HOLE] = "a page is removed that isn't there at that size",
	[TDXM_REMOVED_UNBLOCKED] = "a page is removed that isn't blocked",
	[TDXM_REMOVED_UNTRACKED] = "a page is removed that a vCPU may have in its TLB",
	[TDXM_TRACKED_EARLY] = "an epoch begins while a vCPU runs in the one before the last",
	[TDXM_ELSEWHERE] = "a vCPU is used that another processor has",
	[TDXM_NOT_FLUSHED] = "a TD ends whose vCPUs weren't flushed",
	[TDXM_KEY_UNWRITTEN] = "a key is freed before the caches were written back",
	[TDXM_KEY_MAPPED] = "a key is freed while the guest has pages",
	[TDXM_RECLAIMED_EARLY] = "a page is reclaimed while the TD has its key",
	[TDXM_RECLAIMED_HOST] = "a page is reclaimed that can't be",
	[TDXM_ROOT_EARLY] = "a TD's root goes before its other pages",
};

const char *tdxm_rule_text(enum tdxm_rule rule)
{
	return texts[rule];
}

void tdxm_broken(struct tdxm *m, enum tdxm_rule rule, u64 where)
{
	bool expected = m->armed >> rule & 1;

	if (expected)
		m->provoked[rule]++;
	else
		m->broken[rule]++;
	tdxm_report(texts[rule], where, expected);
}

u64 tdxm_fail(struct tdxm *m, enum tdxm_rule rule, u64 where, u64 status)
{
	tdxm_broken(m, rule, where);
	return status;
}
