/* SPDX-License-Identifier: GPL-2.0-only */
/* Trying ways on a private page, and reporting the results */
#ifndef TESTS_WAYS_TRIAL_H
#define TESTS_WAYS_TRIAL_H

#include <linux/types.h>

#include "unit.h"
#include "ways_in.h"

/**
 * struct secret - a private page
 * @kind: the kind of file that it is in, for the table
 * @target: where it is. If the file isn't mapped nothing is at its address
 * @word: the value of each of its words
 */
struct secret {
	const char *kind;
	struct way_target target;
	__u64 word;
};

/*
 * Tries all ways, each on ordinary memory first, where it has to work. Fails the
 * test if a way gets a word of the page, or succeeds without an error although it
 * had to change the page. The owner of the page says whether it has changed.
 */
void try_all_ways(const struct secret *secret);

/* The number of bytes of a buffer that are words of the secret */
size_t words_in(const void *buffer, size_t size, __u64 word);

void fill_words(void *page, __u64 word);

/* A file of that kind; all but "plain" can be mapped */
int file_of_kind(const char *kind, __u64 size);

/* The fixture of tests of that kind of file; the setup function finds its name in *state. */
#define KIND_FIXTURE(kind, setup_function, teardown_function) {		\
	.name = #kind, .setup = setup_function, .teardown = teardown_function, .state = #kind }

/* A row of the table: the page, the party, the way, and the result */
void __printf(4, 5)
tell(const char *kind, const char *who, const char *way, const char *format, ...);

#endif /* TESTS_WAYS_TRIAL_H */
