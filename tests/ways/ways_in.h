/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_WAYS_WAYS_IN_H
#define TESTS_WAYS_WAYS_IN_H

#include <stddef.h>
#include <sys/types.h>

#include <linux/types.h>

#define WAY_PAGE	4096

/**
 * struct way_target - the page that is to be reached
 * @fd: the file that it is in
 * @offset: where in the file
 * @address: where it would be in this process
 * @protection: how that address is mapped (PROT_*)
 */
struct way_target {
	int fd;
	__u64 offset;
	unsigned char *address;
	int protection;
};

enum way_kind { WAY_READS, WAY_WRITES };

/**
 * struct way - a way into memory that a process has a file of
 * @name: its name in the table
 * @kind: whether it is to read or to overwrite the page
 * @attempt: returns 0, a negative errno or the number of the signal that it
 *	raised, which ends a program. A read fills @page with its result, a
 *	write puts @page there
 */
struct way {
	const char *name;
	enum way_kind kind;
	int (*attempt)(const struct way_target *target, unsigned char *page);
};

/* Copies a page. Returns 0 or the signal that the access raised. */
int touch_page(unsigned char *page, const unsigned char *address);

/*
 * For attempts: the result of a system call in their form. A transfer of a page
 * gets or puts all of it, or it counts as an error.
 */
int complete(ssize_t size);

extern const struct way ways_in[];
extern const size_t nr_ways_in;

#endif /* TESTS_WAYS_WAYS_IN_H */
