// SPDX-License-Identifier: GPL-2.0-only
#include <stdatomic.h>
#include <string.h>

#include "poll_until.h"
#include "unit.h"
#include "workers.h"

static pthread_barrier_t together;
static double end;
static atomic_bool stopped;

void worker_note(struct worker *worker, const char *call, long ret,
		 bool (*fine)(int error))
{
	worker->calls++;
	if (ret >= 0 || (fine && fine(errno)) || worker->failed)
		return;
	worker->failed = call;
	worker->error = errno;
}

void worker_failed(struct worker *worker, const char *what)
{
	errno = 0;
	worker_note(worker, what, -1, NULL);
}

static void *work(void *arg)
{
	struct worker *worker = arg;

	pthread_barrier_wait(&together);
	/* At least one call, however late the thread gets its turn */
	do {
		worker->one_call(worker);
	} while (!stopped && !worker->failed && seconds_now() < end);
	/*
	 * Further calls of the others would only cover up how the failure came
	 * about.
	 */
	if (worker->failed)
		stopped = true;
	return NULL;
}

void workers_start(struct worker *workers, unsigned int count)
{
	unsigned int i;

	assert_int_equal(pthread_barrier_init(&together, NULL, count + 1), 0);
	for (i = 0; i < count; i++) {
		workers[i].seed = i + 1;
		assert_int_equal(pthread_create(&workers[i].thread, NULL, work,
						&workers[i]), 0);
	}
}

void workers_go(struct worker *workers, unsigned int count, unsigned int seconds)
{
	unsigned int i;

	end = seconds_now() + seconds;
	stopped = false;
	pthread_barrier_wait(&together);
	for (i = 0; i < count; i++)
		assert_int_equal(pthread_join(workers[i].thread, NULL), 0);
	pthread_barrier_destroy(&together);
	for (i = 0; i < count; i++) {
		if (workers[i].failed) {
			print_error("thread %u: %s: %s\n", i, workers[i].failed,
				    strerror(workers[i].error));
			fail();
		}
		if (!stopped)
			assert_int_not_equal(workers[i].calls, 0);
	}
}

void workers_run(struct worker *workers, unsigned int count, unsigned int seconds)
{
	workers_start(workers, count);
	workers_go(workers, count, seconds);
}
