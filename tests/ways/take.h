/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_WAYS_TAKE_H
#define TESTS_WAYS_TAKE_H

#include <sys/types.h>

/*
 * A descriptor of another process's, with pidfd_getfd(). System call: -1 and errno on
 * an error
 */
int take_fd_of(pid_t process, int number);

#endif /* TESTS_WAYS_TAKE_H */
