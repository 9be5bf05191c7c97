// SPDX-License-Identifier: GPL-2.0-only
#include "guest_report.h"

#include <stdio.h>

#include "../demo/witness.h"
#include "unit.h"

static __u8 digit_value(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	if (digit >= 'a' && digit <= 'f')
		return digit - 'a' + 10;
	fail_msg("the report has a character that is no digit: %#x", digit);
	return 0;
}

static void parse(const char *digits, struct report *report)
{
	__u8 *bytes = (__u8 *)report;

	for (size_t i = 0; i < sizeof(*report); i++)
		bytes[i] = digit_value(digits[2 * i]) << 4 | digit_value(digits[2 * i + 1]);
}

void guest_report(struct guest_process *guest, const char *nonce, struct report *report)
{
	char command[128];
	size_t start;

	/* The driver asks for the cipher by name, and the guest has no program that loads it. */
	snprintf(command, sizeof(command),
		 "modprobe -a gcm ghash-generic sev-guest && report %s\n", nonce);
	guest_type(guest, command);
	guest_hear(guest, REPORT_START);
	start = guest->heard;
	guest_hear(guest, REPORT_END);
	assert_int_equal(guest->heard - start, 2 * sizeof(*report) + sizeof(REPORT_END) - 1);
	parse(guest->text + start, report);
}
