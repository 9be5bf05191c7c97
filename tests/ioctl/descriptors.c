// SPDX-License-Identifier: GPL-2.0-only
/*
 * A descriptor goes everywhere that descriptors can go, and the last one frees
 * the file.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "device.h"
#include "meminfo.h"
#include "unit.h"

#define BIG (128 * MIB)

/* With this argument the program runs look(), after it has executed itself. */
#define LOOK "--look"

/* Run after exec. Exits with 0 if descriptor @number is a file of BIG bytes. */
static int look(const char *number)
{
	int fd = atoi(number);

	if (lseek(fd, 0, SEEK_END) != BIG)
		return 1;
	return file_allocate(fd, 0, PAGE) ? 2 : 0;
}

struct execution {
	int fd;
	bool keep;
};

static void execute(void *arg)
{
	struct execution *execution = arg;
	char number[16];

	if (execution->keep)
		expect_ok(fcntl(execution->fd, F_SETFD, 0), "F_SETFD");
	snprintf(number, sizeof(number), "%d", execution->fd);
	execl("/proc/self/exe", "descriptors", LOOK, number, NULL);
	fail();
}

static void execute_and_expect_nothing(void *arg)
{
	pid_t pid = child_start(execute, arg);
	int status;

	expect_ok(waitpid(pid, &status, 0), "waitpid");
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
}

TEST(closed_on_exec)
{
	struct execution execution = { .fd = file_create(BIG, 0) };

	assert_int_equal(fcntl(execution.fd, F_GETFD), FD_CLOEXEC);
	child_run(execute_and_expect_nothing, &execution);
	assert_int_equal(file_allocated(execution.fd), 0);
	close(execution.fd);
}

TEST(kept_on_exec_when_told)
{
	struct execution execution = {
		.fd = file_create(BIG, 0), .keep = true,
	};

	child_run(execute, &execution);
	assert_int_equal(file_allocated(execution.fd), PAGE);
	close(execution.fd);
}

TEST(opened_for_both)
{
	int fd = file_create(PAGE, 0);

	assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
	close(fd);
}

TEST(dup_is_the_same_file)
{
	__u64 before = settled_memfree();
	int fd = file_create(BIG, 0);
	int copies[3];
	unsigned int i;

	copies[0] = expect_ok(dup(fd), "dup");
	copies[1] = expect_ok(dup3(fd, 100, O_CLOEXEC), "dup3");
	copies[2] = expect_ok(fcntl(fd, F_DUPFD_CLOEXEC, 200), "F_DUPFD_CLOEXEC");
	expect_ok(file_allocate(fd, 0, BIG), "allocate");
	close(fd);
	for (i = 0; i < ARRAY_SIZE(copies); i++) {
		assert_int_equal(file_allocated(copies[i]), BIG);
		assert_true(settled_memfree() < before - BIG + MEMINFO_NOISE);
		close(copies[i]);
	}
	wait_for_memfree(before - MEMINFO_NOISE);
}

struct sharing {
	struct meeting meeting;
	int fd;
};

static void use_after_parents_close(void *arg)
{
	struct sharing *sharing = arg;

	expect_ok(file_allocate(sharing->fd, 0, BIG / 2), "allocate");
	meet_parent(&sharing->meeting);
	/* The parent closes its descriptor between these two. */
	meet_parent(&sharing->meeting);
	assert_int_equal(file_allocated(sharing->fd), BIG);
	expect_ok(file_punch(sharing->fd, 0, PAGE), "punch");
	assert_int_equal(file_allocated(sharing->fd), BIG - PAGE);
	meet_parent(&sharing->meeting);
	meet_parent(&sharing->meeting);
}

TEST(fork_shares_the_file)
{
	__u64 before = settled_memfree();
	struct sharing sharing = { .fd = file_create(BIG, 0) };
	pid_t pid;

	meeting_open(&sharing.meeting);
	pid = child_start(use_after_parents_close, &sharing);
	meet_child(&sharing.meeting);
	assert_int_equal(file_allocated(sharing.fd), BIG / 2);
	expect_ok(file_allocate(sharing.fd, 0, BIG), "allocate");
	close(sharing.fd);
	meet_child(&sharing.meeting);
	meet_child(&sharing.meeting);
	assert_true(settled_memfree() < before - BIG + MEMINFO_NOISE);
	meet_child(&sharing.meeting);
	child_wait(pid);
	wait_for_memfree(before - MEMINFO_NOISE);
	meeting_close(&sharing.meeting);
}

static void receive(void *arg)
{
	struct meeting *meeting = arg;
	int fd;

	meet_parent(meeting);
	fd = take_fd_from_parent(meeting);
	meet_parent(meeting);
	assert_int_equal(lseek(fd, 0, SEEK_END), BIG);
	assert_int_equal(file_allocated(fd), BIG / 2);
	expect_ok(file_allocate(fd, BIG / 2, BIG / 2), "allocate");
	assert_int_equal(file_allocated(fd), BIG);
	expect_error(EINVAL, read(fd, &fd, 1), "read");
	meet_parent(meeting);
}

TEST(passed_over_a_socket)
{
	__u64 before = settled_memfree();
	struct meeting meeting;
	pid_t pid;
	int fd;

	meeting_open(&meeting);
	pid = child_start(receive, &meeting);
	/*
	 * The file is created after the fork, so that the child can have it from
	 * the socket only.
	 */
	fd = file_create(BIG, 0);
	expect_ok(file_allocate(fd, 0, BIG / 2), "allocate");
	meet_child(&meeting);
	pass_fd_to_child(&meeting, fd);
	close(fd);
	meet_child(&meeting);
	meet_child(&meeting);
	child_wait(pid);
	wait_for_memfree(before - MEMINFO_NOISE);
	meeting_close(&meeting);
}

TEST(lost_in_a_socket)
{
	__u64 before = settled_memfree();
	struct meeting meeting;
	int fd = file_create(BIG, 0);

	expect_ok(file_allocate(fd, 0, BIG), "allocate");
	meeting_open(&meeting);
	pass_fd_to_child(&meeting, fd);
	close(fd);
	assert_true(settled_memfree() < before - BIG + MEMINFO_NOISE);
	/* The child hasn't received the descriptor: it goes with the socket. */
	meeting_close(&meeting);
	wait_for_memfree(before - MEMINFO_NOISE);
}

static void die_with_it(void *arg)
{
	int fd = file_create(BIG, 0);

	(void)arg;
	expect_ok(file_allocate(fd, 0, BIG), "allocate");
	raise(SIGKILL);
}

TEST(owner_is_killed)
{
	__u64 before = settled_memfree();
	pid_t pid = child_start(die_with_it, NULL);
	int status;

	expect_ok(waitpid(pid, &status, 0), "waitpid");
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	wait_for_memfree(before - MEMINFO_NOISE);
}

int main(int argc, char **argv)
{
	if (argc == 3 && !strcmp(argv[1], LOOK))
		return look(argv[2]);
	return tests_run("descriptors", NULL);
}
