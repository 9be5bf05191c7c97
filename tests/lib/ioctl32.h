/* SPDX-License-Identifier: GPL-2.0-only */
/* The kernel's entry for 32-bit programs, which any program may use. */
#ifndef TESTS_LIB_IOCTL32_H
#define TESTS_LIB_IOCTL32_H

#include <stdbool.h>

/* System call: -1 and errno on an error. The kernel sees the low half of @argument. */
long ioctl32(int fd, unsigned long number, void *argument);

bool kernel_takes_32_bit_calls(void);

#endif /* TESTS_LIB_IOCTL32_H */
