// SPDX-License-Identifier: GPL-2.0-only
#include <sys/resource.h>

#include "handlers.h"
#include "limits.h"
#include "unit.h"

void limit_set(__u64 pages)
{
	const struct rlimit limit = {
		.rlim_cur = pages == NO_LIMIT ? RLIM_INFINITY : pages * PAGE,
		.rlim_max = RLIM_INFINITY,
	};

	expect_ok(setrlimit(RLIMIT_MEMLOCK, &limit), "RLIMIT_MEMLOCK");
}

void do_limit(struct world *w, const __u64 *arg)
{
	if (w->program->mode != MODE_LIMITED)
		return leave_out(w);
	w->limit = arg[0];
	limit_set(w->limit);
}
