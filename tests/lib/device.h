/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_LIB_DEVICE_H
#define TESTS_LIB_DEVICE_H

#include <fcntl.h>
#include <stdbool.h>
#include <linux/types.h>
#include <sys/ioctl.h>

#include <linux/kvm_private.h>

#define PAGE 4096ULL
#define KIB 1024ULL
#define MIB (KIB * KIB)
#define GIB (KIB * MIB)

/* The largest file that the contract promises. */
#define LARGEST_FILE (256 * KIB * GIB)

#define HOLE (FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE)

/* These open or create, or fail the test. */
int device_open(void);
int file_create(__u64 size, __u64 flags);
int file_create_on(int device, __u64 size, __u64 flags);

/* System calls: -1 and errno on an error. */
int file_try_create(int device, __u64 size, __u64 flags);
int file_allocate(int fd, __u64 offset, __u64 size);
int file_punch(int fd, __u64 offset, __u64 size);
int file_populate(int fd, struct kvm_private_populate *populate);

/* Bytes that are allocated, as fstat tells. */
__u64 file_allocated(int fd);

bool fd_is_open(int fd);

/* Descriptors that this process has open: a call that fails must leave none. */
unsigned int open_fds(void);

#endif /* TESTS_LIB_DEVICE_H */
