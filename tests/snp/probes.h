/* SPDX-License-Identifier: GPL-2.0-only */
/* Records of the kernel's own calls. Each function fails the test on any error. */
#ifndef TESTS_SNP_PROBES_H
#define TESTS_SNP_PROBES_H

#include <stdbool.h>
#include <stddef.h>

/* Whether this kernel has a function, "module:name". Called while nothing is recorded. */
bool probes_have(const char *function);

/* Definitions of kprobes, in the group snp_test: calls are recorded from now on. */
void probes_start(const char *const *probes, size_t count);
void probes_stop(void);

/* Has @read look at each line that was recorded, in the order of the calls. */
void probes_read(void (*read)(const char *line));

#endif
