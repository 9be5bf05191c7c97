// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs the VMM as a user would, with pipes where the terminal would be.
 */
#include "guest_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "unit.h"
#include "watched.h"

#define MAX_ARGUMENTS	32

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/*
 * For one answer. Boots take seconds, and many times that on a busy machine or a debug
 * kernel.
 */
static long long end_of_patience(void)
{
	return now_ms() + (kernel_is_watched() ? 600000 : 120000);
}

static void exec_vmm(const char *const *arguments, int input, int output)
{
	char *argv[MAX_ARGUMENTS + 2] = { "vmm" };

	for (size_t i = 0; i < MAX_ARGUMENTS && arguments[i]; i++)
		argv[i + 1] = (char *)arguments[i];

	/* A failed test leaves no VMM running. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	dup2(input, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	execv("./vmm", argv);
	dprintf(STDERR_FILENO, "there is no ./vmm here: %s\n", strerror(errno));
	_exit(127);
}

void guest_start(struct guest_process *guest, const char *const *arguments)
{
	int input[2], output[2];

	expect_ok(pipe2(input, O_CLOEXEC), "input");
	expect_ok(pipe2(output, O_CLOEXEC), "output");

	guest->pid = expect_ok(fork(), "fork");
	if (!guest->pid)
		exec_vmm(arguments, input[0], output[1]);

	close(input[0]);
	close(output[1]);
	guest->input = input[1];
	guest->output = output[0];
	guest->used = 0;
	guest->heard = 0;
	guest->text[0] = '\0';
}

void guest_type(struct guest_process *guest, const char *text)
{
	size_t size = strlen(text);

	assert_int_equal(write(guest->input, text, size), size);
}

/* Returns false at the output's end. */
static bool read_more(struct guest_process *guest, long long end)
{
	struct pollfd pollfd = { .fd = guest->output, .events = POLLIN };
	long long left = end - now_ms();
	ssize_t size;

	if (left <= 0 || !poll(&pollfd, 1, left)) {
		kill(guest->pid, SIGKILL);
		fail_msg("no answer; the guest said:\n%s", guest->text);
	}
	size = read(guest->output, guest->text + guest->used,
		    sizeof(guest->text) - guest->used - 1);
	expect_ok(size, "reading the console");
	guest->used += size;
	guest->text[guest->used] = '\0';
	assert_true(guest->used < sizeof(guest->text) - 1);
	return size;
}

void guest_hear(struct guest_process *guest, const char *text)
{
	long long end = end_of_patience();
	char *found;

	while (!(found = strstr(guest->text + guest->heard, text))) {
		if (!read_more(guest, end))
			fail_msg("it ended without \"%s\", but said:\n%s", text,
				 guest->text);
	}
	guest->heard = found + strlen(text) - guest->text;
}

int guest_wait(struct guest_process *guest)
{
	long long end = end_of_patience();
	int status;

	while (read_more(guest, end))
		;
	assert_int_equal(waitpid(guest->pid, &status, 0), guest->pid);
	close(guest->input);
	close(guest->output);

	if (WIFSIGNALED(status))
		return 128 + WTERMSIG(status);
	return WEXITSTATUS(status);
}
