/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_LIB_FILE_TABLE_H
#define TESTS_LIB_FILE_TABLE_H

/*
 * Makes the kernel refuse new files (ENFILE) to all but root. For a call that
 * makes a file this comes late, when it has already made the inode.
 */
void file_table_full(void);

/* As it was before. Also for teardowns: does nothing if it isn't full. */
void file_table_restore(void);

/*
 * For a child: becomes a user and makes that many files on @device, all of
 * which have to fail. The table has to be full.
 */
struct file_table_attempt {
	int device;
	unsigned int times;
};

void file_table_attempt(void *attempt);

#endif /* TESTS_LIB_FILE_TABLE_H */
