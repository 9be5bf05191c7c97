// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <string.h>
#include <stdio.h>
#include <unistd.h>

#include "complaints.h"
#include "unit.h"

static int log_fd = -1;

/* The most telling words: it is enough that each complaint has one of them. */
static const char *const signs[] = {
	"cut here", "WARNING: ", "BUG: ", "KASAN: ", "UBSAN: ",
	"violation: ", "possible recursive", "possible circular",
	"Bad page", "refcount_t: ", "Oops",
	"blocked for more than",
};

void complaints_start(void)
{
	log_fd = expect_ok(open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC),
			   "open the kernel's log");
	expect_ok(lseek(log_fd, 0, SEEK_END), "go to its end");
}

/* A record is some numbers, a semicolon, and the text. */
static const char *text_of(const char *record)
{
	const char *text = strchr(record, ';');

	return text ? text + 1 : record;
}

static bool is_complaint(const char *text)
{
	for (size_t i = 0; i < ARRAY_SIZE(signs); i++)
		if (strstr(text, signs[i]))
			return true;
	return false;
}

/*
 * KCSAN reports races of the rest of the kernel, and of KVM, as well. A task
 * that was interrupted, or that waits, has no part in a race meanwhile.
 */
static struct {
	bool open, idle;
	char head[1024];
} race;

static const char *judge_race(const char *text)
{
	if (strstr(text, "KCSAN: ")) {
		race.open = true;
		race.idle = false;
		snprintf(race.head, sizeof(race.head), "%s", text);
	} else if (strstr(text, "==========")) {
		race.open = false;
	} else if (text[strspn(text, "\n ")] == '\0') {
		race.idle = false;
	} else if (strstr(text, "asm_sysvec_") ||
		   strstr(text, "asm_common_interrupt") ||
		   strstr(text, "__schedule+")) {
		race.idle = true;
	}
	if (!race.open || race.idle || !strstr(text, "kvm_private"))
		return NULL;
	race.open = false;
	return race.head;
}

/* The complaint in this line, if there is one */
static const char *judge(const char *text)
{
	const char *head = judge_race(text);

	if (head || strstr(text, "KCSAN: "))
		return head;
	return is_complaint(text) ? text : NULL;
}

bool complaints_new(char *line, size_t size)
{
	const char *complaint;
	char record[1024];
	bool found = false;
	ssize_t length;

	/* EPIPE: some lines were overwritten before they were read. */
	while ((length = read(log_fd, record, sizeof(record) - 1)) > 0 ||
	       (length < 0 && errno == EPIPE)) {
		if (length < 0)
			continue;
		record[length] = '\0';
		complaint = judge(text_of(record));
		if (found || !complaint)
			continue;
		snprintf(line, size, "%s", complaint);
		line[strcspn(line, "\n")] = '\0';
		found = true;
	}
	return found;
}
