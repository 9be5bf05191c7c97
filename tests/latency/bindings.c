// SPDX-License-Identifier: GPL-2.0-only
/*
 * One file with ranges bound by many consumers, each of which hears of calls on its
 * range; and one with pages of many guests. The test module's own work for a call is a
 * fraction of the call.
 */
#include <stdlib.h>
#include <unistd.h>

#include "convert.h"
#include "stretch.h"

#include "../consumer/consumer.h"

#define BINDINGS 60000
/* Between two bindings, so that they don't touch */
#define STRIDE 2
#define SIZE (BINDINGS * STRIDE * PAGE)

/* So many guests have a page in a file. */
#define GUESTS 10000

static void forget_events(struct consumer *c)
{
	static struct kpt_event events[4096];

	while (take_events(c, events, ARRAY_SIZE(events)))
		;
}

static void bind_many(struct consumer *c)
{
	consumer_close_file(c);
	c->file = file_create(SIZE, KVM_PRIVATE_FLAG_MMAP);
	for (unsigned int i = 0; i < BINDINGS; i++)
		bind(c, i, KPT_OPS_PLAIN, i * STRIDE, i * STRIDE + 1);
}

static int close_device(struct consumer *c)
{
	consumer_close_device(c);
	return 0;
}

static int rebind(struct consumer *c, unsigned int slot)
{
	const struct kpt_bind args = {
		.slot = slot, .fd = c->file, .start = slot * STRIDE,
		.end = slot * STRIDE + 1,
	};

	return ioctl(c->device, KPT_UNBIND, slot) ?: try_bind(c, &args);
}

static int end_test(void **state)
{
	int ret = stretch_teardown(state);

	consumer_teardown(state);
	return ret;
}

static const struct fixture bound = { .setup = consumer_setup, .teardown = end_test };

TEST(many_bindings, &bound)
{
	struct consumer *c = *state;

	bind_many(c);
	expect_ok(stretch(rebind(c, BINDINGS / 2), "%u bindings: unbind one and bind it",
			  BINDINGS), "rebind");
	expect_ok(stretch(file_punch(c->file, 0, SIZE), "%u bindings: punch",
			  BINDINGS), "punch");
	forget_events(c);
	expect_ok(stretch(file_make_shared(c->file, 0, SIZE, CONVERT_PRESERVE),
			  "%u bindings: to shared", BINDINGS), "to shared");
	forget_events(c);
	expect_ok(stretch(file_make_private(c->file, 0, SIZE, CONVERT_PRESERVE),
			  "%u bindings: to private", BINDINGS), "to private");
	expect_ok(stretch(close_device(c), "%u bindings: unbind all", BINDINGS), "unbind");
}

/* Each page is another guest's. All of these guests have gone; their pages stay. */
static void make_guests(struct consumer *c, unsigned int nr)
{
	struct kpt_page page = { 0 };

	consumer_close_file(c);
	c->file = file_create(SIZE, KVM_PRIVATE_FLAG_MMAP);
	for (unsigned int i = 0; i < nr; i++) {
		bind_guest(c, 0, i + 1, i, i + 1);
		page.index = i;
		expect_ok(ioctl(c->device, KPT_GET_PFN, &page), "page %u", i);
		unbind(c, 0);
	}
	forget_events(c);
}

static int bind_another(struct consumer *c)
{
	const struct kpt_bind args = {
		.ops = KPT_OPS_PREPARE, .fd = c->file, .end = SIZE / PAGE,
		.guest_id = GUESTS + 1,
	};

	return try_bind(c, &args);
}

TEST(many_guests, &bound)
{
	struct consumer *c = *state;

	make_guests(c, GUESTS);
	expect_ok(stretch(bind_another(c), "%u guests: bind another", GUESTS),
		  "bind");
	expect_ok(stretch(file_make_shared(c->file, 0, SIZE, CONVERT_ZERO),
			  "%u guests: to shared and zero", GUESTS), "to shared");
	expect_ok(stretch(file_make_shared(c->file, 0, SIZE, CONVERT_ZERO),
			  "%u guests: to shared and zero, as it is", GUESTS), "to shared");
	unbind(c, 0);
}

TEST(pages_of_guests_end, &bound)
{
	struct consumer *c = *state;

	make_guests(c, GUESTS);
	consumer_close_device(c);
	expect_ok(stretch(close(c->file), "%u guests: the end of the file",
			  GUESTS), "close");
	c->file = -1;
}

static void prepare_all(struct consumer *c, __u64 size)
{
	const struct kpt_sweep all = { .end = size / PAGE };

	expect_ok(ioctl(c->device, KPT_SWEEP, &all), "looking all pages up");
	forget_events(c);
}

/* One guest's pages, which the platform gets back one by one */
TEST(prepared_pages, &bound)
{
	const __u64 size = 256 * MIB;
	struct consumer *c = *state;

	consumer_close_file(c);
	c->file = file_create(size, KVM_PRIVATE_FLAG_MMAP);
	bind_guest(c, 0, 1, 0, size / PAGE);
	prepare_all(c, size);
	expect_ok(stretch(file_make_shared(c->file, PAGE, size - PAGE, CONVERT_ZERO),
			  "256 MiB, prepared: to shared and zero"), "to shared");
	forget_events(c);
	expect_ok(stretch(file_make_private(c->file, 0, size, 0),
			  "256 MiB, prepared once: to private"), "to private");
	prepare_all(c, size);
	expect_ok(stretch(file_punch(c->file, 0, size), "256 MiB, prepared: punch"),
		  "punch");
}

/*
 * Present pages that aren't prepared for any guest, and a guest that wants its pages
 * prepared
 */
TEST(pages_beside_a_guest, &bound)
{
	const __u64 size = 256 * MIB;
	struct consumer *c = *state;

	consumer_close_file(c);
	c->file = file_create(size, KVM_PRIVATE_FLAG_MMAP);
	bind_guest(c, 0, 1, 0, 1);
	allocate(c, 0, size / PAGE);
	expect_ok(stretch(file_make_shared(c->file, PAGE, size - PAGE,
					   CONVERT_PRESERVE),
			  "256 MiB beside a guest: to shared"), "to shared");
	expect_ok(stretch(file_make_private(c->file, PAGE, size - PAGE,
					    CONVERT_PRESERVE),
			  "256 MiB beside a guest: to private"), "to private");
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

TEST_MAIN("latency: bindings", .setup = setup, .teardown = teardown)
