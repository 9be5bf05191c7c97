// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that are prepared for a guest and reclaimed for the host. They pin the
 * module with the operations. In these tests the host may not touch the guest's memory.
 */
#include <unistd.h>

#include "consumer.h"
#include "convert.h"

static void expect_prepared(struct consumer *c, __u32 slot, __u64 index,
			    __u64 pfn, int result)
{
	struct kpt_event event = expect_event(c, KPT_PREPARED, slot, index, 0);

	assert_int_equal(event.pfn, pfn);
	assert_int_equal(event.size, 0);
	assert_int_equal(event.result, result);
}

/* A page that this lookup makes the guest's */
static __u64 get_prepared(struct consumer *c, __u32 slot, __u64 index)
{
	__u64 pfn = get_pfn(c, slot, index);

	expect_prepared(c, slot, index, pfn, 0);
	return pfn;
}

static void expect_reclaimed(struct consumer *c, __u64 pfn)
{
	struct kpt_event event = expect_event(c, KPT_RECLAIMED, 0, 0, 0);

	assert_int_equal(event.pfn, pfn);
	assert_int_equal(event.size, 1);
}

TEST(once, &consumer_plain)
{
	struct consumer *c = *state;

	bind_guest(c, 0, 1, 0, FILE_PAGES);
	allocate(c, 0, 10);
	expect_no_events(c);
	get_prepared(c, 0, 5);
	for (int i = 0; i < 10; i++)
		get_pfn(c, 0, 5);
	expect_no_events(c);
	get_prepared(c, 0, 20);
	expect_no_events(c);
}

TEST(no_prepare_without_operation, &consumer_plain)
{
	struct consumer *c = *state;

	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	get_pfn(c, 0, 5);
	punch(c, 0, FILE_PAGES);
	expect_event(c, KPT_BEGIN, 0, 0, FILE_PAGES);
	expect_event(c, KPT_END, 0, 0, FILE_PAGES);
	expect_no_events(c);
}

/* The error reaches the caller, and the page is unchanged. */
TEST(error, &consumer_plain)
{
	struct consumer *c = *state;
	static const int errors[] = { EIO, ENOMEM, EFAULT, EBUSY };
	struct kpt_event event;

	bind_guest(c, 0, 1, 0, FILE_PAGES);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		control(c, errors[i], -1, false);
		expect_error(errors[i], try_get_pfn(c, 0, 5), "prepare fails");
		event = expect_event(c, KPT_PREPARED, 0, 5, 0);
		assert_int_equal(event.result, -errors[i]);
	}
	expect_no_events(c);

	/* No page was prepared, so that none is reclaimed. */
	punch(c, 5, 6);
	assert_int_equal(count_events(c, KPT_RECLAIMED), 0);
	control(c, EIO, -1, false);
	expect_error(EIO, try_get_pfn(c, 0, 6), "prepare fails");
	expect_event(c, KPT_PREPARED, 0, 6, 0);
	control(c, 0, -1, false);
	get_prepared(c, 0, 6);
	expect_no_events(c);
}

TEST(reclaim_on_punch, &consumer_plain)
{
	struct consumer *c = *state;
	__u64 pfn;

	bind_guest(c, 0, 1, 0, FILE_PAGES);
	allocate(c, 0, FILE_PAGES);
	pfn = get_prepared(c, 0, 5);
	punch(c, 0, FILE_PAGES);
	/* After the guest's mappings have gone, before the punch goes on */
	expect_event(c, KPT_BEGIN, 0, 0, FILE_PAGES);
	expect_reclaimed(c, pfn);
	expect_event(c, KPT_END, 0, 0, FILE_PAGES);
	expect_no_events(c);

	/* A new page at the same place is prepared anew. */
	pfn = get_prepared(c, 0, 5);
}

TEST(reclaim_after_unbind, &consumer_plain)
{
	struct consumer *c = *state;
	__u64 pfn;

	bind_guest(c, 0, 1, 0, FILE_PAGES);
	pfn = get_prepared(c, 0, 5);
	unbind(c, 0);
	expect_no_events(c);
	punch(c, 0, FILE_PAGES);
	expect_reclaimed(c, pfn);
	expect_no_events(c);
}

