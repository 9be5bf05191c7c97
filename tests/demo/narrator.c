// SPDX-License-Identifier: GPL-2.0-only
/* The look of the story */
#include "narrator.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

static void print_line(FILE *stream, const char *prefix, const char *format,
		       va_list arguments)
{
	flockfile(stream);
	fputs(prefix, stream);
	vfprintf(stream, format, arguments);
	fputc('\n', stream);
	fflush(stream);
	funlockfile(stream);
}

void narrate_title(const char *title)
{
	printf("\n%s\n\n", title);
	fflush(stdout);
}

void narrate(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_line(stdout, "* ", format, arguments);
	va_end(arguments);
}

void narrate_detail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_line(stdout, "    ", format, arguments);
	va_end(arguments);
}

double in_mib(unsigned long long bytes)
{
	return bytes / 1048576.0;
}

void fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_line(stderr, "demo: FAILED: ", format, arguments);
	va_end(arguments);
	exit(1);
}
