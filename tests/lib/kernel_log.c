// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "kernel_log.h"
#include "unit.h"

int kernel_log_open(void)
{
	int log = expect_ok(open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC),
			    "open /dev/kmsg");

	expect_ok(lseek(log, 0, SEEK_END), "to the log's end");
	return log;
}

/*
 * One read is one record; EPIPE: some were lost, and the next read goes on
 * behind them.
 */
bool kernel_log_has(int log, const char *text)
{
	char record[1024];
	ssize_t size;

	while ((size = read(log, record, sizeof(record) - 1)) > 0 ||
	       (size < 0 && errno == EPIPE)) {
		if (size < 0)
			continue;
		record[size] = 0;
		if (strstr(record, text))
			return true;
	}
	return false;
}

void expect_in_log(int log, const char *text)
{
	if (!kernel_log_has(log, text))
		fail_msg("not in the log: %s", text);
}