TEST(reclaim_on_close, &consumer_plain)
{
	struct consumer *c = *state;
	__u64 pfn;

	bind_guest(c, 0, 1, 0, FILE_PAGES);
	pfn = get_prepared(c, 0, 5);
	unbind(c, 0);
	consumer_close_file(c);
	expect_reclaimed(c, pfn);
	expect_no_events(c);
}

/* A page is reclaimed when it becomes shared, and prepared anew afterwards. */
TEST(reclaim_on_convert, &consumer_plain)
{
	struct consumer *c = *state;
	__u64 pfn;

	bind_guest(c, 0, 1, 0, FILE_PAGES);
	allocate(c, 0, 10);
	pfn = get_prepared(c, 0, 5);
	expect_ok(file_make_shared(c->file, 4 * PAGE, 4 * PAGE, 0), "to shared");
	expect_event(c, KPT_BEGIN, 0, 4, 8);
	expect_reclaimed(c, pfn);
	expect_event(c, KPT_END, 0, 4, 8);
	expect_error(EACCES, try_get_pfn(c, 0, 5), "a shared page");
	expect_no_events(c);

	expect_ok(file_make_private(c->file, 0, FILE_PAGES * PAGE, 0),
		  "to private");
	expect_event(c, KPT_BEGIN, 0, 0, FILE_PAGES);
	expect_event(c, KPT_END, 0, 0, FILE_PAGES);
	expect_no_events(c);
	assert_int_equal(get_pfn(c, 0, 5), pfn);
	expect_prepared(c, 0, 5, pfn, 0);
}

TEST(reclaim_on_convert_after_unbind, &consumer_plain)
{
	struct consumer *c = *state;
	__u64 pfn;

	bind_guest(c, 0, 1, 0, FILE_PAGES);
	pfn = get_prepared(c, 0, 5);
	unbind(c, 0);
	expect_ok(file_make_shared(c->file, 0, 10 * PAGE, 0), "to shared");
	expect_reclaimed(c, pfn);
	punch(c, 0, FILE_PAGES);
	expect_no_events(c);
}

TEST(reclaim_each, &consumer_plain)
{
	struct consumer *c = *state;

	bind_guest(c, 0, 1, 0, FILE_PAGES);
	allocate(c, 0, FILE_PAGES);
	for (unsigned int i = 0; i < FILE_PAGES; i += 2)
		get_pfn(c, 0, i);
	assert_int_equal(count_events(c, KPT_PREPARED), FILE_PAGES / 2);
	punch(c, 0, FILE_PAGES / 2);
	assert_int_equal(count_events(c, KPT_RECLAIMED), FILE_PAGES / 4);
	unbind(c, 0);
	consumer_close_file(c);
	assert_int_equal(count_events(c, KPT_RECLAIMED), FILE_PAGES / 4);
}

/* The guest comes back, and its pages are still its own. */
TEST(same_guest_again, &consumer_plain)
{
	struct consumer *c = *state;
	__u64 pfn;

	bind_guest(c, 0, 7, 0, FILE_PAGES);
	pfn = get_prepared(c, 0, 5);
	unbind(c, 0);
	bind_guest(c, 1, 7, 0, 10);
	assert_int_equal(get_pfn(c, 1, 5), pfn);
	expect_no_events(c);
	punch(c, 5, 6);
	expect_event(c, KPT_BEGIN, 1, 5, 6);
	expect_reclaimed(c, pfn);
	expect_event(c, KPT_END, 1, 5, 6);
	expect_no_events(c);
}

TEST(other_guest, &consumer_plain)
{
	struct consumer *c = *state;
	__u64 pfn;

	bind_guest(c, 0, 7, 0, FILE_PAGES);
	pfn = get_prepared(c, 0, 5);
	unbind(c, 0);
	bind_guest(c, 0, 8, 0, FILE_PAGES);
	expect_no_events(c);
	assert_int_equal(get_pfn(c, 0, 5), pfn);
	expect_reclaimed(c, pfn);
	expect_prepared(c, 0, 5, pfn, 0);
	get_pfn(c, 0, 5);
	expect_no_events(c);
}

