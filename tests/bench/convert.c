// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cost of a page's round trip private -> shared -> private, in place and
 * with guest_memfd in the same boot. To be run with a clock that counts
 * instructions:
 *
 *   scripts/vm --icount --bring build/tests/bench/convert -- ./convert [KIB]...
 *
 * Ways to go: in place; guest_memfd with discarded pages, the guest copying
 * its own words or the host's (it alone can read private memory), with small or
 * huge pages on the shared side; the same without copying, the guest writing
 * all of it again, which is the least possible work.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <x86intrin.h>

#include "measure.h"
#include "trip.h"
#include "unit.h"

#include "../demo/stats.h"

#define ROUNDS	8
#define WAYS	5

#define TLB_FLUSH "/sys/kernel/tracing/events/tlb/tlb_flush/"
/* Key 0 are those of task switches. */
#define COUNT_FLUSHES "hist:keys=reason if reason != 0"

#define BIT(n)	(1U << (n))

/* The rows of the report: each is the sum of some steps */
static const struct line {
	const char *name;
	unsigned int steps;
} lines[] = {
	{ "guest writes",		BIT(GUEST_WRITES) },
	{ "guest copies",		BIT(GUEST_SAVES) },
	{ "call: to shared",		BIT(TO_SHARED) },
	{ "guest copies/writes",	BIT(GUEST_SHARES) },
	{ "host reads",			BIT(HOST_READS) },
	{ "host writes",		BIT(HOST_WRITES) },
	{ "guest copies",		BIT(GUEST_FETCHES) },
	{ "call: to private",		BIT(TO_PRIVATE) },
	{ "guest copies/writes",	BIT(GUEST_RESTORES) },
	{ "guest reads",		BIT(GUEST_READS) },
	{ "both calls",	BIT(TO_SHARED) | BIT(TO_PRIVATE) },
	{ "to the host",	BIT(HOST_WRITES) - 1 },
	{ "to the guest",	BIT(STEPS) - BIT(HOST_WRITES) },
	{ "round trip",	BIT(STEPS) - 1 },
};

static bool is_sum(const struct line *line)
{
	return line->steps & (line->steps - 1);
}

/* Per round trip, not per page */
enum event {
	EXITS,
	KVM_FLUSHES,
	HOST_FAULTS,
	HOST_FLUSHES,
	EVENTS
};

static const char *const event_names[EVENTS] = {
	[EXITS]		= "exits of the guest",
	[KVM_FLUSHES]	= "TLB flushes by KVM",
	[HOST_FAULTS]	= "page faults of the host",
	[HOST_FLUSHES]	= "TLB flushes of the host",
};

struct cost {
	double lines[ARRAY_SIZE(lines)];
	double events[EVENTS];
};

static void round_trip(struct trip *trip, uint64_t ticks[STEPS])
{
	uint64_t start;

	for (int i = 0; i < STEPS; i++) {
		ticks[i] = 0;
		if (!trip->way->steps[i])
			continue;
		start = __rdtsc();
		trip->way->steps[i](trip);
		ticks[i] = __rdtsc() - start;
	}
}

static void read_counters(const struct trip *trip, double events[EVENTS])
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	events[EXITS] = stats_get(trip->vm.cpu.fd, "exits");
	events[KVM_FLUSHES] = stats_get(trip->vm.fd, "remote_tlb_flush_requests");
	events[HOST_FAULTS] = usage.ru_minflt;
}

static void set_trigger(const char *trigger)
{
	FILE *file = fopen(TLB_FLUSH "trigger", "w");

	if (!file || fputs(trigger, file) < 0 || fclose(file))
		err(1, "%s to " TLB_FLUSH "trigger", trigger);
}

static double count_flushes(struct trip *trip)
{
	uint64_t ticks[STEPS];
	double hits = -1;
	char line[256];
	FILE *file;

	set_trigger(COUNT_FLUSHES);
	round_trip(trip, ticks);
	file = fopen(TLB_FLUSH "hist", "r");
	while (file && fgets(line, sizeof(line), file))
		sscanf(line, " Hits: %lf", &hits);
	if (hits < 0)
		errx(1, "no hits in " TLB_FLUSH "hist");
	fclose(file);
	set_trigger("!" COUNT_FLUSHES);
	return hits;
}

static void measure(const struct way *way, uint64_t size, unsigned int words,
		    struct cost *cost)
{
	double values[ARRAY_SIZE(lines)][ROUNDS] = { };
	double before[EVENTS], after[EVENTS];
	double events[EVENTS][ROUNDS];
	uint64_t ticks[STEPS];
	struct trip trip;

	trip_open(&trip, way, size, words);
	for (int round = 0; round < ROUNDS; round++) {
		read_counters(&trip, before);
		round_trip(&trip, ticks);
		read_counters(&trip, after);

		for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
			for (int step = 0; step < STEPS; step++)
				if (lines[i].steps & BIT(step))
					values[i][round] += ticks[step];
		for (int i = 0; i < HOST_FLUSHES; i++)
			events[i][round] = after[i] - before[i];
	}
	for (size_t i = 0; i < ARRAY_SIZE(lines); i++)
		cost->lines[i] = median(values[i], ROUNDS) / (size / 4096);
	for (int i = 0; i < HOST_FLUSHES; i++)
		cost->events[i] = median(events[i], ROUNDS);
	cost->events[HOST_FLUSHES] = count_flushes(&trip);
	trip_close(&trip);
}

static void report(uint64_t size, unsigned int words)
{
	static struct cost costs[WAYS];
	unsigned int way;

	printf("\n%lu KiB, %u words of each page are written and read\n%-24s",
	       size >> 10, words, "a page:");
	for (way = 0; way < WAYS; way++) {
		measure(&ways[way], size, words, &costs[way]);
		printf(way ? "   %-12s" : " %8s", ways[way].name);
	}

	for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
		printf("\n%-24s%9.0f", lines[i].name, costs[0].lines[i]);
		for (way = 1; way < WAYS; way++) {
			printf("%8.0f", costs[way].lines[i]);
			if (is_sum(&lines[i]))
				printf(" (%.2f)", costs[0].lines[i] /
						  costs[way].lines[i]);
			else
				printf("%7s", "");
		}
	}

	printf("\na round trip:");
	for (int i = 0; i < EVENTS; i++) {
		printf("\n%-24s%9.0f", event_names[i], costs[0].events[i]);
		for (way = 1; way < WAYS; way++)
			printf("%8.0f%7s", costs[way].events[i], "");
	}
	puts("");
	fflush(stdout);
}

int main(int argc, char **argv)
{
	static char *usual[] = { "64", "2048", "16384", NULL };
	const unsigned int words[] = { 1, 512 };

	settle();
	puts("Ticks of the time stamp counter (instructions with --icount) a page;\n"
	     "in parentheses: in place / this way.");
	for (char **kib = argc > 1 ? argv + 1 : usual; *kib; kib++)
		for (size_t i = 0; i < ARRAY_SIZE(words); i++)
			report(strtoull(*kib, NULL, 0) << 10, words[i]);
	return 0;
}
