/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_DEMO_GUEST_H
#define TESTS_DEMO_GUEST_H

#include <pthread.h>

#include "console.h"
#include "vmm.h"

/**
 * struct guest - a guest that takes part in the story
 * @vmm: its machine
 * @console: its output
 * @listener: notices its end
 */
struct guest {
	struct vmm vmm;
	struct console console;
	pthread_t listener;
};

/* If any of them goes wrong, the demo ends. */
void guest_create(struct guest *guest, const struct vmm_config *config);
void guest_boot(struct guest *guest);

/* Says @line and waits for a line that contains @expected. Returns that. */
const char *guest_ask(struct guest *guest, const char *line,
		      const char *expected);

/* The same where the answer ends with a page's guest physical address. */
__u64 guest_ask_address(struct guest *guest, const char *line,
			const char *expected);

/* Ends it. */
void guest_quit(struct guest *guest);

#endif /* TESTS_DEMO_GUEST_H */
