/* SPDX-License-Identifier: GPL-2.0-only */
/* All memory of the machine, as root sees it in /proc/kcore */
#ifndef TESTS_WAYS_KCORE_H
#define TESTS_WAYS_KCORE_H

#include <stddef.h>
#include <linux/types.h>

/* A part of memory: the kernel's address of it, and the offset in the file */
struct kcore_part {
	__u64 physical;
	__u64 virtual;
	__u64 size;
	__u64 offset;
};

struct kcore {
	int fd;
	unsigned int nr;
	struct kcore_part parts[32];
};

/* These fail the test on any error. */
void kcore_open(struct kcore *kcore);
void kcore_close(struct kcore *kcore);
void kcore_read(const struct kcore *kcore, __u64 pfn, void *page);

/* The kernel's own address of that page */
__u64 kcore_address(const struct kcore *kcore, __u64 pfn);

/*
 * Looks through all of it for pages in which each word is @word. Returns their
 * number; @pfn: the first of them.
 */
size_t kcore_find(const struct kcore *kcore, __u64 word, __u64 *pfn);

#endif /* TESTS_WAYS_KCORE_H */
