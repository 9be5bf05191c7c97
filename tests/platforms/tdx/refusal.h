/* SPDX-License-Identifier: GPL-2.0-only */
/* Commands that fail because a test wants them to: busy, or for good */
#ifndef TDX_MODEL_REFUSAL_H
#define TDX_MODEL_REFUSAL_H

#include "commands.h"
#include "port.h"

struct tdxm_refusal {
	u64 status;
	/* Calls that work before, and calls that are refused then */
	unsigned long after;
	unsigned long times;
};

/* Replaces an earlier demand for the same command. */
void tdxm_refuse(struct tdxm *m, enum tdxm_command command, u64 status,
		 unsigned long after, unsigned long times);

/* Counts a call. Returns the status that it has to end with, or 0 if it is to be carried out. */
u64 tdxm_refused(struct tdxm *m, enum tdxm_command command);

#endif
