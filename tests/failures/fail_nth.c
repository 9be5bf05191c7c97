// SPDX-License-Identifier: GPL-2.0-only
/* The kernel's fault injection; Documentation/fault-injection/ tells of it. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "injectors.h"
#include "own_points.h"
#include "text_file.h"
#include "unit.h"

#define DEBUGFS "/sys/kernel/debug/"

static int of_thread = -1;

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

/* All allocations may fail, also those that must not wait, and nothing is said. */
static void open_both(void)
{
	text_file_write(DEBUGFS "failslab/ignore-gfp-wait", "N");
	text_file_write(DEBUGFS "failslab/verbose", "0");
	text_file_write(DEBUGFS "fail_page_alloc/ignore-gfp-wait", "N");
	text_file_write(DEBUGFS "fail_page_alloc/ignore-gfp-highmem", "N");
	text_file_write(DEBUGFS "fail_page_alloc/min-order", "0");
	text_file_write(DEBUGFS "fail_page_alloc/verbose", "0");
	of_thread = expect_ok(open("/proc/thread-self/fail-nth",
				   O_RDWR | O_CLOEXEC), "open fail-nth");
}

static void arm(unsigned int nth, unsigned int count)
{
	char text[16];
	int size = snprintf(text, sizeof(text), "%u", nth);

	assert_int_equal(count, 1);
	assert_int_equal(pwrite(of_thread, text, size, 0), size);
}

/* What is left of the number is 0 once an allocation has failed. */
static unsigned int disarm(void)
{
	char text[16] = "";
	ssize_t size = pread(of_thread, text, sizeof(text) - 1, 0);

	/* A copy of user memory itself, it may be what is denied: not the call was. */
	if (size < 0)
		assert_int_equal(errno, EFAULT);
	while (pwrite(of_thread, "0", 1, 0) != 1)
		assert_int_equal(errno, EFAULT);
	return size > 0 && !atoi(text);
}

static bool denies_copies(void)
{
	return !access(DEBUGFS "fail_usercopy", F_OK);
}

static void arm_for_good(unsigned int nth, unsigned int count)
{
	text_file_write(FAIL_AGAIN, "1");
	arm(nth, count);
}

static unsigned int disarm_for_good(void)
{
	unsigned int failed = disarm();

	text_file_write(FAIL_AGAIN, "0");
	return failed;
}

static const unsigned int counts[] = { 1, 0 };

const struct injector fail_nth = {
	.name = "fail-nth",
	.is_there = is_there,
	.open = open_both,
	.arm = arm,
	.disarm = disarm,
	.denies_copies = denies_copies,
	.counts = counts,
};

const struct injector fail_nth_for_good = {
	.name = "fail-nth for good",
	.is_there = is_there_for_good,
	.open = open_both,
	.arm = arm_for_good,
	.disarm = disarm_for_good,
	.denies_copies = denies_copies,
	.counts = counts,
};
