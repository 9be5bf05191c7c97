/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A TCP connection over the loopback device. With MSG_ZEROCOPY the kernel doesn't
 * copy the sender's pages but takes them.
 */
#ifndef TESTS_WAYS_LOOPBACK_H
#define TESTS_WAYS_LOOPBACK_H

#include <stddef.h>

struct loopback {
	int sender;
	int receiver;
};

/*
 * So much goes into the receiver's buffer, or less, until the receiver reads ...
 */
#define LOOPBACK_RECEIVED	65536
/* ... and so much more, at least, is with the sender until then. */
#define LOOPBACK_SENT		(16 * LOOPBACK_RECEIVED)

/* 0 or a negative errno */
int loopback_open(struct loopback *loopback);
void loopback_close(struct loopback *loopback);

#endif /* TESTS_WAYS_LOOPBACK_H */
