/* SPDX-License-Identifier: GPL-2.0-only */
/* An io_uring that runs one operation at a time */
#ifndef TESTS_WAYS_RING_H
#define TESTS_WAYS_RING_H

#include <linux/io_uring.h>

struct ring {
	int fd;
	void *rings;
	struct io_uring_sqe *entries;
	struct io_uring_params params;
};

/* 0 or a negative errno */
int ring_open(struct ring *ring);
void ring_close(struct ring *ring);

/* 0 or a negative errno */
int ring_register_buffer(const struct ring *ring, void *address, size_t size);

/* The operation's result */
int ring_do(const struct ring *ring, const struct io_uring_sqe *entry);

#endif /* TESTS_WAYS_RING_H */
