// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cost of a lookup, in instructions: the same for every size of the page that it
 * finds. The instructions of a kernel that was just entered, and of the loop, are left
 * out.
 */
#include <unistd.h>
#include <x86intrin.h>

#include "huge.h"

#include "../bench/measure.h"
#include "../consumer/consumer.h"

#define SIZE GIGANTIC_PAGE

/* In the middle of a huge page and of a gigantic one */
#define FIRST 1000
#define LOOKUPS 512

/* In percent */
#define MORE 10

static struct consumer c;

static __u64 sweep_time(unsigned int nr)
{
	const struct kpt_sweep sweep = { .start = FIRST, .end = FIRST + nr };
	__u64 start = __rdtsc();

	expect_ok(ioctl(c.device, KPT_SWEEP, &sweep), "looking %u pages up", nr);
	return __rdtsc() - start;
}

/* The least of three, since a clock tick came in between in others */
static __u64 least_time(unsigned int nr)
{
	__u64 least = sweep_time(nr), taken;

	for (int i = 0; i < 2; i++) {
		taken = sweep_time(nr);
		if (taken < least)
			least = taken;
	}
	return least;
}

static double instructions(__u32 page_shift, unsigned int order, bool prepared)
{
	struct kpt_page page = { .index = FIRST };
	int device = device_open();
	double each;

	c.file = expect_ok(try_create_shift(device, SIZE, KVM_PRIVATE_FLAG_MMAP |
					    KVM_PRIVATE_FLAG_HUGE_STRICT,
					    page_shift), "create");
	close(device);
	/*
	 * The whole file is allocated, since a file with more pages has a deeper tree
	 * of them.
	 */
	expect_ok(file_allocate(c.file, 0, SIZE), "allocate");
	bind(&c, 0, prepared ? KPT_OPS_PREPARE : KPT_OPS_PLAIN, 0, SIZE / PAGE);
	expect_ok(ioctl(c.device, KPT_GET_PFN, &page), "looking a page up");
	if (!prepared)
		assert_int_equal(page.max_order, order);
	sweep_time(LOOKUPS);
	each = (double)(least_time(LOOKUPS) - least_time(1)) / (LOOKUPS - 1);
	unbind(&c, 0);
	close(c.file);
	print_message("# a lookup in pages of 2^%u%s: %.1f instructions\n",
		      page_shift, prepared ? ", prepared" : "", each);
	return each;
}

static void compare(bool prepared)
{
	double base = instructions(12, 0, prepared);
	double huge = instructions(HUGE_SHIFT, HUGE_ORDER, prepared);
	double gigantic = instructions(GIGANTIC_SHIFT, GIGANTIC_SHIFT - 12, prepared);
	const double most = base * (100 + MORE) / 100;

	if (huge > most || gigantic > most)
		fail_msg("a lookup is more than %u %% dearer in a larger page", MORE);
}

TEST(by_page_size)
{
	compare(false);
}

TEST(prepared)
{
	compare(true);
}

static int setup(void **state)
{
	consumer_load();
	c.device = expect_ok(open(KPT_DEVICE, O_RDWR | O_CLOEXEC),
			     "opening " KPT_DEVICE);
	if (gigantic_give_back() >= 0)
		gigantic_leave_room();
	(void)state;
	settle();
	return 0;
}

static int teardown(void **state)
{
	consumer_close_device(&c);
	return consumer_group_teardown(state);
}

TEST_MAIN("latency: lookups", .setup = setup, .teardown = teardown)
