/* SPDX-License-Identifier: GPL-2.0-only */
/* Numbers that follow from a seed, the same with every C library */
#ifndef TESTS_FUZZ_CHANCE_H
#define TESTS_FUZZ_CHANCE_H

#include <stdbool.h>
#include <linux/types.h>

struct chance {
	__u64 state;
};

/* splitmix64 */
static inline __u64 chance_next(struct chance *chance)
{
	__u64 z = chance->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return z ^ (z >> 31);
}

/* From 0 to @below - 1 */
static inline __u64 chance_below(struct chance *chance, __u64 below)
{
	return chance_next(chance) % below;
}

static inline bool chance_one_in(struct chance *chance, unsigned int n)
{
	return !chance_below(chance, n);
}

/* The numbers of a seed differ in each round. */
static inline struct chance chance_for(__u64 seed, __u64 round)
{
	struct chance chance = { .state = seed * 0x2545f4914f6cdd1dULL + round };

	chance.state = chance_next(&chance);
	return chance;
}

#endif
