// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cost of a guest's memory from its allocation to its end, beside
 * guest_memfd in the same boot, and that of ordinary memory. To be run with a
 * clock that counts instructions:
 *
 *   scripts/vm --icount --bring build/tests/bench/rows -- ./rows [MIB]...
 *
 * Prints CSV: backend, row, MiB, value, unit, exits, flushes. Exits of the guest
 * and TLB flushes that KVM asked for are those of the whole operation. A value
 * is the median of some rounds, the first of which doesn't count.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "bookkeeping.h"
#include "device.h"
#include "huge.h"
#include "measure.h"
#include "story.h"
#include "yardsticks.h"

#define MAX_ROUNDS	5

#define BY_PAGE	"instructions/page"
#define THP	"anonymous THP"

/* Including the round that doesn't count. A boot shouldn't take many minutes. */
static unsigned int nr_rounds(uint64_t size)
{
	if (size >= 256 * MIB)
		return 2;
	return size >= 64 * MIB ? 3 : MAX_ROUNDS;
}

/*
 * The first round makes the one-time preparations, for which part of the size is
 * enough.
 */
static uint64_t round_size(const struct backend *backend, uint64_t size,
			   unsigned int round)
{
	uint64_t least = 1ULL << backend->page_shift;

	if (least < 16 * MIB)
		least = 16 * MIB;
	return !round && least < size ? least : size;
}

static void print_line(const char *backend, const char *row, uint64_t size,
		       double value, const char *unit)
{
	printf("%s,%s,%llu,%.1f,%s,", backend, row, size / MIB, value, unit);
}

static void end_line(const struct sample *sample)
{
	if (sample)
		printf("%.0f,%.0f\n", sample->figures[EXITS],
		       sample->figures[FLUSHES]);
	else
		puts(",");
	fflush(stdout);
}

static void print_row(const struct backend *backend, uint64_t size,
		      enum row row, const struct sample *sample)
{
	double ticks = sample->figures[TICKS];

	if (row == CREATE_CLOSE)
		print_line(backend->name, row_names[row], size,
			   ticks / CREATE_CALLS, "instructions/call");
	else
		print_line(backend->name, row_names[row], size,
			   ticks / (size / PAGE), BY_PAGE);
	end_line(sample);
}

static struct sample middle(struct sample samples[][ROWS], unsigned int rounds,
			    enum row row)
{
	double values[MAX_ROUNDS];
	struct sample sample;

	for (enum figure figure = 0; figure < FIGURES; figure++) {
		for (unsigned int i = 0; i < rounds; i++)
			values[i] = samples[i][row].figures[figure];
		sample.figures[figure] = median(values, rounds);
	}
	return sample;
}

static void report_rows(const struct backend *backend, uint64_t size)
{
	struct sample samples[MAX_ROUNDS][ROWS], sample;
	unsigned int rounds = nr_rounds(size);
	struct subject subject;

	subject_open(&subject, backend);
	for (unsigned int i = 0; i < rounds; i++)
		story_tell(&subject, round_size(backend, size, i), samples[i]);
	subject_close(&subject);

	for (enum row row = 0; row < ROWS; row++) {
		sample = middle(samples, rounds, row);
		print_row(backend, size, row, &sample);
	}
}

static void report_yardsticks(uint64_t size)
{
	double populate[MAX_ROUNDS], unmap[MAX_ROUNDS];
	unsigned int rounds = nr_rounds(size);
	struct yardsticks yardsticks;

	for (unsigned int i = 0; i < rounds; i++) {
		yardsticks = yardsticks_measure(size);
		populate[i] = yardsticks.populate / (size / PAGE);
		unmap[i] = yardsticks.unmap / (size / PAGE);
	}
	print_line(THP, "populate", size, median(populate, rounds), BY_PAGE);
	end_line(NULL);
	print_line(THP, "unmap", size, median(unmap, rounds), BY_PAGE);
	end_line(NULL);
}

/*
 * The memory for a file's records of its pages: all slab that is allocated with
 * them
 */
static void report_bookkeeping(const struct backend *backend, uint64_t size)
{
	struct bookkeeping before, after;
	struct subject subject;
	int fd;

	subject_open(&subject, backend);
	fd = backend_file(backend, subject.maker, size);
	before = bookkeeping_now("radix_tree_node");
	if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, size))
		err(1, "%s: fallocate", backend->name);
	after = bookkeeping_now("radix_tree_node");
	close(fd);
	subject_close(&subject);

	print_line(backend->name, "bookkeeping", size,
		   (after.group - before.group) * (GIB / size), "bytes/GiB");
	end_line(NULL);
}

static void with_each_backend(void (*report)(const struct backend *, uint64_t),
			      uint64_t size)
{
	for (const struct backend *backend = backends; backend->name; backend++)
		if (backend_works(backend, size))
			report(backend, size);
}

int main(int argc, char **argv)
{
	static char *usual[] = { "16", "64", "256", "1024", NULL };
	char **sizes = argc > 1 ? argv + 1 : usual;
	uint64_t size = 0;

	if (gigantic_give_back() < 0)
		warnx("no memory is reserved for pages of 1 GiB");
	settle();
	for (char **mib = sizes; *mib; mib++) {
		size = strtoull(*mib, NULL, 0) * MIB;
		with_each_backend(report_rows, size);
		report_yardsticks(size);
	}
	bookkeeping_start();
	with_each_backend(report_bookkeeping, size);
	return 0;
}
