/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_VMM_HOST_MEMORY_H
#define TESTS_VMM_HOST_MEMORY_H

#include <linux/types.h>

/**
 * struct host_search - the result of a search
 * @bytes: of memory were looked at
 * @pages: how many of its pages hold the text
 */
struct host_search {
	__u64 bytes;
	__u64 pages;
};

/*
 * Looks for pages that hold some hundred bytes of @text, again and again, in all memory of the
 * machine, as its kernel can read it: through /proc/kcore, which only root may read. The text's
 * length is a multiple of 8. One copy of the text alone isn't counted: a console that has
 * shown it has that. Prints an error and exits if memory can't be read.
 */
struct host_search host_memory_search(const char *text);

#endif /* TESTS_VMM_HOST_MEMORY_H */
