// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "injectors.h"
#include "own_points.h"
#include "unit.h"

static int parameter = -1;

static bool is_there(void)
{
	return !access(FAIL_NTH, W_OK);
}

static void open_parameter(void)
{
	parameter = expect_ok(open(FAIL_NTH, O_RDWR | O_CLOEXEC),
			      "open " FAIL_NTH);
}

static void arm(unsigned int nth, unsigned int count)
{
	char text[32];
	int size = snprintf(text, sizeof(text), "%u %u", nth, count);

	assert_int_equal(pwrite(parameter, text, size, 0), size);
}

static unsigned int disarm(void)
{
	char text[32] = "";

	assert_int_equal(pwrite(parameter, "0", 1, 0), 1);
	assert_true(pread(parameter, text, sizeof(text) - 1, 0) > 0);
	return atoi(text);
}

/*
 * What the XArray asks for is denied it the second time with 2, and what has
 * others to fall back on gets none of them with the last one. There has to be an
 * end: the kernel repeats a page fault that was out of memory.
 */
static const unsigned int counts[] = { 1, 2, 3, 12, 0 };

const struct injector own_points = {
	.name = "own points",
	.is_there = is_there,
	.open = open_parameter,
	.arm = arm,
	.disarm = disarm,
	.counts = counts,
};
