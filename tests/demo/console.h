/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_DEMO_CONSOLE_H
#define TESTS_DEMO_CONSOLE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>

#include <linux/types.h>

#define CONSOLE_LINE	256

/**
 * struct console - the guest's console as a conversation
 * @lock: guards all below
 * @changed: signalled when @heard or @closed becomes true
 * @partial: the line that the guest is writing
 * @used: bytes of it
 * @expected: a part of the line that the demo waits for, or NULL
 * @line: that line
 * @heard: it has come
 * @closed: no further line will come
 */
struct console {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	char partial[CONSOLE_LINE];
	size_t used;
	const char *expected;
	char line[CONSOLE_LINE];
	bool heard;
	bool closed;
};

void console_init(struct console *console);

/* For vmm_config: shows whole lines, marked as the guest's. */
void console_output(void *console, __u8 byte);

/* The guest has ended. */
void console_close(struct console *console);

/*
 * console_expect() says beforehand which line to wait for, so that none is
 * missed. console_wait() then waits, and fails the demo if the line doesn't
 * come in time.
 */
void console_expect(struct console *console, const char *text);
const char *console_wait(struct console *console);

#endif /* TESTS_DEMO_CONSOLE_H */
