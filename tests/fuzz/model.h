/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The model of a file: the rules of allocation, of attributes and of content, as the
 * headers and module/store/add.c say them. Page offsets count from where the
 * thread's part of the file begins.
 */
#ifndef TESTS_FUZZ_MODEL_H
#define TESTS_FUZZ_MODEL_H

#include "world.h"

static inline bool file_exists(const struct file *f)
{
	return f->pages;
}

/* The file if it exists and has a descriptor, or NULL */
struct file *file_of(struct world *w, __u64 index);
int file_fd(const struct file *f);

void model_create(struct file *f, __u64 size, __u64 flags, unsigned int shift);
/* Forgets a file if neither descriptor, mapping nor slot keeps it. */
void model_drop(struct world *w, struct file *f);

/**
 * struct range - of a file
 * @offset: in bytes, in all of the file
 * @bad: the module refuses it; it has no pages
 * @start: first page, from where the thread's part begins
 * @end: page behind it
 */
struct range {
	__u64 offset;
	bool bad;
	unsigned int start;
	unsigned int end;
};

/*
 * As file_of(), and a range of it, or NULL if the range belongs to other threads.
 * @offset: in bytes, from where the thread's part begins
 */
struct file *file_range(struct world *w, __u64 index, __u64 offset, __u64 size,
			struct range *range);

static inline __u64 file_offset(const struct file *f, __u64 offset)
{
	return f->base * PAGE + offset;
}

/*
 * A page, or a range, that is wanted. Missing pages are allocated; @until: pages up
 * to here may come with it. Return 0 or -ENOMEM.
 */
int model_touch(struct world *w, struct file *f, unsigned int index,
		unsigned int until);
int model_fill(struct world *w, struct file *f, unsigned int start,
	       unsigned int end);
bool model_charge(struct world *w, unsigned int nr);

/* Asks the kernel in which pages it has allocated a block or a batch. */
void model_settle(struct world *w, struct file *f);

void model_punch(struct world *w, struct file *f, unsigned int start,
		 unsigned int end);

/* An access of the host through a mapping: 0 or SIGBUS */
int model_host_access(struct world *w, struct file *f, unsigned int index);

struct content content_of(__u64 value);
/* Fails unless the page has that content. */
void check_content(struct world *w, const void *page, struct content content,
		   const char *what);

__u64 model_there(const struct file *f);
__u64 model_shared(const struct file *f);

#endif
