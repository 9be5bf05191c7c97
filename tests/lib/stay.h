/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Races made certain: a task stays at a place in the module until the test has made the
 * change that is to come in between. The places are those of module/debug/detour.h, in the
 * module's test build.
 */
#ifndef TESTS_LIB_STAY_H
#define TESTS_LIB_STAY_H

#include <stdbool.h>

/* Is the module that build? For fixtures: in other builds no task can be made to stay. */
bool stay_is_there(void);

/* The next task that comes to the place stays there. */
void stay_want(const char *place);

/* Waits until a task stays there. Fails the test if none comes. */
void stay_wait(const char *place);

/*
 * stay_end() lets the task at that place go on, stay_end_all() the tasks at all places.
 * stay_end_all() does nothing if the module isn't that build.
 */
void stay_end(const char *place);
void stay_end_all(void);

#endif /* TESTS_LIB_STAY_H */
