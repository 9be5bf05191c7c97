/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_LIB_UNIT_H
#define TESTS_LIB_UNIT_H

/* cmocka.h demands that these come before it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

/* The kernel's name for it */
#define __printf(format, first) __attribute__((__format__(printf, format, first)))

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/*
 * The expect macros fail the test unless the system call @call does as they say. A system call
 * returns -1 and sets errno on an error. The printf format behind it tells which row of which
 * table was tried.
 */
#define expect_ok(call, ...) ({						\
	long _ret = (call);						\
	unit_check_ok(_ret, errno, __FILE__, __LINE__, __VA_ARGS__);	\
	_ret;								\
})

#define expect_error(error, call, ...)					\
	expect_error_of(((const int[]){ error, 0 }), call, __VA_ARGS__)

/* @errors: the errors that are right, ended by 0 */
#define expect_error_of(errors, call, ...) do {				\
	long _ret = (call);						\
	unit_check_error(_ret, errno, errors, __FILE__, __LINE__,	\
			 __VA_ARGS__);					\
} while (0)

void __printf(5, 6)
unit_check_ok(long ret, int error, const char *file, int line,
	      const char *format, ...);
void __printf(6, 7)
unit_check_error(long ret, int error, const int *wanted, const char *file,
		 int line, const char *format, ...);

/* Fails the test unless @value is from @low to @high, both inclusive. */
#define expect_between(value, low, high, ...)				\
	unit_check_between(value, low, high, __FILE__, __LINE__, __VA_ARGS__)

void __printf(6, 7)
unit_check_between(long long value, long long low, long long high,
		   const char *file, int line, const char *format, ...);

/*
 * A fixture surrounds a test: cmocka calls @setup before it and @teardown after it, with
 * *state being @state at first. Each field is optional. A test with several fixtures runs
 * once with each, and @name tells these runs apart. tests_run() leaves out a test whose
 * @wanted returns false.
 */
struct fixture {
	const char *name;
	int (*setup)(void **state);
	int (*teardown)(void **state);
	void *state;
	bool (*wanted)(void);
};

/*
 * TEST(name) { ... } and TEST(name, &fixture, ...) { ... } define a test of the program. Its
 * body can use *state, as the fixture left it. A program has all its tests in one file, and
 * runs them in the order of that file.
 */
#define TEST(name, ...)							\
	static void test_##name(void **state);				\
	static void __attribute__((constructor)) register_##name(void)	\
	{								\
		tests_add(__LINE__, #name, test_##name, ##__VA_ARGS__, NULL);	\
	}								\
	static void test_##name(__attribute__((unused)) void **state)

/* Defines main(), which runs the tests within a fixture of these fields: .setup = ... */
#define TEST_MAIN(name, ...)						\
	int main(void)							\
	{								\
		exit(tests_run(name, &(struct fixture){ __VA_ARGS__ }));	\
	}

/* The list of fixtures ends with NULL. */
void __attribute__((sentinel))
tests_add(unsigned int line, const char *name, CMUnitTestFunction function, ...);

/*
 * Runs the tests, within @fixture if that isn't NULL. Returns how many failed, and an error if
 * none was wanted.
 */
int tests_run(const char *name, const struct fixture *fixture);

#endif /* TESTS_LIB_UNIT_H */
