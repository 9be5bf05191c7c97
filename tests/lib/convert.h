/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_LIB_CONVERT_H
#define TESTS_LIB_CONVERT_H

#include "device.h"

#define CONVERT_ZERO KVM_SET_MEMORY_ATTRIBUTES2_ZERO
#define CONVERT_PRESERVE KVM_SET_MEMORY_ATTRIBUTES2_PRESERVE

/* System calls: -1 and errno on an error. @flags: for the content */
int file_convert(int fd, struct kvm_memory_attributes2 *attributes);
int file_make_shared(int fd, __u64 offset, __u64 size, __u64 flags);
int file_make_private(int fd, __u64 offset, __u64 size, __u64 flags);

/* Fails the test unless a conversion to private finds that page pinned. */
void expect_pinned(int fd, __u64 offset, __u64 size, __u64 pinned);

/* Bytes of the file that are shared, as fdinfo tells */
__u64 file_shared(int fd);

/*
 * Maps the start of the file, shared, for reading and writing. Fails the test
 * or works.
 */
char *file_map(int fd, __u64 size);

#endif /* TESTS_LIB_CONVERT_H */
