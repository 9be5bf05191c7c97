/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The files and VMs of a thread of a program, and the thread's knowledge of them
 */
#ifndef TESTS_FUZZ_WORLD_H
#define TESTS_FUZZ_WORLD_H

#include <stdbool.h>
#include <linux/types.h>

#include "../kvm/vcpu.h"
#include "device.h"
#include "huge.h"
#include "program.h"

#define FILES		4
/* The file of all threads, each of which has a part of it */
#define COMMON_FILE	3
#define COMMON_PAGES	(2 * HUGE_PAGES)
#define PAGES_MAX	(5 * HUGE_PAGES)
#define FDS_MAX		3
#define WINDOWS		2
#define HOLDS		16
#define VMS		2
#define SLOTS		3
#define GUEST_GPA	0x8000000ULL
#define GUEST_PAGES	8192ULL

/* All words of a page but the first and the last are the same. */
struct content {
	__u64 first;
	__u64 rest;
	__u64 last;
};

struct page {
	struct content content;
	bool there;
	bool shared;
	bool has_policy;
	/* It still lies where its block was allocated at once */
	bool in_one_piece;
	/* How many times it is in the pipe */
	unsigned int pinned;
};

/* Pages that were allocated together, if memory was there */
struct fresh {
	unsigned int start;
	unsigned int nr;
	unsigned int wanted;
	/* The outcome depends on a part of the file that isn't known. */
	bool maybe;
};

#define FRESH_MAX	64

struct window {
	char *at;
	unsigned int first;
	unsigned int pages;
	bool read_only;
};

struct file {
	int fds[FDS_MAX];
	unsigned int nr_fds;
	unsigned int nr_bindings;
	bool common;
	__u64 flags;
	unsigned int shift;
	__u64 size;
	/* Page offset in the file of our part, and its number of pages */
	unsigned int base;
	unsigned int nr;
	struct page *pages;
	bool huge[PAGES_MAX / HUGE_PAGES + 1];
	struct window windows[WINDOWS];
	struct fresh fresh[FRESH_MAX];
	unsigned int nr_fresh;
};

/* A page in the pipe: of a file, or formerly of one */
struct hold {
	struct file *file;
	unsigned int page;
	struct content content;
};

struct slot_of {
	struct file *file;
	unsigned int first;
	unsigned int pages;
	/* In pages, from GUEST_GPA on */
	unsigned int at;
};

struct vm_of {
	bool there;
	int fd;
	int low;
	struct vcpu cpu;
	struct slot_of slots[SLOTS];
	bool private[GUEST_PAGES];
};

struct verdict;

struct world {
	unsigned int thread;
	const struct program *program;
	/* The operation under way */
	const struct op *op;
	struct verdict *verdict;
	int device;
	int pipe[2];
	struct hold holds[HOLDS];
	unsigned int nr_holds;
	struct file files[FILES];
	struct vm_of vms[VMS];
	/* Pages that are charged, and the most that may be */
	__u64 charged;
	__u64 limit;
	/* The model of a platform splits huge pages whenever it likes. */
	bool platform;
	unsigned long done;
	unsigned long left_out;
	unsigned long fallbacks;
};

#define NO_LIMIT	(~0ULL)

/* Ends the process: the kernel contradicts the model. */
void __attribute__((__format__(printf, 2, 3), __noreturn__))
wrong(struct world *world, const char *format, ...);

/* @ret: of a system call; @error: the expected result, 0 or a negative errno */
void expect_result(struct world *world, long ret, int error, const char *call);

/* The operation has nothing to work on. Such operations are counted. */
void leave_out(struct world *world);

#endif
