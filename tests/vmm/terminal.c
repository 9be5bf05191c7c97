// SPDX-License-Identifier: GPL-2.0-only
/*
 * Standard input and output as the far end of the guest's console.
 */
#include "terminal.h"

#include <err.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static struct termios before;

static void restore(void)
{
	tcsetattr(STDIN_FILENO, TCSANOW, &before);
}

/* The guest's terminal echoes and edits; Ctrl-C still ends the VMM. */
static void make_raw(void)
{
	struct termios raw;

	if (tcgetattr(STDIN_FILENO, &before))
		return;
	raw = before;
	raw.c_lflag &= ~(ICANON | ECHO);
	raw.c_iflag &= ~ICRNL;
	raw.c_cc[VMIN] = 1;
	raw.c_cc[VTIME] = 0;
	if (!tcsetattr(STDIN_FILENO, TCSANOW, &raw))
		atexit(restore);
}

void terminal_output(void *context, __u8 byte)
{
	ssize_t done;

	(void)context;
	do {
		done = write(STDOUT_FILENO, &byte, 1);
	} while (done < 0 && errno == EINTR);
	if (done < 0)
		err(1, "can't write the guest's console");
}

static void *forward_input(void *argument)
{
	struct serial *console = argument;
	char bytes[64];
	ssize_t number;

	for (;;) {
		number = read(STDIN_FILENO, bytes, sizeof(bytes));
		if (number < 0 && errno == EINTR)
			continue;
		if (number <= 0)
			return NULL;
		serial_input(console, bytes, number);
	}
}

void terminal_connect(struct serial *console)
{
	pthread_t thread;
	int error;

	make_raw();
	error = pthread_create(&thread, NULL, forward_input, console);
	if (error)
		errx(1, "can't read the console's input: %s", strerror(error));
	pthread_detach(thread);
}
