// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>
#include <string.h>

#include "shrink.h"

/* Runs of a program whose threads may meet in another way each time */
#define TRIES	4
/* Enough for any program, and an end where each run takes long */
#define MAX_RUNS	600

struct shrinking {
	struct program *program;
	struct verdict *verdict;
	unsigned int runs;
};

static bool may_run(const struct shrinking *s)
{
	return s->runs < MAX_RUNS && !s->verdict->kernel_broke;
}

static bool fails(struct shrinking *s, const struct program *program)
{
	const unsigned int tries = program->threads > 1 ? TRIES : 1;
	struct verdict verdict;

	for (unsigned int i = 0; i < tries && may_run(s); i++) {
		s->runs++;
		if (run_program(program, &verdict))
			continue;
		*s->verdict = verdict;
		return true;
	}
	return false;
}

/* Tries to leave out the operations from @start on. */
static bool leave_out_part(struct shrinking *s, unsigned int start,
			   unsigned int nr)
{
	struct program *program = s->program, less = *program;

	less.ops = calloc(program->nr_ops, sizeof(*less.ops));
	if (!less.ops)
		abort();
	less.nr_ops = program->nr_ops - nr;
	memcpy(less.ops, program->ops, start * sizeof(*less.ops));
	memcpy(less.ops + start, program->ops + start + nr,
	       (less.nr_ops - start) * sizeof(*less.ops));
	if (!fails(s, &less)) {
		program_free(&less);
		return false;
	}
	program_free(program);
	*program = less;
	return true;
}

static bool pass(struct shrinking *s, unsigned int part)
{
	bool shrunk = false;
	unsigned int start = 0;

	while (start < s->program->nr_ops && may_run(s)) {
		const unsigned int left = s->program->nr_ops - start;

		if (leave_out_part(s, start, part < left ? part : left))
			shrunk = true;
		else
			start += part;
	}
	return shrunk;
}

void shrink(struct program *program, struct verdict *verdict)
{
	struct shrinking s = { .program = program, .verdict = verdict };
	unsigned int part = program->nr_ops / 2;
	bool shrunk;

	while (part) {
		shrunk = pass(&s, part);
		if (part > 1)
			part /= 2;
		else if (!shrunk)
			part = 0;
	}
}
