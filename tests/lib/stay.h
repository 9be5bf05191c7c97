/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Races made certain: a task stays at a place in the module until the test has done
 * what is to come in between. The places are those of module/debug/detour.h, in the module's
 * test build.
 */
#ifndef TESTS_LIB_STAY_H
#define TESTS_LIB_STAY_H

#include <stdbool.h>

/* Is the module that build? For fixtures: other builds have nothing to test. */
bool stay_is_there(void);

/* The next task that comes to the place stays there. */
void stay_want(const char *place);

/* Waits until one does. Fails the test if none comes. */
void stay_wait(const char *place);

/* Lets it go on. The second: at all places; nothing where the module isn't that build */
void stay_end(const char *place);
void stay_end_all(void);

#endif /* TESTS_LIB_STAY_H */
