// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe.h"
#include "text_file.h"
#include "unit.h"

#define TRACING "/sys/kernel/tracing/"

/* Any function that this process can have called */
#define FUNCTION "do_sys_openat2"

static int try_set(__u64 address)
{
	char text[1024];
	int used = snprintf(text, sizeof(text), "p:ways/peek " FUNCTION);

	for (unsigned int i = 0; i < PROBE_WORDS; i++)
		used += snprintf(text + used, sizeof(text) - used,
				 " w%u=@%#llx:x64", i, address + i * sizeof(__u64));
	return text_file_try_write(TRACING "kprobe_events", text);
}

/* The last hit that the trace has */
static void read_trace(__u64 *words)
{
	FILE *trace = fopen(TRACING "trace", "re");
	unsigned int found = 0;
	char line[2048];

	assert_non_null(trace);
	while (fgets(line, sizeof(line), trace)) {
		const char *at = strstr(line, " w0=");

		for (found = 0; at && found < PROBE_WORDS; found++) {
			words[found] = strtoull(strchr(at + 1, '=') + 1, NULL, 16);
			at = strchr(at + 1, ' ');
		}
	}
	fclose(trace);
	assert_int_equal(found, PROBE_WORDS);
}

static void remove_probe(void)
{
	text_file_write(TRACING "kprobe_events", "-:ways/peek");
}

int probe_try(__u64 address)
{
	if (try_set(address))
		return -1;
	remove_probe();
	return 0;
}

void probe_read(__u64 address, __u64 *words)
{
	expect_ok(try_set(address), "a kprobe that reads at %#llx", address);
	text_file_write(TRACING "events/ways/peek/enable", "1");
	close(open("/", O_RDONLY | O_CLOEXEC));
	text_file_write(TRACING "events/ways/peek/enable", "0");
	read_trace(words);
	remove_probe();
}
