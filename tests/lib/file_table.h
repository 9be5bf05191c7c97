/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_LIB_FILE_TABLE_H
#define TESTS_LIB_FILE_TABLE_H

/*
 * Makes the kernel refuse new files (ENFILE) to all but root. A call that makes
 * a file fails late by that, when it has already made the inode.
 */
void file_table_full(void);

/*
 * Restores the table. Also for teardowns: the call does nothing if the table
 * isn't full.
 */
void file_table_restore(void);

/*
 * For a child: becomes a user and tries to create that many files on @device,
 * all of which have to fail. The table has to be full.
 */
struct file_table_attempt {
	int device;
	unsigned int times;
};

void file_table_attempt(void *attempt);

#endif /* TESTS_LIB_FILE_TABLE_H */
