// SPDX-License-Identifier: GPL-2.0-only
#include <setjmp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "touch.h"
#include "unit.h"

static __thread sigjmp_buf back;
static __thread volatile unsigned char *volatile touched;

static void caught(int signal, siginfo_t *info, void *context)
{
	(void)context;
	if (!touched || info->si_addr != (void *)touched) {
		/*
		 * Another access has raised the signal, which comes again
		 * and kills.
		 */
		sigaction(signal, &(struct sigaction){ .sa_handler = SIG_DFL },
			  NULL);
		return;
	}
	touched = NULL;
	siglongjmp(back, signal);
}

/* Called before each access, since cmocka puts its own handlers back. */
static void prepare(const void *address)
{
	struct sigaction action = {
		.sa_sigaction = caught, .sa_flags = SA_SIGINFO | SA_NODEFER,
	};

	sigaction(SIGBUS, &action, NULL);
	sigaction(SIGSEGV, &action, NULL);
	touched = (volatile unsigned char *)address;
}

int touch_read(const void *address, unsigned char *value)
{
	int signal = sigsetjmp(back, 0);

	if (signal)
		return signal;
	prepare(address);
	*value = *touched;
	touched = NULL;
	return 0;
}

int touch_write(void *address, unsigned char value)
{
	int signal = sigsetjmp(back, 0);

	if (signal)
		return signal;
	prepare(address);
	*(volatile unsigned char *)address = value;
	touched = NULL;
	return 0;
}

static void __attribute__((__format__(printf, 2, 0)))
check(const char *problem, const char *format, va_list args)
{
	char what[256];

	if (!*problem)
		return;
	vsnprintf(what, sizeof(what), format, args);
	print_error("%s: %s\n", what, problem);
	fail();
}

void expect_reads(const void *address, unsigned char value,
		  const char *format, ...)
{
	unsigned char found = 0;
	int signal = touch_read(address, &found);
	char problem[64] = "";
	va_list args;

	if (signal)
		snprintf(problem, sizeof(problem), "reading raised %s",
			 strsignal(signal));
	else if (found != value)
		snprintf(problem, sizeof(problem), "reads %#x, not %#x", found,
			 value);
	va_start(args, format);
	check(problem, format, args);
	va_end(args);
}

void expect_sigbus(void *address, const char *format, ...)
{
	unsigned char value;
	int read = touch_read(address, &value);
	int write = touch_write(address, 0xee);
	char problem[64] = "";
	va_list args;

	if (read != SIGBUS || write != SIGBUS)
		snprintf(problem, sizeof(problem),
			 "reading raised signal %d, writing %d, not SIGBUS",
			 read, write);
	va_start(args, format);
	check(problem, format, args);
	va_end(args);
}
