// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <unistd.h>

#include "call.h"

static void *call_thread(void *arg)
{
	struct call *call = arg;

	call->result = call->make(call->consumer, call->arg);
	call->error = errno;
	__atomic_store_n(&call->done, true, __ATOMIC_RELEASE);
	return NULL;
}

void call_start(struct call *call, struct consumer *c,
		long (*make)(struct consumer *c, __u64 arg), __u64 arg)
{
	*call = (struct call){ .consumer = c, .make = make, .arg = arg };
	assert_int_equal(pthread_create(&call->thread, NULL, call_thread, call), 0);
}

void expect_waiting(struct call *call, const char *what)
{
	usleep(100000);
	if (__atomic_load_n(&call->done, __ATOMIC_ACQUIRE))
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
