/* SPDX-License-Identifier: GPL-2.0-only */
/* Files that are backed by huge pages. */
#ifndef TESTS_LIB_HUGE_H
#define TESTS_LIB_HUGE_H

#include "device.h"

#define HUGE_SHIFT 21
#define HUGE_PAGE (1ULL << HUGE_SHIFT)
#define HUGE_PAGES (HUGE_PAGE / PAGE)

#define GIGANTIC_SHIFT 30
#define GIGANTIC_PAGE (1ULL << GIGANTIC_SHIFT)

/* System calls: -1 and errno on an error */
int try_create_shift(int device, __u64 size, __u64 flags, __u32 page_shift);
int huge_try_create(int device, __u64 size, __u64 flags);
int file_collapse(int fd, struct kvm_private_collapse *collapse);

/* These create, or fail the test. */
int huge_create(__u64 size, __u64 flags);
int huge_create_on(int device, __u64 size, __u64 flags);
int gigantic_create(__u64 size, __u64 flags);

/*
 * gigantic_give_back() gives the kernel back the pages that were reserved at boot,
 * since the kernel has pages of its own all over the rest. It returns how many there
 * were, or -1. gigantic_group_setup() is a group fixture, for tests that mean nothing
 * without these pages.
 */
int gigantic_give_back(void);
int gigantic_group_setup(void **state);

/*
 * Call this before gigantic pages are freed: the kernel then takes pages of its own
 * from elsewhere. The task has no memory policy afterwards.
 */
void gigantic_leave_room(void);

/* Bytes in pages of each size, as fdinfo tells */
__u64 file_gigantic(int fd);
__u64 file_huge(int fd);
__u64 file_small(int fd);

/*
 * Fail the test unless the file has so many huge pages, and base pages besides, and
 * fstat and fdinfo agree. expect_backing_1g() takes a number of gigantic pages as
 * well; expect_backing() wants none.
 */
#define expect_backing(fd, huge, small, ...)				\
	huge_check_backing(fd, 0, huge, small, __FILE__, __LINE__, __VA_ARGS__)
#define expect_backing_1g(fd, gigantic, huge, small, ...)		\
	huge_check_backing(fd, gigantic, huge, small, __FILE__, __LINE__, \
			   __VA_ARGS__)

void __attribute__((__format__(printf, 7, 8)))
huge_check_backing(int fd, __u64 gigantic, __u64 huge, __u64 small,
		   const char *file, int line, const char *format, ...);

/* Collapses the whole file, or fails the test. */
void collapse_all(int fd, __u64 size);

/* The pfn that is mapped at an address; 0 if none is */
__u64 mapped_pfn(const void *address);
/* The same after a touch; never 0 */
__u64 pfn_at(const void *address);

#endif /* TESTS_LIB_HUGE_H */
