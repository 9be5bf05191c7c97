// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's fault injection, see Documentation/fault-injection/ */
#include <unistd.h>

#include "injectors.h"
#include "own_points.h"
#include "text_file.h"

#define DEBUGFS "/sys/kernel/debug/"

static bool is_there(void)
{
	return !access("/proc/self/fail-nth", F_OK) &&
	       !access(DEBUGFS "failslab", F_OK) &&
	       !access(DEBUGFS "fail_page_alloc", F_OK);
}

static bool is_there_for_good(void)
{
	return is_there() && !access(FAIL_AGAIN, F_OK);
}

/*
 * All allocations may fail, also those that must not wait, and the kernel logs
 * none of it.
 */
static void prepare(void)
{
	text_file_write(DEBUGFS "failslab/ignore-gfp-wait", "N");
	text_file_write(DEBUGFS "failslab/verbose", "0");
	text_file_write(DEBUGFS "fail_page_alloc/ignore-gfp-wait", "N");
	text_file_write(DEBUGFS "fail_page_alloc/ignore-gfp-highmem", "N");
	text_file_write(DEBUGFS "fail_page_alloc/min-order", "0");
	text_file_write(DEBUGFS "fail_page_alloc/verbose", "0");
}

static bool denies_copies(void)
{
	return !access(DEBUGFS "fail_usercopy", F_OK);
}

static const unsigned int counts[] = { 1, 0 };

#define FAIL_NTH_INJECTOR(what, there, ...)				\
	{								\
		.name = what,						\
		.is_there = there,					\
		.prepare = prepare,					\
		.path = "/proc/thread-self/fail-nth",			\
		.counts_down = true,					\
		.denies_copies = denies_copies,				\
		.counts = counts,					\
		__VA_ARGS__						\
	}

const struct injector fail_nth = FAIL_NTH_INJECTOR("fail-nth", is_there);

const struct injector fail_nth_for_good =
	FAIL_NTH_INJECTOR("fail-nth for good", is_there_for_good, .for_good = true);
