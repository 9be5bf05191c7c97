/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A refusal proves something only if the same code succeeds where nothing forbids
 * it. So each way is tried on ordinary memory, too.
 */
#ifndef TESTS_WAYS_ORDINARY_H
#define TESTS_WAYS_ORDINARY_H

#include "ways_in.h"

/* The page's content before, and the content that a way puts there by writing */
#define SECRET_BYTE	0x5a
#define FORGED_BYTE	0xc3

/*
 * Tries a way on a page of ordinary memory, which is mapped and in a file. Returns
 * NULL if the way gets, or overwrites, every byte; else a text that says what is
 * wrong.
 */
const char *ordinary_problem(const struct way *way);

#endif /* TESTS_WAYS_ORDINARY_H */
