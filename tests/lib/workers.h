/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_LIB_WORKERS_H
#define TESTS_LIB_WORKERS_H

#include <pthread.h>
#include <stdbool.h>

/*
 * Threads that make calls at random until time is up. No assertion works in a
 * thread: it notes what went wrong, and the test fails when all have ended.
 */
struct worker {
	pthread_t thread;
	void (*one_call)(struct worker *worker);
	void *arg;
	/* For rand_r() */
	unsigned int seed;
	unsigned long calls;
	/* The first call that gave an error which it must not give */
	const char *failed;
	int error;
};

/*
 * Counts a call that returned @ret and errno. Errors of which @fine says true
 * are no failure; NULL: all are.
 */
void worker_note(struct worker *worker, const char *call, long ret,
		 bool (*fine)(int error));

/* For what is no call */
void worker_failed(struct worker *worker, const char *what);

/* Starts the threads, which wait for what comes next. */
void workers_start(struct worker *workers, unsigned int count);

/*
 * Each calls its one_call again and again. Fails the test if one of them did. Takes no
 * memory, but for what the calls take.
 */
void workers_go(struct worker *workers, unsigned int count, unsigned int seconds);

/* Both */
void workers_run(struct worker *workers, unsigned int count, unsigned int seconds);

#endif /* TESTS_LIB_WORKERS_H */
