// SPDX-License-Identifier: GPL-2.0-only
/* Shows the guest's lines and waits for expected ones */
#include "console.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "narrator.h"

/* A boot takes seconds; a busy machine may be many times slower. */
#define PATIENCE_SECONDS	180

void console_init(struct console *console)
{
	pthread_condattr_t attributes;

	memset(console, 0, sizeof(*console));
	pthread_mutex_init(&console->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&console->changed, &attributes);
}

static void end_line(struct console *console)
{
	console->partial[console->used] = '\0';
	console->used = 0;

	if (console->partial[0])
		narrate_detail("guest | %s", console->partial);
	if (!console->expected ||
	    !strstr(console->partial, console->expected))
		return;

	memcpy(console->line, console->partial, sizeof(console->line));
	console->expected = NULL;
	console->heard = true;
	pthread_cond_signal(&console->changed);
}

void console_output(void *context, __u8 byte)
{
	struct console *console = context;

	pthread_mutex_lock(&console->lock);
	if (byte == '\n' || console->used == sizeof(console->partial) - 1)
		end_line(console);
	if (byte != '\n' && byte != '\r')
		console->partial[console->used++] = byte;
	pthread_mutex_unlock(&console->lock);
}

void console_close(struct console *console)
{
	pthread_mutex_lock(&console->lock);
	console->closed = true;
	pthread_cond_signal(&console->changed);
	pthread_mutex_unlock(&console->lock);
}

void console_expect(struct console *console, const char *text)
{
	pthread_mutex_lock(&console->lock);
	console->expected = text;
	console->heard = false;
	pthread_mutex_unlock(&console->lock);
}

const char *console_wait(struct console *console)
{
	struct timespec end;
	int error = 0;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_sec += PATIENCE_SECONDS;

	pthread_mutex_lock(&console->lock);
	while (!console->heard && !console->closed && error != ETIMEDOUT)
		error = pthread_cond_timedwait(&console->changed,
					       &console->lock, &end);
	if (!console->heard && console->closed)
		fail("the guest ended and didn't say \"%s\"",
		     console->expected);
	if (!console->heard)
		fail("the guest didn't say \"%s\" within %d s",
		     console->expected, PATIENCE_SECONDS);
	pthread_mutex_unlock(&console->lock);
	return console->line;
}
