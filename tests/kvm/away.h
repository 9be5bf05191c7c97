/* SPDX-License-Identifier: GPL-2.0-only */
/* A page of the host's that is missing: KVM waits for it as long as the test likes. */
#ifndef TESTS_KVM_AWAY_H
#define TESTS_KVM_AWAY_H

struct away {
	/* In private anonymous memory, never touched before */
	char *page;
	/* The userfaultfd that gets its faults */
	int uffd;
};

void away_start(struct away *away, char *page);
void away_stop(struct away *away);

/* Returns when a thread waits for the page. */
void away_wait(struct away *away);

/* The page is there from now on, each of its bytes set to value, and all threads go on. */
void away_arrive(struct away *away, int value);

#endif
