/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kinds of memory that are compared: guest_memfd's and ours, by size of
 * page
 */
#ifndef TESTS_BENCH_BACKEND_H
#define TESTS_BENCH_BACKEND_H

#include <stdbool.h>
#include <stdint.h>

struct backend {
	const char *name;
	/* 0: KVM's own guest_memfd */
	unsigned int page_shift;
};

/* Ends with one that has no name; the others are compared with the first. */
extern const struct backend backends[];

/*
 * Whether files of that size can be created and filled with pages of the size
 * that the name says; if not, prints why.
 */
bool backend_works(const struct backend *backend, uint64_t size);

/* Creates a file of the backend; vm is needed for a guest_memfd. */
int backend_maker(const struct backend *backend, int vm);
int backend_file(const struct backend *backend, int maker, uint64_t size);

#endif /* TESTS_BENCH_BACKEND_H */
