// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's side of the demo. It fills a page of its memory and tells the
 * host where that is. When the host asks, it says what the page holds by then.
 * The host must have no other way to know that. The witness also shares a page
 * with the host and takes it back, and looks at that one from then on.
 */
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "../witness.h"
#include "kernel/shared_page.h"
#include "page.h"

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

/* The secret, and its address */
static struct {
	unsigned char *page;
	unsigned long long address;
	const char *text;
} secret;

static struct {
	int fd;
	unsigned char *page;
} shared = { .fd = -1 };

/* The kernel tells programs nothing of the pages that a driver maps. */
static unsigned long long address_of(const unsigned char *page)
{
	__u64 address;

	if (page != shared.page)
		return page_address(page);
	if (ioctl(shared.fd, SHARED_PAGE_ADDRESS, &address))
		err(1, "where is the shared page");
	return address;
}

static void keep_secret(unsigned char *page, const char *text)
{
	page_fill(page, text);
	secret.page = page;
	secret.address = address_of(page);
	secret.text = text;
}

static void start(void)
{
	unsigned char *page = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (page == MAP_FAILED || mlock(page, PAGE_SIZE))
		err(1, "no page");
	keep_secret(page, WITNESS_TEXT);
	printf(WITNESS_READY "\n", secret.text, secret.address);
}

/* The answer is worthless if the page has moved. */
static void look(void)
{
	if (address_of(secret.page) != secret.address)
		puts(WITNESS_MOVED);
	else
		puts(page_look(secret.page, secret.text));
}

static void get_shared_page(void)
{
	shared.fd = open(SHARED_PAGE_DEVICE, O_RDWR | O_CLOEXEC);
	if (shared.fd < 0)
		err(1, "can't open " SHARED_PAGE_DEVICE);
	shared.page = mmap(NULL, PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED,
			   shared.fd, 0);
	if (shared.page == MAP_FAILED)
		err(1, "can't map " SHARED_PAGE_DEVICE);
}

static void share(void)
{
	if (shared.fd < 0)
		get_shared_page();
	if (ioctl(shared.fd, SHARED_PAGE_SHARE))
		err(1, "the host doesn't take a page");

	memset(shared.page, 0, PAGE_SIZE);
	memcpy(shared.page + WITNESS_GREETING_AT, WITNESS_GREETING,
	       sizeof(WITNESS_GREETING));
	printf(WITNESS_SHARED "\n", address_of(shared.page));
}

/* The host may write to the page at any time, so only the copy counts. */
static void hear(void)
{
	char text[sizeof(WITNESS_ANSWER)];

	memcpy(text, shared.page + WITNESS_ANSWER_AT, sizeof(text));
	text[sizeof(text) - 1] = '\0';
	printf(WITNESS_HEARD "\n", text);
}

/* For the host to find what it didn't find in the private page. */
static void tell(void)
{
	page_fill(shared.page, secret.text);
	puts(WITNESS_TOLD);
}

static void take_back(void)
{
	if (ioctl(shared.fd, SHARED_PAGE_TAKE_BACK)) {
		if (errno != EAGAIN)
			err(1, "the host doesn't give my page back");
		puts(WITNESS_PINNED);
		return;
	}
	keep_secret(shared.page, WITNESS_LATER_TEXT);
	printf(WITNESS_TAKEN_BACK "\n", secret.text, secret.address);
}

static const struct command {
	const char *line;
	void (*obey)(void);
	bool needs_secret;
	bool needs_shared;
} commands[] = {
	{ .line = WITNESS_START, .obey = start },
	{ .line = WITNESS_LOOK, .obey = look, .needs_secret = true },
	{ .line = WITNESS_SHARE, .obey = share },
	{ .line = WITNESS_LISTEN, .obey = hear, .needs_shared = true },
	{ .line = WITNESS_TELL, .obey = tell, .needs_secret = true,
	  .needs_shared = true },
	{ .line = WITNESS_TAKE_BACK, .obey = take_back, .needs_shared = true },
};

static void obey(const char *line)
{
	for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
		const struct command *command = &commands[i];

		if (strcmp(line, command->line))
			continue;
		if ((command->needs_secret && !secret.page) ||
		    (command->needs_shared && !shared.page))
			errx(1, "too early for %s", line);
		command->obey();
		fflush(stdout);
		return;
	}
	errx(1, "what does the host mean by %s", line);
}

int main(void)
{
	char line[80];

	while (fgets(line, sizeof(line), stdin)) {
		if (!strcmp(line, WITNESS_QUIT))
			return 0;
		obey(line);
	}
	errx(1, "the host has gone");
}
