// SPDX-License-Identifier: GPL-2.0-only
/* Talks to the witness in the guest */
#include "guest.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "narrator.h"
#include "witness.h"

#define PAGE_SIZE	4096

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

void guest_create(struct guest *guest, const struct vmm_config *config)
{
	struct vmm_config mine = *config;

	console_init(&guest->console);
	mine.output = console_output;
	mine.context = &guest->console;
	vmm_create(&guest->vmm, &mine);
}

/* A crashed guest prints no more lines: the demo must not wait for one. */
static void *close_at_end(void *argument)
{
	struct guest *guest = argument;

	vmm_wait(&guest->vmm);
	console_close(&guest->console);
	return NULL;
}

void guest_boot(struct guest *guest)
{
	double start = seconds();

	if (pthread_create(&guest->listener, NULL, close_at_end, guest))
		errx(1, "can't start a thread");
	console_expect(&guest->console, WITNESS_UP);
	narrate("The guest boots. This is its console:");
	vmm_start(&guest->vmm);
	console_wait(&guest->console);
	narrate("That took %.1f s.", seconds() - start);
}

static void say(struct guest *guest, const char *line)
{
	serial_input(&guest->vmm.ports.console, line, strlen(line));
}

const char *guest_ask(struct guest *guest, const char *line,
		      const char *expected)
{
	console_expect(&guest->console, expected);
	say(guest, line);
	return console_wait(&guest->console);
}

__u64 guest_ask_address(struct guest *guest, const char *line,
			const char *expected)
{
	const char *answer = guest_ask(guest, line, expected);
	const char *text = strstr(answer, WITNESS_ADDRESS);
	unsigned long long gpa;

	if (!text)
		fail("the guest didn't say where its page is");
	gpa = strtoull(text + strlen(WITNESS_ADDRESS), NULL, 16);
	if (gpa % PAGE_SIZE || gpa >= guest->vmm.memory.size)
		fail("the guest says that its page is at %#llx, where it has no memory",
		     gpa);
	return gpa;
}

void guest_quit(struct guest *guest)
{
	say(guest, WITNESS_QUIT);
	pthread_join(guest->listener, NULL);
}
