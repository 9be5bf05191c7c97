/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_LIB_CHILD_H
#define TESTS_LIB_CHILD_H

#include <sys/types.h>

/*
 * Runs @body in a process of its own and fails the test if an assertion in it
 * fails or if a signal kills it. For all that a process can't take back:
 * rights, limits, a cgroup.
 */
void child_run(void (*body)(void *arg), void *arg);

/* The same in two halves, for a body that runs beside the test. */
pid_t child_start(void (*body)(void *arg), void *arg);
void child_wait(pid_t pid);

/*
 * Two processes meet: each call returns when both sides have made it. The
 * meeting is set up before the child is started.
 */
struct meeting {
	int sockets[2];
};

void meeting_open(struct meeting *meeting);
void meeting_close(struct meeting *meeting);
void meet_parent(struct meeting *meeting);
void meet_child(struct meeting *meeting);

/* Sends a descriptor to the other process over a meeting's socket. */
void pass_fd_to_child(struct meeting *meeting, int fd);
int take_fd_from_parent(struct meeting *meeting);
void pass_fd_to_parent(struct meeting *meeting, int fd);
int take_fd_from_child(struct meeting *meeting);

#endif /* TESTS_LIB_CHILD_H */
