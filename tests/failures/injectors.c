// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "injectors.h"
#include "own_points.h"
#include "text_file.h"
#include "unit.h"

static int file = -1;

void injector_open(const struct injector *injector)
{
	if (injector->prepare)
		injector->prepare();
	file = expect_ok(open(injector->path, O_RDWR | O_CLOEXEC), "open %s",
			 injector->path);
}

void injector_arm(const struct injector *injector, unsigned int nth,
		  unsigned int count)
{
	char text[32];
	int size = snprintf(text, sizeof(text), "%u", nth);

	/* The kernel's injection takes one number and no more. */
	if (count > 1)
		size = snprintf(text, sizeof(text), "%u %u", nth, count);
	if (injector->for_good)
		text_file_write(FAIL_AGAIN, "1");
	assert_int_equal(pwrite(file, text, size, 0), size);
}

unsigned int injector_disarm(const struct injector *injector)
{
	char text[32] = "";
	ssize_t size = pread(file, text, sizeof(text) - 1, 0);

	/*
	 * The injector may have denied this copy of user memory itself, rather than
	 * the call.
	 */
	if (size < 0)
		assert_int_equal(errno, EFAULT);
	while (pwrite(file, "0", 1, 0) != 1)
		assert_int_equal(errno, EFAULT);
	if (injector->for_good)
		text_file_write(FAIL_AGAIN, "0");
	if (size <= 0)
		return 0;
	return injector->counts_down ? !atoi(text) : atoi(text);
}

const struct injector * const injectors[] = {
	&own_points, &fail_nth, &fail_nth_for_good, NULL,
};
