// SPDX-License-Identifier: GPL-2.0-only
/*
 * Lookups and punches at the same time. For each pfn, prepare and reclaim
 * take turns; for each hole, begin and end do.
 */
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "consumer.h"

#define SECONDS		5
#define LOOKUPS		2
#define PUNCHES		2

/* Between two readings of the events: all of them fit the record */
#define ROUNDS		100

/* Pages of as much memory as a machine for tests has */
#define MAX_PFN		(16 * GIB / PAGE)

struct contender {
	struct consumer *consumer;
	int (*act)(struct contender *contender);
	unsigned int seed;
	pthread_t thread;
	int error;
};

struct ledger {
	/* True while the page is the guest's */
	bool *prepared;
	unsigned long nr_prepared;
	unsigned long nr_reclaimed;
	unsigned long nr_open;
};

static int look_up(struct contender *contender)
{
	return try_get_pfn(contender->consumer, 0,
			   rand_r(&contender->seed) % FILE_PAGES);
}

static int punch_some(struct contender *contender)
{
	unsigned int start = rand_r(&contender->seed) % FILE_PAGES;
	unsigned int nr = 1 + rand_r(&contender->seed) % (FILE_PAGES - start);

	return file_punch(contender->consumer->file, start * PAGE, nr * PAGE);
}

static int populate_some(struct contender *contender)
{
	struct kpt_populate args = {
		.index = rand_r(&contender->seed) % FILE_PAGES, .nr = 1,
		.word = 1,
	};

	if (ioctl(contender->consumer->device, KPT_POPULATE, &args))
		return -1;
	errno = -args.result;
	return args.result == 1 ? 0 : -1;
}

static void *contend(void *arg)
{
	struct contender *contender = arg;

	for (int i = 0; i < ROUNDS && !contender->error; i++)
		if (contender->act(contender))
			contender->error = errno;
	return NULL;
}

/* Returns the fault of the event, or NULL. */
static const char *book(struct ledger *ledger, const struct kpt_event *event)
{
	switch (event->type) {
	case KPT_PREPARED:
	case KPT_FILLED:
		if (event->pfn >= MAX_PFN || ledger->prepared[event->pfn])
			return "a page was prepared twice";
		ledger->prepared[event->pfn] = true;
		ledger->nr_prepared++;
		return NULL;
	case KPT_RECLAIMED:
		if (event->pfn >= MAX_PFN || !ledger->prepared[event->pfn])
			return "a page was reclaimed that wasn't prepared";
		ledger->prepared[event->pfn] = false;
		ledger->nr_reclaimed++;
		return NULL;
	case KPT_BEGIN:
		return ledger->nr_open++ ? "two invalidations at once" : NULL;
	default:
		return ledger->nr_open-- == 1 ? NULL : "an end without a begin";
	}
}

/* Returns the first fault, or NULL. */
static const char *book_all(struct ledger *ledger, struct consumer *c)
{
	struct kpt_event events[64];
	const char *wrong = NULL;
	unsigned int nr, i;

	while (!wrong && (nr = take_events(c, events, ARRAY_SIZE(events))))
		for (i = 0; !wrong && i < nr; i++)
			wrong = book(ledger, &events[i]);
	return wrong;
}

static void run_together(struct contender *contenders, unsigned int nr)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		assert_int_equal(pthread_create(&contenders[i].thread, NULL,
						contend, &contenders[i]), 0);
	for (i = 0; i < nr; i++)
		pthread_join(contenders[i].thread, NULL);
	for (i = 0; i < nr; i++)
		assert_int_equal(contenders[i].error, 0);
}

TEST(in_turns, &consumer_plain)
{
	struct consumer *c = *state;
	struct contender contenders[LOOKUPS + PUNCHES + 1];
	struct ledger ledger = { .prepared = calloc(MAX_PFN, sizeof(bool)) };
	const struct kpt_control slow = { .block_slot = -1, .slow = 1 };
	time_t end = time(NULL) + SECONDS;
	const char *wrong = NULL;

	assert_non_null(ledger.prepared);
	bind_guest(c, 0, 1, 0, FILE_PAGES);
	expect_ok(ioctl(c->device, KPT_CONTROL, &slow), "KPT_CONTROL");
	for (unsigned int i = 0; i < ARRAY_SIZE(contenders); i++)
		contenders[i] = (struct contender) {
			.consumer = c, .seed = i,
			.act = i < LOOKUPS ? look_up :
			       i < LOOKUPS + PUNCHES ? punch_some :
						       populate_some,
		};

	while (!wrong && time(NULL) < end) {
		run_together(contenders, ARRAY_SIZE(contenders));
		wrong = book_all(&ledger, c);
	}
	punch(c, 0, FILE_PAGES);
	if (!wrong)
		wrong = book_all(&ledger, c);
	if (wrong)
		fail_msg("%s", wrong);
	assert_int_equal(ledger.nr_open, 0);
	assert_true(ledger.nr_prepared);
	assert_int_equal(ledger.nr_prepared, ledger.nr_reclaimed);
	assert_int_equal(allocated(c), 0);
	free(ledger.prepared);
}

TEST_MAIN("kernel interface: contention",
	  .setup = consumer_group_setup, .teardown = consumer_group_teardown)
