/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_LIB_WORKERS_H
#define TESTS_LIB_WORKERS_H

#include <pthread.h>
#include <stdbool.h>

/*
 * Threads that make calls at random until time is up. No assertion works in a thread:
 * the thread notes its failure, and the test fails when all have ended.
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
 * Counts a call that returned @ret and errno. Errors of which @fine says true are no
 * failure; NULL: all errors are.
 */
void worker_note(struct worker *worker, const char *call, long ret,
		 bool (*fine)(int error));

/* Notes a failure that is no call's. */
void worker_failed(struct worker *worker, const char *what);

/* Starts the threads, which then wait for workers_go(). */
void workers_start(struct worker *workers, unsigned int count);

/*
 * Each thread calls its one_call again and again. Fails the test if a thread has noted
 * a failure. Takes no memory, but for that of the calls.
 */
void workers_go(struct worker *workers, unsigned int count, unsigned int seconds);

/* Starts and finishes them. */
void workers_run(struct worker *workers, unsigned int count, unsigned int seconds);

#endif /* TESTS_LIB_WORKERS_H */
