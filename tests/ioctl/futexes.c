// SPDX-License-Identifier: GPL-2.0-only
/* Futexes in shared pages; a private page has none that works. */
#include <linux/futex.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "convert.h"
#include "poll_until.h"
#include "unit.h"

static int fd;
static char *map;

static int create(void **state)
{
	(void)state;
	fd = file_create(PAGE, KVM_PRIVATE_FLAG_MMAP |
			 KVM_PRIVATE_FLAG_INIT_SHARED);
	map = file_map(fd, PAGE);
	return 0;
}

static int destroy(void **state)
{
	(void)state;
	munmap(map, PAGE);
	return close(fd);
}

static const struct fixture file = { .setup = create, .teardown = destroy };

TEST(in_one_process, &file)
{
	const struct timespec moment = { .tv_nsec = 1000 };
	uint32_t *word = (uint32_t *)map;

	*word = 5;
	expect_error(EAGAIN, syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, 4,
				     &moment), "another value");
	expect_error(ETIMEDOUT, syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, 5,
					&moment), "the value");
	expect_ok(syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, 1), "wake");
	expect_ok(file_make_private(fd, 0, PAGE, 0), "to private");
	expect_error(EFAULT, syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, 5,
				     &moment), "private page");
	expect_error(EFAULT, syscall(SYS_futex, word, FUTEX_WAIT, 5, &moment),
		     "private page, futex of processes");
	expect_error(EFAULT, syscall(SYS_futex, word, FUTEX_WAKE_OP_PRIVATE, 1,
				     1, word, 0), "private page, FUTEX_WAKE_OP");
}

static void *wait_for_wakeup(void *word)
{
	const struct timespec long_enough = { .tv_sec = 30 };

	return (void *)syscall(SYS_futex, word, FUTEX_WAIT, 5, &long_enough);
}

/*
 * The kernel knows a futex that isn't private to a process by its page, at
 * whatever address that is mapped.
 */
TEST(through_two_mappings, &file)
{
	uint32_t *word = (uint32_t *)map;
	char *other = file_map(fd, PAGE);
	struct poll poll = poll_start();
	pthread_t thread;
	void *result;
	long woken;

	*word = 5;
	assert_int_equal(pthread_create(&thread, NULL, wait_for_wakeup, word), 0);
	do
		woken = expect_ok(syscall(SYS_futex, other, FUTEX_WAKE, 1), "wake");
	while (!woken && poll_again(&poll));
	assert_int_equal(woken, 1);
	assert_int_equal(pthread_join(thread, &result), 0);
	assert_null(result);
	munmap(other, PAGE);
}

/*
 * The futex's page is punched while a thread waits, and another one takes its
 * place.
 */
TEST(in_a_page_that_is_punched, &file)
{
	const struct timespec moment = { .tv_nsec = 1000 };
	uint32_t *word = (uint32_t *)map;

	*word = 5;
	expect_error(ETIMEDOUT, syscall(SYS_futex, word, FUTEX_WAIT, 5, &moment),
		     "the value");
	expect_ok(file_punch(fd, 0, PAGE), "punch");
	expect_error(EAGAIN, syscall(SYS_futex, word, FUTEX_WAIT, 5, &moment),
		     "the value of the page that has gone");
	expect_error(ETIMEDOUT, syscall(SYS_futex, word, FUTEX_WAIT, 0, &moment),
		     "zero");
}

TEST_MAIN("futexes")
