/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * That a way is refused proves something only if the same code gets through where
 * nothing forbids it. So each is tried on ordinary memory, too.
 */
#ifndef TESTS_WAYS_ORDINARY_H
#define TESTS_WAYS_ORDINARY_H

#include "ways_in.h"

/* What a page is full of before, and what a way that writes puts there */
#define SECRET_BYTE	0x5a
#define FORGED_BYTE	0xc3

/*
 * Tries a way on a page of ordinary memory, which is mapped and in a file. Returns
 * NULL if it gets, or overwrites, every byte; else what is wrong.
 */
const char *ordinary_problem(const struct way *way);

#endif /* TESTS_WAYS_ORDINARY_H */
