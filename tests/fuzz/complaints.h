/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel complains of in its log, and the model of a platform as well. */
#ifndef TESTS_FUZZ_COMPLAINTS_H
#define TESTS_FUZZ_COMPLAINTS_H

#include <stdbool.h>
#include <stddef.h>

/* From here on */
void complaints_start(void);
/* The first one since the last call, if there is any. scripts/vm looks at all. */
bool complaints_new(char *line, size_t size);

#endif
