/* SPDX-License-Identifier: GPL-2.0-only */
/* A private page whose place root knows: it was shared before. */
#ifndef TESTS_WAYS_KNOWN_PAGE_H
#define TESTS_WAYS_KNOWN_PAGE_H

#include <linux/types.h>

#include "huge.h"

#define KNOWN_SIZE	(2 * HUGE_PAGE)
#define KNOWN_OFFSET	(3 * PAGE)

/* Each word of the page is this. */
#define KNOWN_WORD	0x57e3a11c0dedb007ULL

/**
 * struct known_page - the page, in a file that is mapped
 * @kind: the kind of file, for the table
 * @fd: the file, of KNOWN_SIZE bytes
 * @map: all of it
 * @address: the page there
 * @pfn: where in memory it is
 */
struct known_page {
	const char *kind;
	int fd;
	char *map;
	char *address;
	__u64 pfn;
};

/*
 * The functions of a KIND_FIXTURE(), by which *@state becomes a struct known_page. The
 * second one fails the test if something has changed the page meanwhile.
 */
int known_page_create(void **state);
int known_page_destroy(void **state);

#endif /* TESTS_WAYS_KNOWN_PAGE_H */
