// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "poll_until.h"
#include "stay.h"
#include "text_file.h"
#include "unit.h"

#define STAY "/sys/module/kvm_private/parameters/stay"

bool stay_is_there(void)
{
	return !access(STAY, W_OK);
}

static void set(const char *place, unsigned int wanted)
{
	char text[64];

	snprintf(text, sizeof(text), "%s %u", place, wanted);
	text_file_write(STAY, text);
}

void stay_want(const char *place)
{
	set(place, 1);
}

void stay_end(const char *place)
{
	set(place, 0);
}

static bool is_taken(const char *place)
{
	char text[1024], wanted[64], *line, *rest;

	snprintf(wanted, sizeof(wanted), "%s 2", place);
	text_file_read(STAY, text, sizeof(text));
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		if (!strcmp(line, wanted))
			return true;
	return false;
}

void stay_wait(const char *place)
{
	struct poll poll = poll_start();

	while (!is_taken(place))
		if (!poll_again(&poll))
			fail_msg("no task has come to %s", place);
}

void stay_end_all(void)
{
	char text[1024], *line, *rest;

	if (!stay_is_there())
		return;
	text_file_read(STAY, text, sizeof(text));
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest)) {
		line[strcspn(line, " ")] = 0;
		stay_end(line);
	}
}
