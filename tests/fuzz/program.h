/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A program: the operations of some threads. All of it is in the numbers, so that
 * it can be printed, read back, run again and cut short. An operation that finds
 * nothing to work on leaves it out: any part of a program is a program.
 */
#ifndef TESTS_FUZZ_PROGRAM_H
#define TESTS_FUZZ_PROGRAM_H

#include <stdbool.h>
#include <stdio.h>
#include <linux/types.h>

enum op_kind {
	OP_CREATE, OP_CLOSE, OP_DUP, OP_FALLOCATE, OP_POPULATE, OP_CONVERT,
	OP_COLLAPSE, OP_POLICY, OP_SEEK, OP_STAT, OP_REFUSED,
	OP_MAP, OP_UNMAP, OP_ADVISE, OP_READ, OP_WRITE, OP_HOLD, OP_RELEASE,
	OP_REMOTE,
	OP_VM, OP_DESTROY, OP_SLOT, OP_DELETE, OP_ATTRIBUTES, OP_GUEST_READ,
	OP_GUEST_WRITE, OP_PREFAULT,
	OP_LIMIT,
	NR_OPS,
};

#define OP_ARGS 6

struct op {
	unsigned char thread;
	unsigned char kind;
	__u64 arg[OP_ARGS];
};

/*
 * EXACT: each thread has files of its own and its own part of a common one, so
 * that the result of each operation is known. LIMITED: one thread, whose locked
 * memory is limited. COLLIDE: all threads work on the same files, and only rules
 * that hold in any order are checked.
 */
enum mode { MODE_EXACT, MODE_LIMITED, MODE_COLLIDE, NR_MODES };

#define THREADS_MAX 4

struct program {
	enum mode mode;
	unsigned int threads;
	/* Without CAP_IPC_LOCK: pages are charged to RLIMIT_MEMLOCK. */
	bool charged;
	struct op *ops;
	unsigned int nr_ops;
};

const char *op_name(enum op_kind kind);
/* NULL after the last one */
const char *op_arg_name(enum op_kind kind, unsigned int arg);

void op_format(const struct op *op, char *text, size_t size);
void program_print(const struct program *program, FILE *out);
/* Returns false, with a message, if the text is no program. */
bool program_read(struct program *program, FILE *in);
void program_free(struct program *program);

#endif