/* The new guest's platform refuses the page, which is then no guest's. */
TEST(other_guest_fails, &consumer_plain)
{
	struct consumer *c = *state;
	__u64 pfn;

	bind_guest(c, 0, 7, 0, FILE_PAGES);
	pfn = get_prepared(c, 0, 5);
	unbind(c, 0);
	bind_guest(c, 0, 8, 0, FILE_PAGES);
	control(c, EIO, -1, false);
	expect_error(EIO, try_get_pfn(c, 0, 5), "prepare fails");
	expect_reclaimed(c, pfn);
	expect_prepared(c, 0, 5, pfn, -EIO);
	punch(c, 5, 6);
	assert_int_equal(count_events(c, KPT_RECLAIMED), 0);
}

/* A guest that trusts the host gets a page that was another guest's. */
TEST(trusting_guest_follows, &consumer_plain)
{
	struct consumer *c = *state;
	__u64 pfns[2], word;

	bind_guest(c, 0, 7, 0, FILE_PAGES);
	for (unsigned int i = 0; i < 2; i++)
		pfns[i] = get_prepared(c, 0, i);
	unbind(c, 0);
	bind(c, 0, KPT_OPS_PLAIN, 0, FILE_PAGES);
	assert_int_equal(get_pfn(c, 0, 0), pfns[0]);
	expect_reclaimed(c, pfns[0]);
	expect_ok(read_word(c, 0, 1, &word), "the host reads for the guest");
	expect_reclaimed(c, pfns[1]);
	punch(c, 0, FILE_PAGES);
	assert_int_equal(count_events(c, KPT_RECLAIMED), 0);
}

/* Two guests in two parts of one file */
TEST(two_guests, &consumer_plain)
{
	struct consumer *c = *state;
	__u64 pfns[2];

	bind_guest(c, 0, 7, 0, 10);
	bind_guest(c, 1, 8, 10, 20);
	pfns[0] = get_prepared(c, 0, 9);
	pfns[1] = get_prepared(c, 1, 10);
	unbind(c, 0);
	unbind(c, 1);
	/* The guests change places. */
	bind_guest(c, 0, 8, 0, 10);
	bind_guest(c, 1, 7, 10, 20);
	get_pfn(c, 0, 9);
	expect_reclaimed(c, pfns[0]);
	expect_prepared(c, 0, 9, pfns[0], 0);
	get_pfn(c, 1, 10);
	expect_reclaimed(c, pfns[1]);
	expect_prepared(c, 1, 10, pfns[1], 0);
}

struct lookups {
	struct consumer *consumer;
	__u64 failed;
};

static void *look_all_up(void *arg)
{
	struct lookups *lookups = arg;

	for (unsigned int i = 0; i < FILE_PAGES; i++)
		lookups->failed += !!try_get_pfn(lookups->consumer, 0, i);
	return NULL;
}

/* Several vCPUs fault on the same pages at once. */
TEST(once_among_threads, &consumer_plain)
{
	struct consumer *c = *state;
	struct lookups lookups[4];
	pthread_t threads[4];

	bind_guest(c, 0, 1, 0, FILE_PAGES);
	for (int round = 0; round < 20; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
			lookups[i] = (struct lookups){ .consumer = c };
			assert_int_equal(pthread_create(&threads[i], NULL,
							look_all_up,
							&lookups[i]), 0);
		}
		for (size_t i = 0; i < ARRAY_SIZE(threads); i++) {
			pthread_join(threads[i], NULL);
			assert_int_equal(lookups[i].failed, 0);
		}
		assert_int_equal(count_events(c, KPT_PREPARED), FILE_PAGES);
		punch(c, 0, FILE_PAGES);
		assert_int_equal(count_events(c, KPT_RECLAIMED), FILE_PAGES);
	}
}

/*
 * The module with the operations must stay while a page is prepared, to reclaim
 * it.
 */
TEST(owner_is_pinned, &consumer_plain)
{
	struct consumer *c = *state;

	bind_guest(c, 0, 1, 0, FILE_PAGES);
	get_pfn(c, 0, 5);
	/* This unbinds, and leaves a file with a prepared page. */
	consumer_close_device(c);
	expect_error(EWOULDBLOCK, consumer_try_unload(), "a page is prepared");
	punch(c, 5, 6);
	expect_ok(consumer_try_unload(), "no page is prepared any more");
	consumer_load();
}

