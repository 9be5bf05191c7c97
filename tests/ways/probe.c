// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "probe.h"
#include "unit.h"

#define TRACING "/sys/kernel/tracing/"

/* Any function that this process can have called */
#define FUNCTION "do_sys_openat2"

static void put(const char *file, const char *text)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), TRACING "%s", file);
	fd = expect_ok(open(path, O_WRONLY | O_APPEND | O_CLOEXEC), "open %s", path);
	expect_ok(write(fd, text, strlen(text)), "writing '%s' to %s", text, path);
	close(fd);
}

static void set_probe(__u64 address)
{
	char text[1024];
	int used = snprintf(text, sizeof(text), "p:ways/peek " FUNCTION);

	for (unsigned int i = 0; i < PROBE_WORDS; i++)
		used += snprintf(text + used, sizeof(text) - used,
				 " w%u=@%#llx:x64", i, address + i * sizeof(__u64));
	put("kprobe_events", text);
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

void probe_read(__u64 address, __u64 *words)
{
	set_probe(address);
	put("events/ways/peek/enable", "1");
	close(open("/", O_RDONLY | O_CLOEXEC));
	put("events/ways/peek/enable", "0");
	read_trace(words);
	put("kprobe_events", "-:ways/peek");
}
