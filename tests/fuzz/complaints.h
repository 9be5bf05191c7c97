/* SPDX-License-Identifier: GPL-2.0-only */
/* Complaints of the kernel in its log, and those of the model of a platform */
#ifndef TESTS_FUZZ_COMPLAINTS_H
#define TESTS_FUZZ_COMPLAINTS_H

#include <stdbool.h>
#include <stddef.h>

/* Starts at the log's end. */
void complaints_start(void);
/* The first one since the last call, or NULL. scripts/vm looks at all. */
bool complaints_new(char *line, size_t size);

#endif
