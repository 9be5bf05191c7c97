/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_DEMO_WITNESS_H
#define TESTS_DEMO_WITNESS_H

/*
 * The lines that guest and host exchange over the guest's console. The guest's
 * lines are for people as well.
 */

#define WITNESS_UP		"The guest is up: "

#define WITNESS_TEXT		"the guest's own secret. "
#define WITNESS_READY		"I filled a page with \"%s\": it is at %#llx."
#define WITNESS_LATER_TEXT	"a secret for later. "
#define WITNESS_TAKEN_BACK \
	"I took it back and filled it with \"%s\": it is at %#llx."
#define WITNESS_ADDRESS		": it is at "

#define WITNESS_UNCHANGED	"My page is as I left it."
#define WITNESS_ZERO		"My page reads zero, every byte of it."
#define WITNESS_DAMAGED		"My page has something else in it!"
#define WITNESS_MOVED		"My page has moved, I can't tell."

#define WITNESS_SHARED		"I share a page with the host: it is at %#llx."
#define WITNESS_HEARD		"The host has written \"%s\"."
#define WITNESS_TOLD		"The shared page is full of my secret."
#define WITNESS_PINNED		"The host doesn't let go of my page."

#define WITNESS_START		"start\n"
#define WITNESS_LOOK		"look\n"
#define WITNESS_SHARE		"share\n"
#define WITNESS_LISTEN		"listen\n"
#define WITNESS_TELL		"tell\n"
#define WITNESS_TAKE_BACK	"take back\n"
#define WITNESS_QUIT		"quit\n"

/* Before and after the digits of a report, which the program "report" asks for */
#define REPORT_START		"The firmware reports "
#define REPORT_END		". That is all."

/* The words that they write into the page that they share, and where */
#define WITNESS_GREETING	"Hello, host! You may read this page."
#define WITNESS_GREETING_AT	0
#define WITNESS_ANSWER		"Hello, guest! It's all that I can read."
#define WITNESS_ANSWER_AT	2048

#endif /* TESTS_DEMO_WITNESS_H */
