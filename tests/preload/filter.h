/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Filters on the system calls of this process, for good, so for children. They
 * see the calls that reach the kernel, whichever code issued them.
 */
#ifndef TESTS_PRELOAD_FILTER_H
#define TESTS_PRELOAD_FILTER_H

/*
 * Stands in for a device: ioctls on descriptor @fd don't reach the kernel and are
 * recorded. They return @result, or -1 with errno if that is a negative error.
 */
void answer_ioctls(int fd, int result);

struct noted_ioctl {
	unsigned long request;
	unsigned long arg;
};

extern struct noted_ioctl noted[8];
extern volatile unsigned int noted_count;

/* The system call gets this error from now on. */
void forbid(int call, int error);

#endif
