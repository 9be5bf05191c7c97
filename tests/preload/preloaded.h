/* SPDX-License-Identifier: GPL-2.0-only */
/* Shared between the programs that run with the preload library */
#ifndef TESTS_PRELOAD_PRELOADED_H
#define TESTS_PRELOAD_PRELOADED_H

#include <stdbool.h>
#include <linux/types.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kvm_uapi.h"

#define PRELOAD_LIBRARY "libkvm_private_preload.so"

/* guest_memfd's flags, as newer kernels have them */
#define GUEST_MMAP		(1ULL << 0)
#define GUEST_INIT_SHARED	(1ULL << 1)

#define CAP_GUEST_MEMFD		234
#define CAP_GUEST_MEMFD_FLAGS	244

/*
 * Called first in main(): starts the program again with the library, which has
 * to be beside it.
 */
void preloaded(char **argv);

/*
 * Starts this program in a new process with that as its arguments, with the
 * library or without, and returns its exit status. @setting: NULL, or what
 * KVM_PRIVATE_PRELOAD_FALLBACK is to be
 */
int run_again(bool library, const char *setting, const char *name, int number);

/* KVM_CREATE_GUEST_MEMFD as programs issue it: -1 and errno on an error */
int guest_memfd(int vm, __u64 size, __u64 flags);

/* The same from the kernel, without the library in between */
int native_guest_memfd(int vm, __u64 size, __u64 flags);
#define native_ioctl(fd, request, arg) \
	((int)syscall(SYS_ioctl, fd, (unsigned long)(request), arg))

/*
 * KVM_CHECK_EXTENSION: the answer that the program gets, and the kernel's own
 */
int capability(int fd, long capability);
int native_capability(int fd, long capability);

int kvm_open(void);
/* A VM of the usual type, whose memory is the host's */
int vm_create_ordinary(void);

/* Is it a file of /dev/kvm_private? */
bool is_ours(int fd);

#endif
