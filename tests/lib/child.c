// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "child.h"
#include "unit.h"

pid_t child_start(void (*body)(void *arg), void *arg)
{
	pid_t pid;

	/* The child would write the parent's buffered output a second time. */
	fflush(NULL);
	pid = expect_ok(fork(), "fork");
	if (pid)
		return pid;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/*
	 * A failed assertion jumps back into cmocka's loop, which belongs to
	 * the parent. With this cmocka aborts the child instead.
	 */
	setenv("CMOCKA_TEST_ABORT", "1", 1);
	body(arg);
	fflush(NULL);
	_exit(0);
}

void child_wait(pid_t pid)
{
	int status;

	expect_ok(TEMP_FAILURE_RETRY(waitpid(pid, &status, 0)), "waitpid");
	if (WIFSIGNALED(status)) {
		print_error("child was killed by signal %d (%s)\n",
			    WTERMSIG(status), strsignal(WTERMSIG(status)));
		fail();
	}
	assert_int_equal(WEXITSTATUS(status), 0);
}

void child_run(void (*body)(void *arg), void *arg)
{
	child_wait(child_start(body, arg));
}

void meeting_open(struct meeting *meeting)
{
	expect_ok(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0,
			     meeting->sockets), "socketpair");
}

void meeting_close(struct meeting *meeting)
{
	close(meeting->sockets[0]);
	close(meeting->sockets[1]);
}

static void meet(int mine, int other)
{
	char byte = 'm';

	/*
	 * The other process's death is an EOF only if we have no copy of its
	 * end open.
	 */
	if (other >= 0)
		close(other);
	assert_int_equal(send(mine, &byte, 1, MSG_NOSIGNAL), 1);
	if (recv(mine, &byte, 1, 0) != 1) {
		print_error("the other process has died\n");
		fail();
	}
}

static void meet_as(struct meeting *meeting, int side)
{
	meet(meeting->sockets[side], meeting->sockets[!side]);
	meeting->sockets[!side] = -1;
}

void meet_parent(struct meeting *meeting)
{
	meet_as(meeting, 1);
}

void meet_child(struct meeting *meeting)
{
	meet_as(meeting, 0);
}

union fd_message {
	struct cmsghdr header;
	char space[CMSG_SPACE(sizeof(int))];
};

static void pass_fd(int socket, int fd)
{
	union fd_message control = { 0 };
	struct iovec data = { .iov_base = "d", .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
	assert_int_equal(sendmsg(socket, &message, MSG_NOSIGNAL), 1);
}

static int take_fd(int socket)
{
	union fd_message control = { 0 };
	char byte;
	struct iovec data = { .iov_base = &byte, .iov_len = 1 };
	struct msghdr message = {
		.msg_iov = &data, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control),
	};
	struct cmsghdr *header;
	int fd;

	assert_int_equal(recvmsg(socket, &message, 0), 1);
	header = CMSG_FIRSTHDR(&message);
	assert_non_null(header);
	assert_int_equal(header->cmsg_type, SCM_RIGHTS);
	memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}

void pass_fd_to_child(struct meeting *meeting, int fd)
{
	pass_fd(meeting->sockets[0], fd);
}

int take_fd_from_parent(struct meeting *meeting)
{
	return take_fd(meeting->sockets[1]);
}

void pass_fd_to_parent(struct meeting *meeting, int fd)
{
	pass_fd(meeting->sockets[1], fd);
}

int take_fd_from_child(struct meeting *meeting)
{
	return take_fd(meeting->sockets[0]);
}
