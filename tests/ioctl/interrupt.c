// SPDX-License-Identifier: GPL-2.0-only
/*
 * A signal in the middle of a long call, and a second call that goes on where
 * the first one was.
 */
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "huge.h"
#include "poll_until.h"
#include "unit.h"

#define SIZE (512 * MIB)

/*
 * Much shorter than clearing SIZE bytes takes, much longer than clearing one
 * page. On an emulated machine without processor time a signal may come before
 * the call has begun its work: then the test tries anew.
 */
#define DELAY_NS (5 * 1000 * 1000)
#define TRIES 20

/* Enough for calls that do no more than 16 pages each. */
#define SMALL_SIZE (64 * MIB)
#define MAX_CALLS (SMALL_SIZE / PAGE / 16)

static atomic_uint signals;
static timer_t timer;

static void count(int signal)
{
	(void)signal;
	signals++;
}

static void arm(long nanoseconds)
{
	struct itimerspec when = {
		.it_value.tv_nsec = nanoseconds,
		.it_interval.tv_nsec = nanoseconds,
	};

	expect_ok(timer_settime(timer, 0, &when, NULL), "timer_settime");
}

static void disarm(void)
{
	arm(0);
}

/*
 * Returns how many bytes are allocated after a signal has interrupted
 * fallocate().
 */
static __u64 interrupted_fallocate(int fd)
{
	__u64 allocated = 0;
	unsigned int i;

	for (i = 0; i < TRIES && !allocated; i++) {
		arm(DELAY_NS);
		expect_error(EINTR, file_allocate(fd, 0, SIZE), "allocate");
		disarm();
		assert_int_not_equal(signals, 0);
		allocated = file_allocated(fd);
	}
	return allocated;
}

static int make_timer(void **state)
{
	/* SA_RESTART is off, or the kernel might make the call again itself. */
	struct sigaction action = { .sa_handler = count };
	struct sigevent event = {
		.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGUSR1,
	};

	(void)state;
	signals = 0;
	if (sigaction(SIGUSR1, &action, NULL))
		return -1;
	return timer_create(CLOCK_MONOTONIC, &event, &timer);
}

static int delete_timer(void **state)
{
	(void)state;
	return timer_delete(timer);
}

static const struct fixture with_timer = { .setup = make_timer, .teardown = delete_timer };

TEST(fallocate_stops, &with_timer)
{
	int fd = file_create(SIZE, 0);
	__u64 allocated = interrupted_fallocate(fd);

	expect_between(allocated, PAGE, SIZE - PAGE, "bytes that stay");
	/* The pages that stay are the start of the range, without a hole. */
	assert_int_equal(lseek(fd, 0, SEEK_HOLE), allocated);

	expect_ok(file_allocate(fd, 0, SIZE), "the same call again");
	assert_int_equal(file_allocated(fd), SIZE);
	close(fd);
}

/* With huge pages a signal waits for the clearing of one huge page at most. */
TEST(huge_fallocate_stops, &with_timer)
{
	int fd = huge_create(SIZE + PAGE, 0);
	__u64 allocated = interrupted_fallocate(fd);

	expect_between(allocated, HUGE_PAGE, SIZE - HUGE_PAGE,
		       "bytes that stay");
	assert_int_equal(lseek(fd, 0, SEEK_HOLE), allocated);
	expect_backing(fd, allocated / HUGE_PAGE, 0, "unsplit ones stay");
	expect_ok(file_allocate(fd, 0, SIZE), "the same call again");
	expect_backing(fd, SIZE / HUGE_PAGE, 0, "the same call again");
	close(fd);
}

TEST(fallocate_under_many_signals, &with_timer)
{
	int fd = file_create(SMALL_SIZE, 0);
	__u64 before = 0;
	unsigned int calls;

	arm(DELAY_NS);
	for (calls = 1; calls <= MAX_CALLS; calls++) {
		int ret = file_allocate(fd, 0, SMALL_SIZE);
		__u64 now;

		if (!ret)
			break;
		assert_int_equal(errno, EINTR);
		now = file_allocated(fd);
		assert_true(now >= before);
		before = now;
	}
	disarm();
	expect_between(calls, 2, MAX_CALLS, "calls until it was done");
	assert_int_equal(file_allocated(fd), SMALL_SIZE);
	close(fd);
}

/*
 * A call that passes over allocated pages must not use up all the time between
 * two signals, or a program with a timer would make it for ever.
 */
