/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_LIB_KERNEL_LOG_H
#define TESTS_LIB_KERNEL_LOG_H

#include <stdbool.h>

/* A descriptor from which the kernel's log is read, from now on */
int kernel_log_open(void);

/* Reads the new lines; returns whether one has the text in it. */
bool kernel_log_has(int log, const char *text);

/* Fails the test unless a line has the text in it. */
void expect_in_log(int log, const char *text);

#endif /* TESTS_LIB_KERNEL_LOG_H */
