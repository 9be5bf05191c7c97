// SPDX-License-Identifier: GPL-2.0-only
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "blame.h"
#include "stretch.h"
#include "text_file.h"
#include "unit.h"

#include "../bench/measure.h"

/* RCU's callbacks and the kernel's own threads have run by then. */
#define AFTERWARDS 200000

#define PREEMPTION "/sys/kernel/debug/sched/preempt"
#define KEPT_PAGES "/proc/sys/vm/percpu_pagelist_high_fraction"

static pthread_t watcher;
static sem_t wanted, over;
static volatile bool watching, leaving;
static __u64 longest, longest_end;
static unsigned int nr_too_long;

static __u64 now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static void sleep_until(__u64 when)
{
	const struct timespec t = {
		.tv_sec = when / 1000000000, .tv_nsec = when % 1000000000,
	};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

/* A late wake-up must not make the next one late as well. */
static void watch_operation(void)
{
	__u64 next = now(), late;

	while (watching) {
		next += STRETCH_STEP;
		sleep_until(next);
		late = now() - next;
		if (late > longest) {
			longest = late;
			longest_end = next + late;
		}
		if (late > STRETCH_STEP)
			next += late;
	}
}

static void *watch(void *unused)
{
	(void)unused;
	while (!sem_wait(&wanted) && !leaving) {
		watch_operation();
		sem_post(&over);
	}
	return NULL;
}

void stretch_begin(void)
{
	blame_begin();
	longest = 0;
	watching = true;
	/* The other task goes first, and runs until it sleeps. */
	sem_post(&wanted);
}

void stretch_end(const char *format, ...)
{
	char what[128];
	va_list args;

	usleep(AFTERWARDS);
	watching = false;
	sem_wait(&over);

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	print_message("# %s: %llu instructions%s\n", what, longest,
		      longest > STRETCH_BOUND ? ", TOO LONG" : "");
	if (longest > STRETCH_BOUND) {
		blame_print(longest_end - longest, longest_end);
		nr_too_long++;
	}
}

__u64 stretch_taken(void)
{
	nr_too_long -= longest > STRETCH_BOUND;
	return longest;
}

int stretch_teardown(void **state)
{
	unsigned int nr = nr_too_long;

	(void)state;
	nr_too_long = 0;
	if (nr)
		print_error("%u operations kept the processor for more than %u instructions\n",
			    nr, STRETCH_BOUND);
	return nr ? -1 : 0;
}

const struct fixture stretch = { .teardown = stretch_teardown };

/*
 * With preemption the kernel would make way by itself wherever no lock prevents it.
 */
static void expect_no_preemption(void)
{
	char mode[64];

	text_file_read(PREEMPTION, mode, sizeof(mode));
	if (!strstr(mode, "(none)"))
		fail_msg("the kernel is to be booted with preempt=none, not %s", mode);
}

int stretch_group_setup(void **state)
{
	const struct sched_param first = { .sched_priority = 50 };
	pthread_attr_t attributes;

	(void)state;
	expect_no_preemption();
	/*
	 * A processor keeps some thousands of freed pages. The page allocator takes
	 * them back all at once, with interrupts off, when a task frees another
	 * one.
	 */
	text_file_write(KEPT_PAGES, "1000000");
	blame_setup();
	sem_init(&wanted, 0, 0);
	sem_init(&over, 0, 0);
	pthread_attr_init(&attributes);
	pthread_attr_setinheritsched(&attributes, PTHREAD_EXPLICIT_SCHED);
	pthread_attr_setschedpolicy(&attributes, SCHED_FIFO);
	pthread_attr_setschedparam(&attributes, &first);
	errno = pthread_create(&watcher, &attributes, watch, NULL);
	expect_ok(errno ? -1 : 0, "starting the other task");
	pthread_attr_destroy(&attributes);
	settle();
	return 0;
}

int stretch_group_teardown(void **state)
{
	(void)state;
	leaving = true;
	sem_post(&wanted);
	pthread_join(watcher, NULL);
	return 0;
}
