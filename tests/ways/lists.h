/* SPDX-License-Identifier: GPL-2.0-only */
/* The ways in, by the party that uses them */
#ifndef TESTS_WAYS_LISTS_H
#define TESTS_WAYS_LISTS_H

#include "ways_in.h"

/**
 * struct way_list - ways of a kind
 * @who: the party that uses them, for the table
 * @ways: @nr of them
 */
struct way_list {
	const char *who;
	const struct way *ways;
	size_t nr;
};

/* The kernel working for the holder, on the holder's memory or file */
extern const struct way_list ways_by_kernel;
/* Another process: one that may trace the holder, or has been given the file */
extern const struct way_list ways_of_neighbour;
/* The kernel's remains of a process that dies */
extern const struct way_list ways_by_core_dump;

#endif /* TESTS_WAYS_LISTS_H */