TEST(calling_again_goes_on, &with_timer)
{
	int fd = file_create(SIZE, 0);
	unsigned int calls;

	expect_ok(file_allocate(fd, 0, SIZE - PAGE), "all but the last page");
	arm(DELAY_NS / 5);
	for (calls = 1; calls <= TRIES; calls++) {
		if (!file_allocate(fd, 0, SIZE))
			break;
		assert_int_equal(errno, EINTR);
	}
	disarm();
	expect_between(calls, 1, TRIES, "calls for the last page");
	assert_int_equal(file_allocated(fd), SIZE);
	close(fd);
}

static char *make_source(void)
{
	char *source = mmap(NULL, SIZE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	assert_ptr_not_equal(source, MAP_FAILED);
	return source;
}

TEST(populate_stops, &with_timer)
{
	int fd = file_create(SIZE, 0);
	char *source = make_source();
	struct kvm_private_populate populate = {
		.size = SIZE, .source = (uintptr_t)source,
	};
	__u64 done = 0;
	unsigned int i;

	for (i = 0; i < TRIES && !done; i++) {
		arm(DELAY_NS);
		expect_error(EINTR, file_populate(fd, &populate), "populate");
		disarm();
		done = populate.offset;
	}
	expect_between(done, PAGE, SIZE - PAGE, "offset after the signal");
	assert_int_equal(done % PAGE, 0);
	assert_int_equal(populate.size, SIZE - done);
	assert_int_equal(populate.source, (uintptr_t)source + done);
	/*
	 * The pages that come next may have been allocated with one that it has
	 * filled.
	 */
	expect_between(file_allocated(fd), done, done + 64 * PAGE, "bytes allocated");

	expect_ok(file_populate(fd, &populate), "the same struct again");
	assert_int_equal(populate.offset, SIZE);
	assert_int_equal(populate.size, 0);
	assert_int_equal(populate.source, (uintptr_t)source + SIZE);
	assert_int_equal(file_allocated(fd), SIZE);
	munmap(source, SIZE);
	close(fd);
}

TEST(populate_under_many_signals, &with_timer)
{
	int fd = file_create(SIZE, 0);
	char *source = make_source();
	struct kvm_private_populate populate = {
		.size = SMALL_SIZE, .source = (uintptr_t)source,
	};
	__u64 before = 0;
	unsigned int calls;

	arm(DELAY_NS);
	for (calls = 1; calls <= MAX_CALLS; calls++) {
		int ret = file_populate(fd, &populate);

		assert_int_equal(populate.offset + populate.size, SMALL_SIZE);
		assert_true(populate.offset >= before);
		before = populate.offset;
		if (!ret)
			break;
		assert_int_equal(errno, EINTR);
	}
	disarm();
	expect_between(calls, 2, MAX_CALLS, "calls until it was done");
	assert_int_equal(populate.size, 0);
	assert_int_equal(file_allocated(fd), SMALL_SIZE);
	munmap(source, SIZE);
	close(fd);
}

static void allocate_for_ever(void *arg)
{
	int fd = *(int *)arg;

	/* Only a fatal signal ends this. */
	signal(SIGUSR1, SIG_IGN);
	for (;;) {
		file_allocate(fd, 0, SIZE);
		file_punch(fd, 0, SIZE);
	}
}

TEST(killed_in_the_middle, &with_timer)
{
	int fd = file_create(SIZE, 0);
	pid_t pid = child_start(allocate_for_ever, &fd);
	struct poll poll = poll_start();
	int status;

	while (file_allocated(fd) < 16 * PAGE)
		assert_true(poll_again(&poll));
	expect_ok(kill(pid, SIGKILL), "kill");
	expect_ok(waitpid(pid, &status, 0), "waitpid");
	assert_true(WIFSIGNALED(status));
	expect_ok(file_allocate(fd, 0, SIZE), "allocate after that");
	assert_int_equal(file_allocated(fd), SIZE);
	close(fd);
}

/*
 * A punch removes the whole range despite a signal, since the range may hold
 * content that the guest must not see again.
 */
TEST(punch_goes_on, &with_timer)
{
	int fd = file_create(SIZE, 0);

	expect_ok(file_allocate(fd, 0, SIZE), "allocate");
	arm(DELAY_NS);
	expect_ok(file_punch(fd, 0, SIZE), "punch under signals");
	disarm();
	assert_int_equal(file_allocated(fd), 0);
	close(fd);
}

TEST_MAIN("interrupt")
