/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_CONSUMER_CALL_H
#define TESTS_CONSUMER_CALL_H

#include "consumer.h"

/* A call in a thread of its own */
struct call {
	struct consumer *consumer;
	long (*make)(struct consumer *c, __u64 arg);
	__u64 arg;
	pthread_t thread;
	pid_t tid;
	long result;
	int error;
	double seconds;
	bool done;
};

void call_start(struct call *call, struct consumer *c,
		long (*make)(struct consumer *c, __u64 arg), __u64 arg);

/* Returns when the call sleeps in the kernel. Fails the test if the call returns. */
void expect_waiting(struct call *call, const char *what);

/* Both wait for the call to return; expect_failure() wants that errno */
void expect_result(struct call *call, long result, const char *what);
void expect_failure(struct call *call, int error, const char *what);

#endif /* TESTS_CONSUMER_CALL_H */
