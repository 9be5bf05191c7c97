/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_LIB_RIGHTS_H
#define TESTS_LIB_RIGHTS_H

#include <linux/types.h>

/* All of these are for a child: there is no way back. */

/* Gives up CAP_IPC_LOCK and stays root otherwise. */
void drop_ipc_lock(void);

/* Becomes a user without any right. */
void become_user(unsigned int uid);

void limit_locked_memory(__u64 bytes);

#endif /* TESTS_LIB_RIGHTS_H */
