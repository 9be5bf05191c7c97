// SPDX-License-Identifier: GPL-2.0-only
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
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

static struct test {
	struct CMUnitTest unit;
	unsigned int line;
	bool (*wanted)(void);
} *tests;

static unsigned int nr_tests;

/* The compiler chooses the order in which constructors run, so the lines are compared. */
static void add(const struct test *test)
{
	unsigned int i;

	tests = reallocarray(tests, nr_tests + 1, sizeof(*tests));
	if (!tests)
		abort();
	for (i = nr_tests++; i && tests[i - 1].line > test->line; i--)
		tests[i] = tests[i - 1];
	tests[i] = *test;
}

static const char *full_name(const char *name, const struct fixture *fixture)
{
	char *full;

	if (!fixture->name)
		return name;
	if (asprintf(&full, "%s, %s", name, fixture->name) < 0)
		abort();
	return full;
}

static void add_with(unsigned int line, const char *name, CMUnitTestFunction function,
		     const struct fixture *fixture)
{
	add(&(struct test){
		.unit = {
			.name = name,
			.test_func = function,
			.setup_func = fixture->setup,
			.teardown_func = fixture->teardown,
			.initial_state = fixture->state,
		},
		.line = line,
		.wanted = fixture->wanted,
	});
}

void tests_add(unsigned int line, const char *name, CMUnitTestFunction function, ...)
{
	const struct fixture *first, *fixture;
	va_list args;

	va_start(args, function);
	first = va_arg(args, const struct fixture *);
	fixture = first ? va_arg(args, const struct fixture *) : NULL;
	if (!first)
		add_with(line, name, function, &(struct fixture){ 0 });
	else
		add_with(line, fixture ? full_name(name, first) : name, function, first);
	for (; fixture; fixture = va_arg(args, const struct fixture *))
		add_with(line, full_name(name, fixture), function, fixture);
	va_end(args);
}

int tests_run(const char *name, const struct fixture *fixture)
{
	struct CMUnitTest *units = calloc(nr_tests + 1, sizeof(*units));
	unsigned int nr = 0;
	int failed;

	if (!units)
		abort();
	for (unsigned int i = 0; i < nr_tests; i++) {
		if (!tests[i].wanted || tests[i].wanted())
			units[nr++] = tests[i].unit;
	}
	if (!nr)
		print_error("%s: none of the tests is wanted here\n", name);
	failed = _cmocka_run_group_tests(name, units, nr, fixture ? fixture->setup : NULL,
					 fixture ? fixture->teardown : NULL);
	free(units);
	return nr ? failed : -1;
}
