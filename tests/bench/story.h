/* SPDX-License-Identifier: GPL-2.0-only */
/* The steps of a file's life and of its memory's; most of them are measured. */
#ifndef TESTS_BENCH_STORY_H
#define TESTS_BENCH_STORY_H

#include <stdint.h>

#include "backend.h"
#include "bare_vm.h"

#include "../kvm/vm.h"

/*
 * Mapped: in the guest. First: the prefault or touch also allocates. There: the
 * page is allocated, but no guest has had it. Again: the guest's mapping was
 * removed, the page stayed.
 */
enum row {
	FALLOCATE,
	PUNCH,
	PUNCH_MAPPED,
	CLOSE,
	CLOSE_MAPPED,
	PREFAULT_FIRST,
	PREFAULT_THERE,
	PREFAULT_AGAIN,
	TOUCH_FIRST,
	TOUCH_THERE,
	TOUCH_AGAIN,
	CREATE_CLOSE,
	ROWS
};

extern const char *const row_names[ROWS];

/* CREATE_CLOSE makes so many calls. */
#define CREATE_CALLS	64

enum figure {
	/* of the time stamp counter */
	TICKS,
	EXITS,
	FLUSHES,
	FIGURES
};

/* Of a whole step */
struct sample {
	double figures[FIGURES];
};

/* A backend and the VM that its memory is for */
struct subject {
	const struct backend *backend;
	struct bare_vm vm;
	int vm_stats;
	int cpu_stats;
	int maker;

	/* Of the row's story */
	uint64_t size;
	struct slot slot;
};

void subject_open(struct subject *subject, const struct backend *backend);
void subject_close(struct subject *subject);

/* From no file to no file, with files of that size. One sample for each row. */
void story_tell(struct subject *subject, uint64_t size,
		struct sample samples[ROWS]);

#endif /* TESTS_BENCH_STORY_H */
