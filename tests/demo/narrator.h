/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TESTS_DEMO_NARRATOR_H
#define TESTS_DEMO_NARRATOR_H

/* Begins a part of the story. */
void narrate_title(const char *title);

/* One line of the story, whole even while the guest's console is shown. */
void narrate(const char *format, ...) __attribute__((format(printf, 1, 2)));

/* A line that belongs to the one before. */
void narrate_detail(const char *format, ...)
	__attribute__((format(printf, 1, 2)));

/* For such lines. */
double in_mib(unsigned long long bytes);

/* A promise of the story didn't hold: prints this and exits. */
void fail(const char *format, ...)
	__attribute__((noreturn, format(printf, 1, 2)));

#endif /* TESTS_DEMO_NARRATOR_H */
