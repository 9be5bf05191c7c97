/* SPDX-License-Identifier: GPL-2.0-only */
/* SELinux enforcing, and processes in the domains of base.cil */
#ifndef TESTS_LSM_DOMAIN_H
#define TESTS_LSM_DOMAIN_H

/* The length of a context's text */
#define CONTEXT_SIZE 128

/* Puts a policy in force, instead of the one before. */
void policy_load(const char *path);

/* For a child: there may be no way back. */
void domain_enter(const char *domain);

/* The next program that this process executes begins in that domain. */
void domain_enter_on_exec(const char *domain);

/*
 * The result of a call in a process of that domain, which has this one's
 * descriptors: 0 or an errno. @call is a system call: -1 and errno on an error.
 */
int domain_try(const char *domain, long (*call)(int fd), int fd);

/* Fails the test unless the file of the descriptor has that label. */
void expect_label(int fd, const char *label);

#endif
