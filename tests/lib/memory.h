/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_LIB_MEMORY_H
#define TESTS_LIB_MEMORY_H

#include <stddef.h>

/*
 * Memory of this process that ends where an unmapped range begins, so that
 * reaching one byte too far is an EFAULT. Returns its first byte, whose address a
 * 32-bit program could have.
 */
void *guarded_map(size_t size);
void guarded_unmap(void *start, size_t size);

/* The last @size bytes of a guarded mapping of one page. */
void *guarded_tail(void *start, size_t size);

/* A pointer that the kernel must refuse for data of any kind. */
struct bad_pointer {
	const char *name;
	void *pointer;
};

/* Ends with an entry that has no name. */
extern const struct bad_pointer bad_pointers[];

/* Makes a guarded mapping of one page read-only. */
void make_read_only(void *start);

#endif /* TESTS_LIB_MEMORY_H */
