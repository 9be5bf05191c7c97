/* SPDX-License-Identifier: GPL-2.0-only */
/* Filling private files from the host's side. */
#ifndef TESTS_KVM_STAMP_H
#define TESTS_KVM_STAMP_H

#include <linux/types.h>

/* Copies size bytes from source into the file, or fails the test. */
void file_fill(int fd, __u64 offset, const void *source, __u64 size);

/*
 * Fills each word of the range with tag + the offset of its page. Returns 0 or
 * -1 with errno, so that threads can use it too.
 */
int file_try_stamp(int fd, __u64 offset, __u64 size, __u64 tag);
void file_stamp(int fd, __u64 offset, __u64 size, __u64 tag);

#endif
