// SPDX-License-Identifier: GPL-2.0-only
#include "model.h"

void tdxm_refuse(struct tdxm *m, enum tdxm_command command, u64 status,
		 unsigned long after, unsigned long times)
{
	m->refusals[command] = (struct tdxm_refusal){
		.status = status, .after = after, .times = times,
	};
}

u64 tdxm_refused(struct tdxm *m, enum tdxm_command command)
{
	struct tdxm_refusal *refusal = &m->refusals[command];

	m->calls[command]++;
	if (!refusal->times)
		return TDXM_SUCCESS;
	if (refusal->after) {
		refusal->after--;
		return TDXM_SUCCESS;
	}
	refusal->times--;
	return refusal->status;
}
