/* SPDX-License-Identifier: GPL-2.0-only */
/* Members of a struct sweep that several programs share: all of the file */
#ifndef TESTS_FAILURES_CALLS_H
#define TESTS_FAILURES_CALLS_H

#include "sweep.h"

long call_allocate(const struct sweep *sweep, struct scene *scene);
void prepare_allocated(const struct sweep *sweep, struct scene *scene);
void check_allocated(const struct sweep *sweep, struct scene *scene);

long call_collapse(const struct sweep *sweep, struct scene *scene);

#endif /* TESTS_FAILURES_CALLS_H */
