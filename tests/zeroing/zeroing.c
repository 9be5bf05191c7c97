// SPDX-License-Identifier: GPL-2.0-only
/*
 * A page is cleared once between its last owner and the file, and once between the
 * file and its next owner: by the kernel when it allocates or frees the page, or
 * by the module. The test counts instructions, each of which clears a word; so the
 * machine's clock has to count them (--icount).
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <x86intrin.h>

#include "convert.h"
#include "huge.h"
#include "unit.h"

#include "../bench/measure.h"

#define SIZE		(64 * MIB)
#define WORDS		512
/* Fewer than clearing a page takes, more than all other work does */
#define NOT_CLEARED	(WORDS - 1)
/* Fewer than clearing it twice takes */
#define ONCE		(2 * WORDS - 1)

static bool on_alloc, on_free;

static bool boot_option(const char *line, const char *name, bool unless_given)
{
	const char *at = strstr(line, name);

	return at ? at[strlen(name)] == '1' : unless_given;
}

static void read_boot_options(void)
{
	FILE *file = fopen("/proc/cmdline", "r");
	char line[1024] = "";

	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	fclose(file);
	/* As Debian builds its kernels */
	on_alloc = boot_option(line, "init_on_alloc=", true);
	on_free = boot_option(line, "init_on_free=", false);
}

static void expect_cleared(const char *what, __u64 start, __u64 size,
			   bool cleared)
{
	long long by_page = (__rdtsc() - start) / (size / PAGE);

	print_message("# %s: %lld instructions a page\n", what, by_page);
	expect_between(by_page, cleared ? WORDS : 0,
		       cleared ? ONCE : NOT_CLEARED, "%s", what);
}

/* A page is cleared when it is allocated, or was when it was last freed. */
static void expect_coming(const char *what, __u64 start, __u64 size)
{
	expect_cleared(what, start, size, !on_free);
}

/* The kernel clears a freed page now or later, or else the module does. */
static void expect_going(const char *what, __u64 start, __u64 size)
{
	expect_cleared(what, start, size, on_free || !on_alloc);
}

static void come_and_go(int fd, __u64 size)
{
	__u64 start;

	/* Twice, since the first one also makes the one-time preparations */
	for (int i = 0; i < 2; i++) {
		start = __rdtsc();
		expect_ok(file_allocate(fd, 0, size), "allocate");
		if (i)
			expect_coming("coming", start, size);
		start = __rdtsc();
		expect_ok(file_punch(fd, 0, size), "punch");
		if (i)
			expect_going("going", start, size);
	}
	expect_ok(file_allocate(fd, 0, size), "allocate");
	start = __rdtsc();
	close(fd);
	expect_going("going with the file", start, size);
}

TEST(base_pages)
{
	come_and_go(file_create(SIZE, 0), SIZE);
}

TEST(huge_pages)
{
	come_and_go(huge_create(SIZE, KVM_PRIVATE_FLAG_HUGE_STRICT), SIZE);
}

TEST(gigantic_page)
{
	come_and_go(gigantic_create(GIGANTIC_PAGE, KVM_PRIVATE_FLAG_HUGE_STRICT),
		    GIGANTIC_PAGE);
}

/* A conversion that drops the content begins a new life of the page, too. */
TEST(conversion)
{
	int fd = file_create(SIZE, KVM_PRIVATE_FLAG_MMAP);
	__u64 start;

	expect_ok(file_allocate(fd, 0, SIZE), "allocate");
	start = __rdtsc();
	expect_ok(file_make_shared(fd, 0, SIZE, CONVERT_ZERO), "to shared");
	expect_cleared("to shared, zeroed", start, SIZE, true);
	start = __rdtsc();
	expect_ok(file_make_private(fd, 0, SIZE, CONVERT_PRESERVE), "to private");
	expect_cleared("to private, preserved", start, SIZE, false);
	start = __rdtsc();
	expect_ok(file_make_shared(fd, 0, SIZE, CONVERT_PRESERVE), "to shared");
	expect_cleared("to shared, preserved", start, SIZE, false);
	close(fd);
}

static int setup(void **state)
{
	read_boot_options();
	print_message("# init_on_alloc=%d init_on_free=%d\n", on_alloc, on_free);
	if (gigantic_group_setup(state))
		return -1;
	settle();
	return 0;
}

TEST_MAIN("zeroing", .setup = setup)
