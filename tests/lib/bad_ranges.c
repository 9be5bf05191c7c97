// SPDX-License-Identifier: GPL-2.0-only
#include <limits.h>
#include <stdint.h>

#include "bad_ranges.h"

#define END BAD_RANGES_FILE_SIZE

const struct bad_range bad_ranges[] = {
	{ 0, 0 }, { PAGE, 0 }, { END, 0 }, { 1, 0 },
	{ 0, END + PAGE }, { END - PAGE, 2 * PAGE },
	{ END, PAGE }, { END + PAGE, PAGE },
	{ 4 * GIB, PAGE }, { 0, 4 * GIB + PAGE }, { LARGEST_FILE, PAGE },
	{ 0, LLONG_MAX }, { LLONG_MAX, PAGE },
	{ 0, 1ULL << 63 }, { 1ULL << 63, PAGE }, { 1ULL << 63, 1ULL << 63 },
	{ PAGE, LLONG_MAX - PAGE + 1 }, { LLONG_MAX - PAGE + 1, PAGE },
	{ PAGE, -PAGE }, { -PAGE, PAGE }, { -PAGE, 2 * PAGE },
	{ 0, -PAGE }, { -PAGE, -PAGE },
	{ BAD_RANGES_END, BAD_RANGES_END },
};
