/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_LIB_TOUCH_H
#define TESTS_LIB_TOUCH_H

/*
 * One access to one byte. Returns 0, or the signal that the access raised and
 * that was caught. Any thread may call these; other accesses that raise a
 * signal kill the program, as always.
 */
int touch_read(const void *address, unsigned char *value);
int touch_write(void *address, unsigned char value);

/*
 * Fail the test unless the byte reads as @value, or unless both reading and
 * writing it raise SIGBUS. The format tells which access was tried.
 */
void __attribute__((__format__(printf, 3, 4)))
expect_reads(const void *address, unsigned char value, const char *format, ...);
void __attribute__((__format__(printf, 2, 3)))
expect_sigbus(void *address, const char *format, ...);

#endif /* TESTS_LIB_TOUCH_H */
