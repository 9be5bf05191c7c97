// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs as text: a line that says how to run the program, then one for each
 * operation
 */
#include <stdlib.h>
#include <string.h>

#include "program.h"

/* Between the words of a line, and at its end */
#define BLANKS	"\t\n "

static const struct {
	const char *name;
	const char *args[OP_ARGS];
} kinds[NR_OPS] = {
	[OP_CREATE] = { "create", { "file", "size", "flags", "shift", "bad" } },
	[OP_CLOSE] = { "close", { "file" } },
	[OP_DUP] = { "dup", { "file" } },
	[OP_FALLOCATE] = { "fallocate", { "file", "mode", "offset", "size" } },
	[OP_POPULATE] = { "populate", { "file", "offset", "size", "source",
					"at", "value" } },
	[OP_CONVERT] = { "convert", { "file", "offset", "size", "attributes",
				      "flags" } },
	[OP_COLLAPSE] = { "collapse", { "file", "offset", "size", "flags" } },
	[OP_POLICY] = { "policy", { "file", "offset", "size", "mode", "nodes",
				    "bits" } },
	[OP_SEEK] = { "seek", { "file", "whence", "offset" } },
	[OP_STAT] = { "stat", { "file" } },
	[OP_REFUSED] = { "refused", { "file", "which" } },
	[OP_MAP] = { "map", { "file", "window", "offset", "size", "how" } },
	[OP_UNMAP] = { "unmap", { "file", "window" } },
	[OP_ADVISE] = { "advise", { "file", "window" } },
	[OP_READ] = { "read", { "file", "window", "page" } },
	[OP_WRITE] = { "write", { "file", "window", "page", "where", "value" } },
	[OP_HOLD] = { "hold", { "file", "window", "page", "count" } },
	[OP_RELEASE] = { "release", { NULL } },
	[OP_REMOTE] = { "remote", { "file", "window", "page", "count" } },
	[OP_VM] = { "vm", { "vm" } },
	[OP_DESTROY] = { "destroy", { "vm" } },
	[OP_SLOT] = { "slot", { "vm", "slot", "file", "offset", "gpa", "size" } },
	[OP_DELETE] = { "delete", { "vm", "slot" } },
	[OP_ATTRIBUTES] = { "attributes", { "vm", "gpa", "size", "value" } },
	[OP_GUEST_READ] = { "guest-read", { "vm", "gpa" } },
	[OP_GUEST_WRITE] = { "guest-write", { "vm", "gpa", "where", "value" } },
	[OP_PREFAULT] = { "prefault", { "vm", "gpa", "size" } },
	[OP_LIMIT] = { "limit", { "pages" } },
};

static const char *const modes[NR_MODES] = {
	[MODE_EXACT] = "exact",
	[MODE_LIMITED] = "limited",
	[MODE_COLLIDE] = "collide",
};

const char *op_name(enum op_kind kind)
{
	return kinds[kind].name;
}

const char *op_arg_name(enum op_kind kind, unsigned int arg)
{
	return arg < OP_ARGS ? kinds[kind].args[arg] : NULL;
}

void op_format(const struct op *op, char *text, size_t size)
{
	const char *name;
	size_t used;

	used = snprintf(text, size, "%u %s", op->thread, op_name(op->kind));
	for (unsigned int i = 0; (name = op_arg_name(op->kind, i)); i++) {
		if (used >= size)
			return;
		used += snprintf(text + used, size - used, " %s=%#llx", name,
				 op->arg[i]);
	}
}

void program_print(const struct program *program, FILE *out)
{
	char text[256];

	fprintf(out, "program %s threads=%u charged=%d\n", modes[program->mode],
		program->threads, program->charged);
	for (unsigned int i = 0; i < program->nr_ops; i++) {
		op_format(&program->ops[i], text, sizeof(text));
		fprintf(out, "%s\n", text);
	}
}

static bool read_head(struct program *program, const char *line)
{
	unsigned int charged;
	char mode[16];

	if (sscanf(line, "program %15s threads=%u charged=%u", mode,
		   &program->threads, &charged) != 3 ||
	    !program->threads || program->threads > THREADS_MAX)
		return false;
	program->charged = charged;
	for (int i = 0; i < NR_MODES; i++) {
		program->mode = i;
		if (!strcmp(mode, modes[i]))
			return true;
	}
	return false;
}

static bool read_arg(struct op *op, const char *word)
{
	const char *value = strchr(word, '=');
	const char *name;
	char *end;

	for (unsigned int i = 0; (name = op_arg_name(op->kind, i)); i++) {
		if (!value || strlen(name) != (size_t)(value - word) ||
		    strncmp(word, name, strlen(name)))
			continue;
		op->arg[i] = strtoull(value + 1, &end, 0);
		return end != value + 1 && !*end;
	}
	return false;
}

static bool read_op(struct op *op, char *line, unsigned int threads)
{
	char *rest, *word = strtok_r(line, BLANKS, &rest);

	*op = (struct op){ .thread = atoi(word), .kind = NR_OPS };
	word = strtok_r(NULL, BLANKS, &rest);
	for (int i = 0; word && i < NR_OPS; i++) {
		if (!strcmp(word, op_name(i)))
			op->kind = i;
	}
	if (op->kind == NR_OPS || op->thread >= threads)
		return false;
	while ((word = strtok_r(NULL, BLANKS, &rest))) {
		if (!read_arg(op, word))
			return false;
	}
	return true;
}

static bool is_comment(const char *line)
{
	return *line == '#' || *line == '\n' || !*line;
}

bool program_read(struct program *program, FILE *in)
{
	bool fine = true, has_head = false;
	struct op *ops;
	char line[256];

	*program = (struct program){ .threads = 1 };
	while (fine && fgets(line, sizeof(line), in)) {
		if (is_comment(line))
			continue;
		if (!has_head) {
			has_head = read_head(program, line);
			fine = has_head;
			continue;
		}
		ops = reallocarray(program->ops, program->nr_ops + 1,
				   sizeof(*program->ops));
		if (!ops)
			abort();
		program->ops = ops;
		fine = read_op(&ops[program->nr_ops++], line, program->threads);
	}
	if (!fine || !has_head)
		fprintf(stderr, "no program; the line is: %s\n", line);
	return fine && has_head;
}

void program_free(struct program *program)
{
	free(program->ops);
	program->ops = NULL;
	program->nr_ops = 0;
}
