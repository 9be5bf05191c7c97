// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults in a mapping that have to wait: a hole is being punched, and a consumer
 * takes its time to release its pages.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "consumer.h"
#include "convert.h"

#define TOUCHED 3

static char *map;
static int zeros;

/* All of the file is shared and bound. A punch of page 40 is under way and waits. */
static void start(struct consumer *c, struct puncher *puncher)
{
	consumer_close_file(c);
	c->file = file_create(FILE_PAGES * PAGE, KVM_PRIVATE_FLAG_MMAP |
			      KVM_PRIVATE_FLAG_INIT_SHARED);
	map = file_map(c->file, FILE_PAGES * PAGE);
	zeros = expect_ok(open("/dev/zero", O_RDONLY | O_CLOEXEC), "/dev/zero");
	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	control(c, 0, 0, false);
	puncher_start(puncher, c, 40, 41);
	expect_ok(ioctl(c->device, KPT_WAIT_BLOCKED), "waiting for the hole");
}

static void finish(struct consumer *c, struct puncher *puncher)
{
	control(c, 0, -1, false);
	puncher_join(puncher);
	munmap(map, FILE_PAGES * PAGE);
	close(zeros);
}

static void touch_from_kernel(void)
{
	_exit(read(zeros, map + TOUCHED * PAGE, PAGE) == (ssize_t)PAGE ? 0 : 1);
}

static void touch_from_user(void)
{
	map[TOUCHED * PAGE] = 1;
	_exit(0);
}

static pid_t start_child(void (*body)(void))
{
	pid_t pid = expect_ok(fork(), "fork");

	if (!pid)
		body();
	usleep(200000);
	return pid;
}

static unsigned long ticks_of(pid_t pid)
{
	unsigned long user, system;
	char path[64], line[512];
	const char *rest;
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = expect_ok(open(path, O_RDONLY | O_CLOEXEC), "opening %s", path);
	len = expect_ok(read(fd, line, sizeof(line) - 1), "reading %s", path);
	close(fd);
	line[len] = 0;
	rest = strrchr(line, ')');
	assert_non_null(rest);
	if (sscanf(rest, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
		   &user, &system) != 2)
		fail_msg("%s is not as expected: %s", path, line);
	return user + system;
}

/*
 * The child dies while the punch goes on, and has used no processor time for waiting.
 */
static void expect_dies(pid_t pid, const char *what)
{
	int status;

	expect_between(ticks_of(pid), 0, sysconf(_SC_CLK_TCK) / 10,
		       "ticks used to wait, %s", what);
	expect_ok(kill(pid, SIGKILL), "kill");
	for (unsigned int i = 0; i < 100; i++) {
		if (expect_ok(waitpid(pid, &status, WNOHANG), "waitpid") == pid) {
			assert_true(WIFSIGNALED(status));
			return;
		}
		usleep(20000);
	}
	fail_msg("a task that touches a page %s does not die", what);
}

TEST(killed, &consumer_plain)
{
	struct consumer *c = *state;
	struct puncher puncher;

	start(c, &puncher);
	expect_dies(start_child(touch_from_user), "in user mode");
	expect_dies(start_child(touch_from_kernel), "in the kernel");
	assert_false(puncher_is_done(&puncher));
	finish(c, &puncher);
}

static void expect_touches(pid_t pid)
{
	int status;

	expect_ok(waitpid(pid, &status, 0), "waitpid");
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
}

TEST(goes_on, &consumer_plain)
{
	struct consumer *c = *state;
	struct puncher puncher;
	pid_t user, kernel;

	start(c, &puncher);
	user = start_child(touch_from_user);
	kernel = start_child(touch_from_kernel);
	expect_ok(waitpid(user, NULL, WNOHANG), "waitpid");
	finish(c, &puncher);
	expect_touches(user);
	expect_touches(kernel);
}

static void *touch_thread(void *unused)
{
	(void)unused;
	map[TOUCHED * PAGE] = 1;
	return NULL;
}

/*
 * Threads of a task that waits in a fault can change the task's mappings meanwhile.
 */
TEST(mmap_lock_is_free, &consumer_plain)
{
	struct consumer *c = *state;
	struct puncher puncher;
	pthread_t thread;
	void *other;

	start(c, &puncher);
	assert_int_equal(pthread_create(&thread, NULL, touch_thread, NULL), 0);
	usleep(200000);
	alarm(20);
	other = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(other, MAP_FAILED);
	munmap(other, PAGE);
	alarm(0);
	assert_false(puncher_is_done(&puncher));
	control(c, 0, -1, false);
	pthread_join(thread, NULL);
	finish(c, &puncher);
}

static int told[2];

/* A thread waits in a fault while the other removes the mapping. */
static void unmap_under_fault(void)
{
	pthread_t thread;

	/* cmocka's handler would take the signal for a failure of the test. */
	signal(SIGSEGV, SIG_DFL);
	if (pthread_create(&thread, NULL, touch_thread, NULL))
		_exit(1);
	usleep(200000);
	munmap(map, FILE_PAGES * PAGE);
	if (write(told[1], "", 1) != 1)
		_exit(1);
	pthread_join(thread, NULL);
	_exit(2);
}

TEST(unmapped_meanwhile, &consumer_plain)
{
	struct consumer *c = *state;
	struct puncher puncher;
	int status;
	pid_t pid;
	char byte;

	assert_int_equal(pipe2(told, O_CLOEXEC), 0);
	start(c, &puncher);
	pid = start_child(unmap_under_fault);
	assert_int_equal(read(told[0], &byte, 1), 1);
	assert_false(puncher_is_done(&puncher));
	finish(c, &puncher);
	/* The retried fault found no mapping any more. */
	expect_ok(waitpid(pid, &status, 0), "waitpid");
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGSEGV);
	close(told[0]);
	close(told[1]);
}

TEST_MAIN("faults that wait",
	  .setup = consumer_group_setup, .teardown = consumer_group_teardown)
