// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <unistd.h>

#include "call.h"
#include "poll_until.h"
#include "thread_state.h"

static void *call_thread(void *arg)
{
	struct call *call = arg;
	double start = seconds_now();

	__atomic_store_n(&call->tid, gettid(), __ATOMIC_RELEASE);
	call->result = call->make(call->consumer, call->arg);
	call->error = errno;
	call->seconds = seconds_now() - start;
	__atomic_store_n(&call->done, true, __ATOMIC_RELEASE);
	return NULL;
}

void call_start(struct call *call, struct consumer *c,
		long (*make)(struct consumer *c, __u64 arg), __u64 arg)
{
	*call = (struct call){ .consumer = c, .make = make, .arg = arg };
	assert_int_equal(pthread_create(&call->thread, NULL, call_thread, call), 0);
}

static bool is_done(struct call *call)
{
	return __atomic_load_n(&call->done, __ATOMIC_ACQUIRE);
}

static bool sleeps(struct call *call)
{
	char state = thread_state(__atomic_load_n(&call->tid, __ATOMIC_ACQUIRE));

	return state == 'S' || state == 'D';
}

void expect_waiting(struct call *call, const char *what)
{
	struct poll poll = poll_start();

	while (!is_done(call) && !sleeps(call))
		assert_true(poll_again(&poll));
	/* A call that sleeps only for a moment will have returned by then. */
	usleep(50000);
	if (is_done(call))
		fail_msg("%s did not wait: %ld (%s)", what, call->result,
			 strerror(call->error));
}

void expect_result(struct call *call, long result, const char *what)
{
	pthread_join(call->thread, NULL);
	if (call->result != result)
		fail_msg("%s: %ld (%s)", what, call->result, strerror(call->error));
}

void expect_failure(struct call *call, int error, const char *what)
{
	pthread_join(call->thread, NULL);
	if (call->result != -1 || call->error != error)
		fail_msg("%s: %ld (%s), not %s", what, call->result,
			 strerror(call->error), strerror(error));
}
