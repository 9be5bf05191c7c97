/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_LIB_THREAD_STATE_H
#define TESTS_LIB_THREAD_STATE_H

#include <sys/types.h>

/*
 * The state of a thread of this process as /proc has it: 'D' for a sleep in the kernel that
 * no signal ends, 'S' for any other sleep, and so on. 0: there is no such thread.
 */
char thread_state(pid_t tid);

#endif /* TESTS_LIB_THREAD_STATE_H */
