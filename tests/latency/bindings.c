// SPDX-License-Identifier: GPL-2.0-only
/*
 * One file that many consumers have bound ranges of, each of which hears of what is done
 * to it; and many guests whose pages a file has. What the test module does itself for a
 * call is a fraction of it.
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

/* Guests that a file has a page of */
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

static void many_bindings(void **state)
{
	struct consumer *c = *state;

	bind_many(c);
	expect_ok(stretch(rebind(c, BINDINGS / 2), "unbinding and binding one of %u",
			  BINDINGS), "rebind");
	expect_ok(stretch(file_punch(c->file, 0, SIZE), "punching %u bindings",
			  BINDINGS), "punch");
	forget_events(c);
	expect_ok(stretch(file_make_shared(c->file, 0, SIZE, CONVERT_PRESERVE),
			  "%u bindings to shared", BINDINGS), "to shared");
	forget_events(c);
	expect_ok(stretch(file_make_private(c->file, 0, SIZE, CONVERT_PRESERVE),
			  "%u bindings to private", BINDINGS), "to private");
	expect_ok(stretch(close_device(c), "unbinding all %u", BINDINGS), "unbind");
}

/* Each page another guest's, all of which have gone but for their pages */
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

static void many_guests(void **state)
{
	struct consumer *c = *state;

	make_guests(c, GUESTS);
	expect_ok(stretch(bind_another(c), "binding one guest more than %u", GUESTS),
		  "bind");
	expect_ok(stretch(file_make_shared(c->file, 0, SIZE, CONVERT_ZERO),
			  "pages of %u guests to shared", GUESTS), "to shared");
	expect_ok(stretch(file_make_shared(c->file, 0, SIZE, CONVERT_ZERO),
			  "the same without a change"), "to shared");
	unbind(c, 0);
}

static void pages_of_guests_end(void **state)
{
	struct consumer *c = *state;

	make_guests(c, GUESTS);
	consumer_close_device(c);
	expect_ok(stretch(close(c->file), "the end of a file with pages of %u guests",
			  GUESTS), "close");
	c->file = -1;
}

/* One guest's pages, of which a platform hears one by one */
static void prepared_pages(void **state)
{
	const __u64 size = 256 * MIB;
	struct kpt_sweep sweep = { .end = size / PAGE };
	struct consumer *c = *state;

	consumer_close_file(c);
	c->file = file_create(size, KVM_PRIVATE_FLAG_MMAP);
	bind_guest(c, 0, 1, 0, size / PAGE);
	/* In the test module itself nothing makes way. */
	for (sweep.start = 0; sweep.start < size / PAGE; sweep.start = sweep.end) {
		sweep.end = sweep.start + 256;
		expect_ok(ioctl(c->device, KPT_SWEEP, &sweep), "looking pages up");
	}
	forget_events(c);
	expect_ok(stretch(file_make_shared(c->file, PAGE, size - PAGE, CONVERT_ZERO),
			  "256 MiB that were prepared to shared"), "to shared");
	forget_events(c);
	expect_ok(stretch(file_make_private(c->file, 0, size, 0), "and to private"),
		  "to private");
	for (sweep.start = 0; sweep.start < size / PAGE; sweep.start = sweep.end) {
		sweep.end = sweep.start + 256;
		expect_ok(ioctl(c->device, KPT_SWEEP, &sweep), "looking pages up");
	}
	forget_events(c);
	expect_ok(stretch(file_punch(c->file, 0, size), "punching what was prepared"),
		  "punch");
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

static int end_test(void **state)
{
	int ret = stretch_teardown(state);

	consumer_teardown(state);
	return ret;
}

#define bindings_test(function)						\
	cmocka_unit_test_setup_teardown(function, consumer_setup, end_test)

int main(void)
{
	const struct CMUnitTest tests[] = {
		bindings_test(many_bindings),
		bindings_test(many_guests),
		bindings_test(pages_of_guests_end),
		bindings_test(prepared_pages),
	};

	return cmocka_run_group_tests_name("latency: bindings", tests, setup,
					   teardown);
}
