// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many bindings of one file: a call costs the same, however many bindings it
 * doesn't concern.
 */
#include <unistd.h>

#include "consumer.h"
#include "poll_until.h"

#define FEW 64
#define MANY 64000
#define ROUNDS 30
/* Between two bindings, so that they don't touch */
#define STRIDE 4

/* The tree of a thousand times as many bindings is some levels deeper. */
#define MAX_RATIO 4

static void bind_many(struct consumer *c, unsigned int from, unsigned int to)
{
	for (unsigned int i = from; i < to; i++)
		bind(c, i, KPT_OPS_PLAIN, i * STRIDE, i * STRIDE + 1);
}

/*
 * Punches a hole in each of a few; the time doesn't count the reading of the
 * events.
 */
static double seconds_for_few(struct consumer *c)
{
	struct kpt_event events[2];
	double start, sum = 0;

	for (unsigned int i = 0; i < FEW; i++) {
		const __u64 page = i * STRIDE;

		start = seconds_now();
		punch(c, page, page + 1);
		sum += seconds_now() - start;
		assert_int_equal(take_events(c, events, ARRAY_SIZE(events)), 2);
		assert_int_equal(events[0].slot, i);
		assert_int_equal(events[1].slot, i);
		expect_no_events(c);
	}
	return sum;
}

/*
 * The least of some rounds, since the machine itself may be kept waiting in
 * others.
 */
static double seconds_to_punch(struct consumer *c)
{
	double least = seconds_for_few(c), round;

	for (unsigned int i = 1; i < ROUNDS; i++) {
		round = seconds_for_few(c);
		if (round < least)
			least = round;
	}
	return least;
}

TEST(many, &consumer_plain)
{
	struct consumer *c = *state;
	double few, many;

	consumer_close_file(c);
	c->file = file_create(MANY * STRIDE * PAGE, 0);
	bind_many(c, 0, FEW);
	few = seconds_to_punch(c);
	bind_many(c, FEW, MANY);
	many = seconds_to_punch(c);
	print_message("# %u holes take %f s with %u bindings, %f s with %u\n",
		      FEW, few, FEW, many, MANY);
	assert_true(many < MAX_RATIO * few);

	/*
	 * The one binding around the page hears of a punch; between two
	 * bindings none does.
	 */
	punch(c, 100 * STRIDE, 110 * STRIDE);
	assert_int_equal(count_events(c, KPT_BEGIN), 10);
	punch(c, 1, STRIDE);
	expect_no_events(c);
	punch(c, 0, MANY * STRIDE);
	assert_int_equal(count_events(c, KPT_END), MANY);
}

TEST_MAIN("kernel interface: scale",
	  .setup = consumer_group_setup, .teardown = consumer_group_teardown)