TEST(owner_is_pinned_until_close, &consumer_plain)
{
	struct consumer *c = *state;

	bind_guest(c, 0, 1, 0, FILE_PAGES);
	get_pfn(c, 0, 5);
	consumer_close_device(c);
	expect_error(EWOULDBLOCK, consumer_try_unload(), "a page is prepared");
	consumer_close_file(c);
	expect_ok(consumer_try_unload(), "the file is closed");
	consumer_load();
}

/* A page that was only allocated pins no module. */
TEST(owner_of_nothing, &consumer_plain)
{
	struct consumer *c = *state;

	bind_guest(c, 0, 1, 0, FILE_PAGES);
	allocate(c, 0, FILE_PAGES);
	consumer_close_device(c);
	expect_ok(consumer_try_unload(), "nothing is prepared");
	consumer_load();
}

static int try_populate(struct consumer *c, __u64 index, __u64 *left)
{
	static __u64 source[2 * PAGE / 8];
	struct kvm_private_populate populate = {
		.offset = index * PAGE, .size = sizeof(source),
		.source = (uintptr_t)source,
	};
	int ret = file_populate(c->file, &populate);

	*left = populate.size;
	return ret;
}

/*
 * Once a firmware fills the memory, user space may not, anywhere in the file.
 */
TEST(populate_with_firmware, &consumer_plain)
{
	struct consumer *c = *state;
	struct kpt_bind firmware = {
		.fd = c->file, .ops = KPT_OPS_PREPARE, .end = 10,
		.flags = KPT_BIND_FIRMWARE,
	};
	__u64 left;

	expect_ok(try_populate(c, 0, &left), "before");
	expect_ok(try_bind(c, &firmware), "binding");
	expect_error(EBUSY, try_populate(c, 0, &left), "inside");
	assert_int_equal(left, 2 * PAGE);
	expect_error(EBUSY, try_populate(c, 20, &left), "outside");
	assert_int_equal(allocated(c), 2);
	firmware.slot = 1;
	firmware.start = 10;
	firmware.end = 20;
	expect_ok(try_bind(c, &firmware), "binding once more");
	unbind(c, 0);
	expect_error(EBUSY, try_populate(c, 0, &left), "the other one is left");
	unbind(c, 1);
	expect_ok(try_populate(c, 0, &left), "after");
	assert_int_equal(left, 0);
}

TEST(populate_of_prepared, &consumer_plain)
{
	struct consumer *c = *state;
	__u64 left;

	bind_guest(c, 0, 1, 0, FILE_PAGES);
	expect_ok(try_populate(c, 4, &left), "not prepared yet");
	get_pfn(c, 0, 5);
	/* Page 4 is filled, page 5 is the guest's. */
	expect_error(EBUSY, try_populate(c, 4, &left), "a prepared page");
	assert_int_equal(left, PAGE);
	unbind(c, 0);
	expect_error(EBUSY, try_populate(c, 5, &left), "still prepared");
	punch(c, 5, 6);
	expect_ok(try_populate(c, 5, &left), "the host's again");
}

static void bind_at(struct consumer *c, __u64 guest_offset)
{
	const struct kpt_bind bind = {
		.ops = KPT_OPS_PREPARE, .fd = c->file, .end = FILE_PAGES,
		.guest_id = 1, .guest_offset = guest_offset,
	};

	expect_ok(try_bind(c, &bind), "binding at %llu", guest_offset);
}

/* A platform that knows the page at one place of the guest must know it at the other one. */
TEST(moved_in_guest, &consumer_plain)
{
	static const __u64 offsets[] = { 1, 0, -1ULL, 1ULL << 63 };
	struct consumer *c = *state;
	__u64 pfn;

	bind_at(c, 0);
	pfn = get_prepared(c, 0, 5);
	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		unbind(c, 0);
		bind_at(c, offsets[i]);
		assert_int_equal(get_pfn(c, 0, 5), pfn);
		expect_reclaimed(c, pfn);
		expect_prepared(c, 0, 5, pfn, 0);
	}
	/* At the same place again */
	unbind(c, 0);
	bind_at(c, offsets[ARRAY_SIZE(offsets) - 1]);
	assert_int_equal(get_pfn(c, 0, 5), pfn);
	expect_no_events(c);
}

TEST_MAIN("kernel interface: preparation",
	  .setup = consumer_group_setup, .teardown = consumer_group_teardown)
