/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_DEMO_WITNESS_H
#define TESTS_DEMO_WITNESS_H

/*
 * What guest and host say to each other over the guest's console. Lines that
 * the guest says are read by people too.
 */

#define WITNESS_UP		"The guest is up: "

#define WITNESS_TEXT		"the guest's own secret. "
#define WITNESS_READY		"I filled a page with \"%s\": it is at %#llx."
#define WITNESS_ADDRESS		"\": it is at "

#define WITNESS_UNCHANGED	"My page is as I left it."
#define WITNESS_ZERO		"My page reads zero, every byte of it."
#define WITNESS_DAMAGED		"My page has something else in it!"
#define WITNESS_MOVED		"My page has moved, I can't tell."

#define WITNESS_START		"start\n"
#define WITNESS_LOOK		"look\n"
#define WITNESS_QUIT		"quit\n"

#endif /* TESTS_DEMO_WITNESS_H */
