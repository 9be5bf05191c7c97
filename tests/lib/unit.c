// SPDX-License-Identifier: GPL-2.0-only
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "unit.h"
#include "watched.h"

/* The slowest program takes a fraction of this, emulated on a slow machine. */
#define PROGRAM_SECONDS 540

static void take_too_long(int signal)
{
	static const char message[] =
		"Bail out! The program takes too long: a call doesn't end.\n";

	(void)signal;
	(void)!write(STDOUT_FILENO, message, sizeof(message) - 1);
	_exit(1);
}

/* A call that never returns is a failure of its own, not the machine's. */
static void __attribute__((constructor)) start_watchdog(void)
{
	signal(SIGALRM, take_too_long);
	alarm(kernel_is_watched() ? 3 * PROGRAM_SECONDS : PROGRAM_SECONDS);
}

static _Noreturn void
unit_fail(const char *file, int line, const char *happened, const char *format,
	  va_list args)
{
	char what[256];

	vsnprintf(what, sizeof(what), format, args);
	print_error("%s: %s\n", what, happened);
	_fail(file, line);
	__builtin_unreachable();
}

void unit_check_ok(long ret, int error, const char *file, int line,
		   const char *format, ...)
{
	char happened[128];
	va_list args;

	if (ret >= 0)
		return;
	snprintf(happened, sizeof(happened), "failed: %s", strerror(error));
	va_start(args, format);
	unit_fail(file, line, happened, format, args);
}

void unit_check_error(long ret, int error, const int *wanted, const char *file,
		      int line, const char *format, ...)
{
	char happened[128];
	va_list args;
	int i;

	if (ret == -1) {
		for (i = 0; wanted[i]; i++) {
			if (wanted[i] == error)
				return;
		}
		snprintf(happened, sizeof(happened), "error is %s, not %s",
			 strerrorname_np(error), strerrorname_np(wanted[0]));
	} else {
		snprintf(happened, sizeof(happened), "returned %ld, not error %s",
			 ret, strerrorname_np(wanted[0]));
	}
	va_start(args, format);
	unit_fail(file, line, happened, format, args);
}

void unit_check_between(long long value, long long low, long long high,
			const char *file, int line, const char *format, ...)
{
	char happened[128];
	va_list args;

	if (value >= low && value <= high)
		return;
	snprintf(happened, sizeof(happened), "is %lld, not from %lld to %lld",
		 value, low, high);
	va_start(args, format);
	unit_fail(file, line, happened, format, args);
}
