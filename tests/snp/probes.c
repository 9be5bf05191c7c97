// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "probes.h"
#include "text_file.h"
#include "unit.h"

#define TRACING		"/sys/kernel/tracing/"
#define PROBES		TRACING "kprobe_events"
#define ENABLE		TRACING "events/snp_test/enable"
#define TRACE		TRACING "trace"

/* Open while it is read, and after a failure amid that until probes_stop() */
static FILE *trace;

static void add_probe(const char *probe)
{
	int events = expect_ok(open(PROBES, O_WRONLY | O_APPEND | O_CLOEXEC), PROBES);

	expect_ok(write(events, probe, strlen(probe)), "%s", probe);
	close(events);
}

static void empty(const char *path)
{
	close(expect_ok(open(path, O_WRONLY | O_TRUNC | O_CLOEXEC), "%s", path));
}

bool probes_have(const char *function)
{
	int events = expect_ok(open(PROBES, O_WRONLY | O_APPEND | O_CLOEXEC), PROBES);
	char probe[96];
	bool have;

	snprintf(probe, sizeof(probe), "p:snp_test/have %s", function);
	have = write(events, probe, strlen(probe)) > 0;
	close(events);
	empty(PROBES);
	return have;
}

void probes_start(const char *const *probes, size_t count)
{
	for (size_t i = 0; i < count; i++)
		add_probe(probes[i]);
	text_file_write(TRACING "buffer_size_kb", "8192");
	empty(TRACE);
	text_file_write(ENABLE, "1");
}

void probes_stop(void)
{
	if (trace)
		fclose(trace);
	trace = NULL;
	text_file_write(ENABLE, "0");
	empty(PROBES);
}

void probes_read(void (*read)(const char *line))
{
	char line[512];

	trace = fopen(TRACE, "r");
	assert_non_null(trace);
	while (fgets(line, sizeof(line), trace)) {
		if (strstr(line, "LOST"))
			fail_msg("The trace has gaps");
		read(line);
	}
}
