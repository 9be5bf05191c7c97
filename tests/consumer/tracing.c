// SPDX-License-Identifier: GPL-2.0-only
/* The tracepoints of a page's life */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "consumer.h"
#include "convert.h"
#include "text_file.h"

#define TRACEFS "/sys/kernel/tracing/"
#define SWITCH TRACEFS "events/kvm_private/enable"

static FILE *events;

static int tracing_setup(void **state)
{
	if (access(TRACEFS "trace", F_OK))
		expect_ok(mount("tracefs", TRACEFS, "tracefs", 0, NULL),
			  "mount tracefs");
	consumer_group_setup(state);
	events = fdopen(expect_ok(open(TRACEFS "trace_pipe",
				       O_RDONLY | O_NONBLOCK | O_CLOEXEC),
				  "open trace_pipe"), "r");
	assert_non_null(events);
	text_file_write(SWITCH, "1");
	return 0;
}

static int tracing_teardown(void **state)
{
	text_file_write(SWITCH, "0");
	fclose(events);
	return consumer_group_teardown(state);
}

/* The next event, without the text before its name; "" if there is none */
static void next_event(char *text, size_t size)
{
	char line[512], *name;

	*text = 0;
	clearerr(events);
	if (!fgets(line, sizeof(line), events))
		return;
	line[strcspn(line, "\n")] = 0;
	name = strstr(line, "kvm_private_");
	if (!name)
		fail_msg("no event of ours: %s", line);
	snprintf(text, size, "%s", name);
}

static void __printf(1, 2) expect(const char *format, ...)
{
	char wanted[256], found[256];
	va_list args;

	va_start(args, format);
	vsnprintf(wanted, sizeof(wanted), format, args);
	va_end(args);
	next_event(found, sizeof(found));
	assert_string_equal(found, wanted);
}

static void expect_nothing(void)
{
	expect("%s", "");
}

static void forget_all(void)
{
	char text[256];

	do {
		next_event(text, sizeof(text));
	} while (*text);
}

static unsigned long number_of(int fd)
{
	struct stat stat;

	expect_ok(fstat(fd, &stat), "fstat");
	return stat.st_ino;
}

TEST(create)
{
	int fd;

	forget_all();
	fd = file_create(3 * MIB, KVM_PRIVATE_FLAG_NO_AUTO_ALLOC);
	expect("kvm_private_create: ino=%lu size=3145728 flags=0x100000000 order=0",
	       number_of(fd));
	close(fd);
	fd = huge_create(4 * MIB, 0);
	expect("kvm_private_create: ino=%lu size=4194304 flags=0x0 order=9",
	       number_of(fd));
	close(fd);
	expect_nothing();
}

TEST(lookup, &consumer_plain)
{
	struct consumer *c = *state;
	unsigned long ino = number_of(c->file);
	char text[256];
	__u64 pfn;

	bind_guest(c, 0, 1, 8, FILE_PAGES);
	forget_all();
	pfn = get_pfn(c, 0, 9);
	expect("kvm_private_alloc: ino=%lu index=0x9 pfn=0x%llx order=0", ino, pfn);
	/* The test module gives the guests their numbers. */
	next_event(text, sizeof(text));
	assert_non_null(strstr(text, "kvm_private_prepare: ino="));
	assert_non_null(strstr(text, " index=0x9 "));
	assert_non_null(strstr(text, " ret=0"));
	expect("kvm_private_get_pfn: ino=%lu index=0x9 private pfn=0x%llx order=0 ret=0",
	       ino, pfn);
	get_pfn(c, 0, 9);
	expect("kvm_private_get_pfn: ino=%lu index=0x9 private pfn=0x%llx order=0 ret=0",
	       ino, pfn);
	expect_error(EINVAL, try_get_pfn(c, 0, 7), "outside");
	expect("kvm_private_get_pfn: ino=%lu index=0x7 private pfn=0x0 order=0 ret=-22",
	       ino);
	punch(c, 0, FILE_PAGES);
	expect("kvm_private_invalidate_begin: ino=%lu start=0x0 end=0x%x", ino,
	       FILE_PAGES);
	expect("kvm_private_reclaim: ino=%lu index=0x9 pfn=0x%llx order=0", ino,
	       pfn);
	expect("kvm_private_free: ino=%lu index=0x9 pfn=0x%llx order=0", ino, pfn);
	expect("kvm_private_invalidate_end: ino=%lu start=0x0 end=0x%x", ino,
	       FILE_PAGES);
	expect_nothing();
}

TEST(convert)
{
	int fd = file_create(16 * PAGE, KVM_PRIVATE_FLAG_MMAP);
	unsigned long ino = number_of(fd);

	forget_all();
	expect_ok(file_make_shared(fd, PAGE, 3 * PAGE, 0), "convert");
	expect("kvm_private_invalidate_begin: ino=%lu start=0x1 end=0x4", ino);
	expect("kvm_private_invalidate_end: ino=%lu start=0x1 end=0x4", ino);
	expect("kvm_private_convert: ino=%lu start=0x1 end=0x4 to shared flags=0x0 ret=0",
	       ino);
	expect_ok(file_make_private(fd, 0, 16 * PAGE, 0), "convert");
	expect("kvm_private_invalidate_begin: ino=%lu start=0x0 end=0x10", ino);
	expect("kvm_private_invalidate_end: ino=%lu start=0x0 end=0x10", ino);
	expect("kvm_private_convert: ino=%lu start=0x0 end=0x10 to private flags=0x0 ret=0",
	       ino);
	close(fd);
	expect_nothing();
}

/* All allocated pages are freed, in pieces of any size. */
TEST(balance)
{
	int fd = huge_create(8 * HUGE_PAGE, 0);
	unsigned long allocated = 0, freed = 0;
	char text[256], *order;

	forget_all();
	expect_ok(file_allocate(fd, PAGE, 4 * HUGE_PAGE), "allocate");
	expect_ok(file_punch(fd, HUGE_PAGE + 3 * PAGE, 2 * HUGE_PAGE), "punch");
	close(fd);
	for (next_event(text, sizeof(text)); *text; next_event(text, sizeof(text))) {
		order = strstr(text, "order=");
		if (strstr(text, "kvm_private_alloc:"))
			allocated += 1UL << strtoul(order + 6, NULL, 0);
		else if (strstr(text, "kvm_private_free:"))
			freed += 1UL << strtoul(order + 6, NULL, 0);
	}
	assert_int_equal(allocated, 5 * HUGE_PAGES);
	assert_int_equal(freed, allocated);
}

TEST_MAIN("tracing", .setup = tracing_setup, .teardown = tracing_teardown)
