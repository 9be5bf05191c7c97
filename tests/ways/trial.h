/* SPDX-License-Identifier: GPL-2.0-only */
/* Trying ways on a private page, and telling what came of it. */
#ifndef TESTS_WAYS_TRIAL_H
#define TESTS_WAYS_TRIAL_H

#include <linux/types.h>

#include "unit.h"
#include "ways_in.h"

/**
 * struct secret - a private page
 * @kind: what kind of file it is in, for the table
 * @target: where it is. If the file isn't mapped nothing is at its address
 * @word: what each word of it is
 */
struct secret {
	const char *kind;
	struct way_target target;
	__u64 word;
};

/*
 * Tries all ways, each on ordinary memory first, where it has to work. Fails the
 * test if one gets a word of the page or comes back without an error that had it to
 * change; whether the page has changed is for its owner to say.
 */
void try_all_ways(const struct secret *secret);

/* How many bytes of a buffer are words of the secret */
size_t words_in(const void *buffer, size_t size, __u64 word);

void fill_words(void *page, __u64 word);

/* A file of that kind; all but "plain" can be mapped */
int file_of_kind(const char *kind, __u64 size);

/* The fixture of tests of that kind of file; the setup function finds its name in *state. */
#define KIND_FIXTURE(kind, setup_function, teardown_function) {		\
	.name = #kind, .setup = setup_function, .teardown = teardown_function, .state = #kind }

/* A row of the table: which page, whose way, which, and what it got */
void __printf(4, 5)
tell(const char *kind, const char *who, const char *way, const char *format, ...);

#endif /* TESTS_WAYS_TRIAL_H */
