// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <linux/perf_event.h>

#include "blame.h"
#include "device.h"
#include "unit.h"

/* Between two samples, in nanoseconds */
#define PERIOD 50000

/* Room for the samples of some seconds */
#define RING (16 * MIB)

/* The number of callers that a sample has */
#define DEPTH 6

/* The most callers that are printed */
#define MAX_SHOWN 6

struct symbol {
	__u64 address;
	char name[56];
};

/* A record of the ring, with what blame_setup() asks for */
struct sample {
	struct perf_event_header header;
	__u64 time;
	__u64 nr;
	__u64 callers[];
};

struct seen {
	__u64 callers[DEPTH];
	unsigned int times;
};

static struct perf_event_mmap_page *control;
static char *ring;
static struct symbol *symbols;
static size_t nr_symbols;

static int by_address(const void *a, const void *b)
{
	const struct symbol *x = a, *y = b;

	return (x->address > y->address) - (x->address < y->address);
}

static void read_symbols(void)
{
	FILE *file = fopen("/proc/kallsyms", "r");
	struct symbol symbol;
	char line[256], type;

	assert_non_null(file);
	while (fgets(line, sizeof(line), file)) {
		if (sscanf(line, "%llx %c %55s", &symbol.address, &type,
			   symbol.name) != 3 || !strchr("tTwW", type))
			continue;
		if (!(nr_symbols & (nr_symbols - 1))) {
			symbols = realloc(symbols, (2 * nr_symbols + 1) *
						   sizeof(*symbols));
			assert_non_null(symbols);
		}
		symbols[nr_symbols++] = symbol;
	}
	fclose(file);
	qsort(symbols, nr_symbols, sizeof(*symbols), by_address);
}

static const char *name_of(__u64 address)
{
	size_t low = 0, high = nr_symbols, middle;

	while (high - low > 1) {
		middle = (low + high) / 2;
		if (symbols[middle].address <= address)
			low = middle;
		else
			high = middle;
	}
	return nr_symbols ? symbols[low].name : "?";
}

void blame_setup(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.size = sizeof(attr),
		.config = PERF_COUNT_SW_CPU_CLOCK,
		.sample_period = PERIOD,
		.sample_type = PERF_SAMPLE_TIME | PERF_SAMPLE_CALLCHAIN,
		.exclude_callchain_user = 1,
		.sample_max_stack = DEPTH + 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
	};
	int fd;

	if (!getenv("LATENCY_BLAME"))
		return;
	fd = expect_ok(syscall(SYS_perf_event_open, &attr, -1, 0, -1,
			       PERF_FLAG_FD_CLOEXEC), "perf_event_open");
	control = mmap(NULL, PAGE + RING, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
		       0);
	expect_ok(control == MAP_FAILED ? -1 : 0, "mmap");
	ring = (char *)control + PAGE;
	read_symbols();
}

void blame_begin(void)
{
	if (control)
		__atomic_store_n(&control->data_tail,
				 __atomic_load_n(&control->data_head,
						 __ATOMIC_ACQUIRE),
				 __ATOMIC_RELEASE);
}

/* The first entry of the chain says of which kind the others are. */
static void note(struct seen *seen, size_t *nr, const struct sample *sample)
{
	struct seen one = { .times = 1 };
	size_t i;

	for (i = 0; i < DEPTH && i + 1 < sample->nr; i++)
		one.callers[i] = sample->callers[i + 1];
	/* The place within the function doesn't matter. */
	for (i = 0; i < DEPTH && one.callers[i]; i++)
		one.callers[i] = (uintptr_t)name_of(one.callers[i]);
	for (i = 0; i < *nr; i++) {
		if (!memcmp(seen[i].callers, one.callers, sizeof(one.callers))) {
			seen[i].times++;
			return;
		}
	}
	if (*nr < 1024)
		seen[(*nr)++] = one;
}

static int by_times(const void *a, const void *b)
{
	const struct seen *x = a, *y = b;

	return (x->times < y->times) - (x->times > y->times);
}

static void print_seen(const struct seen *seen, unsigned int all)
{
	char text[DEPTH * sizeof(symbols->name) + 32];
	size_t at = snprintf(text, sizeof(text), "%3u %%", seen->times * 100 / all);

	for (size_t i = 0; i < DEPTH && seen->callers[i]; i++)
		at += snprintf(text + at, sizeof(text) - at, " < %s",
			       (const char *)(uintptr_t)seen->callers[i]);
	print_message("#   %s\n", text);
}

void blame_print(__u64 start, __u64 end)
{
	static struct seen seen[1024];
	static char record[4096];
	unsigned int all = 0;
	__u64 at, head;
	size_t nr = 0;

	if (!control)
		return;
	head = __atomic_load_n(&control->data_head, __ATOMIC_ACQUIRE);
	for (at = control->data_tail; at < head;) {
		struct sample *sample = (struct sample *)record;
		struct perf_event_header header;

		/* Records are whole words, but may go on at the ring's start. */
		memcpy(&header, ring + at % RING, sizeof(header));
		assert_true(header.size >= sizeof(header) &&
			    header.size <= sizeof(record));
		for (__u64 i = 0; i < header.size; i += 8)
			memcpy(record + i, ring + (at + i) % RING, 8);
		at += header.size;
		if (header.type == PERF_RECORD_SAMPLE && sample->time >= start &&
		    sample->time <= end) {
			note(seen, &nr, sample);
			all++;
		}
	}
	qsort(seen, nr, sizeof(*seen), by_times);
	for (size_t i = 0; i < nr && i < MAX_SHOWN; i++)
		print_seen(&seen[i], all);
}
