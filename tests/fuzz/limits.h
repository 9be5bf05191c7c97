/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_FUZZ_LIMITS_H
#define TESTS_FUZZ_LIMITS_H

#include <linux/types.h>

/* RLIMIT_MEMLOCK of the process, in pages or NO_LIMIT */
void limit_set(__u64 pages);

#endif
