/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_VMM_GUEST_PROCESS_H
#define TESTS_VMM_GUEST_PROCESS_H

#include <stddef.h>
#include <sys/types.h>

/**
 * struct guest_process - a VMM that runs beside the test
 * @pid: its process
 * @input: a pipe to the guest's console
 * @output: the console, and the VMM's own messages
 * @text: the part of it that has been read, always a string
 * @used: its length
 * @heard: up to where guest_hear() has got
 */
struct guest_process {
	pid_t pid;
	int input;
	int output;
	char text[65536];
	size_t used;
	size_t heard;
};

/* @arguments: of the VMM, ended by NULL; its name comes by itself. */
void guest_start(struct guest_process *guest, const char *const *arguments);

void guest_type(struct guest_process *guest, const char *text);

/* Waits until @text comes; fails the test if it doesn't, in time. */
void guest_hear(struct guest_process *guest, const char *text);

/* Waits for the VMM's end. Returns its exit status, or 128 + its signal. */
int guest_wait(struct guest_process *guest);

#endif /* TESTS_VMM_GUEST_PROCESS_H */
