// SPDX-License-Identifier: GPL-2.0-only
/* The measure itself: it sees a stretch, and none where there is none. */
#include <time.h>
#include <unistd.h>
#include <x86intrin.h>

#include "stretch.h"

#include "../consumer/consumer.h"

/*
 * Late by at most the step, which may have begun just before, and by a wake-up's own time
 */
#define NOISE (2 * STRETCH_STEP)

static int use_time(__u64 instructions)
{
	__u64 end = __rdtsc() + instructions;

	while (__rdtsc() < end)
		;
	return 0;
}

TEST(nothing, &stretch)
{
	stretch(0, "nothing");
	expect_between(stretch_taken(), 1, NOISE, "the floor");
}

TEST(user_space, &stretch)
{
	stretch(use_time(20000000), "20 million instructions in user space");
	expect_between(stretch_taken(), 1, NOISE, "what can be interrupted");
}

TEST(kernel, &stretch)
{
	int device = expect_ok(open(KPT_DEVICE, O_RDWR | O_CLOEXEC),
			       "opening " KPT_DEVICE);
	static const __u64 microseconds[] = { 500, 1500, 5000 };

	for (unsigned int i = 0; i < ARRAY_SIZE(microseconds); i++) {
		expect_ok(stretch(ioctl(device, KPT_KEEP, microseconds[i]),
				  "%llu us in the kernel", microseconds[i]),
			  "KPT_KEEP");
		expect_between(stretch_taken(), microseconds[i] * 1000 - NOISE,
			       microseconds[i] * 1000 + NOISE,
			       "the longest stretch of %llu us", microseconds[i]);
	}
	close(device);
}

static int setup(void **state)
{
	consumer_load();
	return stretch_group_setup(state);
}

static int teardown(void **state)
{
	stretch_group_teardown(state);
	return consumer_group_teardown(state);
}

TEST_MAIN("latency: the measure", .setup = setup, .teardown = teardown)
