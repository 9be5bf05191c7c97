// SPDX-License-Identifier: GPL-2.0-only
#include <unistd.h>

#include "injectors.h"
#include "own_points.h"

static bool is_there(void)
{
	return !access(FAIL_NTH, W_OK);
}

/*
 * With 2 the XArray's second attempt is denied, too. The last number denies all
 * fallbacks. It has to be finite: the kernel repeats a page fault that was out
 * of memory.
 */
static const unsigned int counts[] = { 1, 2, 3, 12, 0 };

const struct injector own_points = {
	.name = "own points",
	.is_there = is_there,
	.path = FAIL_NTH,
	.counts = counts,
};
