// SPDX-License-Identifier: GPL-2.0-only
/*
 * Pages that are prepared one by one for a guest become a huge page again, if the guest's
 * platform can join them. The first block of the file is what it is tried on.
 */
#include <sys/mman.h>

#include "call.h"
#include "consumer.h"
#include "convert.h"

#define BLOCK	HUGE_PAGES
#define GUEST	1

static void bind_joining(struct consumer *c, __u32 slot, __u64 guest_id,
			 __u64 start, __u64 end)
{
	const struct kpt_bind bind = {
		.slot = slot, .ops = KPT_OPS_JOIN, .fd = c->file,
		.start = start, .end = end, .guest_id = guest_id,
	};

	expect_ok(try_bind(c, &bind), "binding slot %u", slot);
}

/* From now on the platform answers like that. */
static void answer(struct consumer *c, int join_error, bool in_pieces)
{
	const struct kpt_control control = {
		.block_slot = -1, .join_error = -join_error, .in_pieces = in_pieces,
	};

	expect_ok(ioctl(c->device, KPT_CONTROL, &control), "KPT_CONTROL");
}

static int collapse(struct consumer *c)
{
	struct kvm_private_collapse collapse = { .size = HUGE_PAGE };

	return file_collapse(c->file, &collapse);
}

static void share_and_take_back(struct consumer *c, __u64 index)
{
	expect_ok(file_make_shared(c->file, index * PAGE, PAGE, 0), "sharing");
	expect_ok(file_make_private(c->file, index * PAGE, PAGE, 0), "taking back");
}

/*
 * The block's pages lie side by side, and the guest has all but one of them. Returns the
 * first one's pfn.
 */
static __u64 take_to_pieces(struct consumer *c, __u64 missing)
{
	unsigned int order;
	__u64 pfn = lookup(c, 0, false, &order);

	assert_int_equal(order, HUGE_ORDER);
	share_and_take_back(c, missing);
	expect_backing(c->file, 0, BLOCK, "a page was shared");
	count_events(c, KPT_PREPARED);
	return pfn;
}

/* The same, and the guest has the last page, too. */
static __u64 prepare_pieces(struct consumer *c)
{
	__u64 pfn = take_to_pieces(c, 7);
	unsigned int order;

	assert_int_equal(lookup(c, 7, false, &order), pfn + 7);
	assert_int_equal(order, 0);
	assert_int_equal(count_events(c, KPT_PREPARED), 1);
	return pfn;
}

/* The platform is asked when the guest has no mapping and can't get one. */
static void expect_joined(struct consumer *c, __u64 pfn, int result)
{
	struct kpt_event event;

	expect_event(c, KPT_BEGIN, 0, 0, BLOCK);
	expect_event(c, KPT_END, 0, 0, BLOCK);
	event = expect_event(c, KPT_JOINED, 0, 0, 0);
	assert_int_equal(event.pfn, pfn);
	assert_int_equal(event.size, HUGE_ORDER);
	assert_int_equal(event.result, -result);
	expect_no_events(c);
}

/* All pages come back, each once, in so many pieces. */
static void expect_reclaimed(struct consumer *c, __u64 pfn, unsigned int pieces)
{
	struct kpt_event event;
	__u64 next = pfn;

	punch(c, 0, BLOCK);
	expect_event(c, KPT_BEGIN, 0, 0, BLOCK);
	for (unsigned int i = 0; i < pieces; i++) {
		event = expect_event(c, KPT_RECLAIMED, 0, 0, 0);
		assert_int_equal(event.pfn, next);
		next += event.size;
	}
	assert_int_equal(next, pfn + BLOCK);
	expect_event(c, KPT_END, 0, 0, BLOCK);
	expect_no_events(c);
}

TEST(joined, &consumer_huge)
{
	struct consumer *c = *state;
	unsigned int order;
	__u64 pfn;

	bind_joining(c, 0, GUEST, 0, HUGE_FILE_PAGES);
	pfn = prepare_pieces(c);
	expect_ok(collapse(c), "collapse");
	expect_joined(c, pfn, 0);
	expect_backing(c->file, 1, 0, "joined");
	/* It stays prepared, for the guest that it was prepared for. */
	for (__u64 i = 0; i < BLOCK; i += 73) {
		assert_int_equal(lookup(c, i, false, &order), pfn + i);
		assert_int_equal(order, HUGE_ORDER);
	}
	expect_no_events(c);
	expect_reclaimed(c, pfn, 1);
}

/* Each time that it comes apart */
TEST(joined_again, &consumer_huge)
{
	struct consumer *c = *state;

	bind_joining(c, 0, GUEST, 0, HUGE_FILE_PAGES);
	for (int i = 0; i < 5; i++) {
		__u64 pfn = prepare_pieces(c);

		expect_ok(collapse(c), "collapse");
		expect_joined(c, pfn, 0);
		expect_backing(c->file, 1, 0, "joined");
	}
}

TEST(refused, &consumer_huge)
{
	static const int errors[] = { EBUSY, EIO };
	struct consumer *c = *state;
	__u64 pfn;

	bind_joining(c, 0, GUEST, 0, HUGE_FILE_PAGES);
	pfn = prepare_pieces(c);
	for (size_t i = 0; i < ARRAY_SIZE(errors); i++) {
		answer(c, errors[i], false);
		expect_error(errors[i], collapse(c), "collapse");
		expect_joined(c, pfn, errors[i]);
		expect_backing(c->file, 0, BLOCK, "not joined");
	}
	/* Each page is the guest's, as before. */
	for (__u64 i = 0; i < BLOCK; i += 73)
		assert_int_equal(lookup(c, i, false, &(unsigned int){ 0 }), pfn + i);
	expect_no_events(c);
	expect_reclaimed(c, pfn, BLOCK);
}

/* The platform isn't asked: it could not know of the page that isn't prepared. */
TEST(not_all_prepared, &consumer_huge)
{
	static const __u64 missing[] = { 0, 7, BLOCK - 1 };
	struct consumer *c = *state;

	bind_joining(c, 0, GUEST, 0, HUGE_FILE_PAGES);
	for (size_t i = 0; i < ARRAY_SIZE(missing); i++) {
		take_to_pieces(c, missing[i]);
		expect_error(EBUSY, collapse(c), "page %llu isn't prepared", missing[i]);
		assert_int_equal(count_events(c, KPT_JOINED), 0);
		expect_backing(c->file, 0, BLOCK, "not joined");
		punch(c, 0, BLOCK);
	}
}

TEST(two_guests, &consumer_huge)
{
	struct consumer *c = *state;

	bind_joining(c, 0, GUEST, 0, HUGE_FILE_PAGES);
	prepare_pieces(c);
	unbind(c, 0);
	bind_joining(c, 0, GUEST + 1, 0, HUGE_FILE_PAGES);
	lookup(c, 9, false, &(unsigned int){ 0 });
	expect_error(EBUSY, collapse(c), "one page is the other guest's");
	assert_int_equal(count_events(c, KPT_JOINED), 0);
}

/* The guest is there, but knows nothing of the pages, or not of all. */
TEST(no_binding, &consumer_huge)
{
	struct consumer *c = *state;
	__u64 pfn;

	bind_joining(c, 0, GUEST, 0, HUGE_FILE_PAGES);
	pfn = prepare_pieces(c);
	unbind(c, 0);
	expect_error(EBUSY, collapse(c), "without a binding");
	bind_joining(c, 0, GUEST, 0, 256);
	bind_joining(c, 1, GUEST, 256, BLOCK);
	expect_error(EBUSY, collapse(c), "half of it in a binding");
	unbind(c, 1);
	unbind(c, 0);
	bind_joining(c, 0, GUEST + 1, 0, BLOCK);
	expect_error(EBUSY, collapse(c), "in another guest's binding");
	unbind(c, 0);
	bind_guest(c, 0, GUEST, 0, BLOCK);
	expect_error(EBUSY, collapse(c), "on a platform that joins nothing");
	unbind(c, 0);
	assert_int_equal(count_events(c, KPT_JOINED), 0);
	bind_joining(c, 0, GUEST, 0, BLOCK);
	expect_ok(collapse(c), "with its binding again");
	expect_joined(c, pfn, 0);
}

/* Two new pages, of which the page allocator had the old ones last */
static void replace(struct consumer *c, __u64 first, __u64 second)
{
	punch(c, 7, 9);
	lookup(c, first, false, &(unsigned int){ 0 });
	lookup(c, second, false, &(unsigned int){ 0 });
}

/* Assigned pages can't move. */
TEST(not_side_by_side, &consumer_huge)
{
	struct consumer *c = *state;
	__u64 pfn;

	bind_joining(c, 0, GUEST, 0, HUGE_FILE_PAGES);
	pfn = prepare_pieces(c);
	/* The pages go back to their places in one order, and so not in the other. */
	replace(c, 7, 8);
	if (lookup(c, 7, false, &(unsigned int){ 0 }) == pfn + 7)
		replace(c, 8, 7);
	assert_int_not_equal(lookup(c, 7, false, &(unsigned int){ 0 }), pfn + 7);
	count_events(c, KPT_PREPARED);
	expect_error(EBUSY, collapse(c), "collapse");
	assert_int_equal(count_events(c, KPT_JOINED), 0);
}

/* The unit is huge, but the platform has taken it to pieces, as the guest wanted. */
TEST(in_pieces, &consumer_huge)
{
	struct consumer *c = *state;
	unsigned int order;
	__u64 pfn;

	bind_joining(c, 0, GUEST, 0, HUGE_FILE_PAGES);
	pfn = lookup(c, 0, false, &order);
	count_events(c, KPT_PREPARED);
	expect_ok(collapse(c), "in one piece");
	expect_no_events(c);

	answer(c, EBUSY, true);
	expect_ok(collapse(c), "in pieces that aren't alike");
	expect_joined(c, pfn, EBUSY);
	answer(c, EIO, true);
	expect_error(EIO, collapse(c), "the platform fails");
	expect_joined(c, pfn, EIO);
	answer(c, 0, true);
	expect_ok(collapse(c), "in pieces");
	expect_joined(c, pfn, 0);
	expect_ok(collapse(c), "joined");
	expect_no_events(c);
	expect_backing(c->file, 1, 0, "all the time");
	assert_int_equal(lookup(c, 5, false, &order), pfn + 5);
	assert_int_equal(order, HUGE_ORDER);
	expect_no_events(c);
}

/* In pieces or not: these are no pages that the platform knows of. */
TEST(in_pieces_of_none, &consumer_huge)
{
	struct consumer *c = *state;
	unsigned int order;

	bind_joining(c, 0, GUEST, 0, HUGE_FILE_PAGES);
	answer(c, 0, true);
	allocate(c, 0, BLOCK);
	expect_ok(collapse(c), "not prepared");
	lookup(c, 0, false, &order);
	unbind(c, 0);
	bind_joining(c, 0, GUEST + 1, 0, HUGE_FILE_PAGES);
	expect_ok(collapse(c), "another guest's");
	assert_int_equal(count_events(c, KPT_JOINED), 0);
}

/* Once joined, the pages come apart as those of any huge page. */
TEST(apart_again, &consumer_huge)
{
	struct consumer *c = *state;
	__u64 pfn;

	bind_joining(c, 0, GUEST, 0, HUGE_FILE_PAGES);
	pfn = prepare_pieces(c);
	expect_ok(collapse(c), "collapse");
	expect_joined(c, pfn, 0);
	share_and_take_back(c, 9);
	assert_int_equal(count_events(c, KPT_RECLAIMED), 1);
	punch(c, 0, BLOCK);
	assert_int_equal(count_events(c, KPT_RECLAIMED), BLOCK - 1);
}

/* Something is about to use the page: a consumer that has looked it up, for example. */
TEST(referenced, &consumer_huge)
{
	struct kpt_page page = { .index = 3, .pin = 1 };
	struct consumer *c = *state;
	__u64 pfn;

	bind_joining(c, 0, GUEST, 0, HUGE_FILE_PAGES);
	pfn = prepare_pieces(c);
	expect_ok(ioctl(c->device, KPT_GET_PFN, &page), "looking up");
	expect_error(EAGAIN, collapse(c), "a page is in use");
	assert_int_equal(count_events(c, KPT_JOINED), 0);
	expect_ok(ioctl(c->device, KPT_PUT_PFN, &page), "releasing");
	expect_ok(collapse(c), "collapse");
	expect_joined(c, pfn, 0);
}

static char *map;

static void block_firmware(struct consumer *c, bool block, bool in_pieces)
{
	const struct kpt_control control = {
		.block_slot = -1, .block_firmware = block, .in_pieces = in_pieces,
	};

	expect_ok(ioctl(c->device, KPT_CONTROL, &control), "KPT_CONTROL");
}

static long call_firmware(struct consumer *c, __u64 index)
{
	const struct kpt_firmware firmware = { .address = (uintptr_t)map + index * PAGE };

	return ioctl(c->device, KPT_FIRMWARE, &firmware);
}

static long call_collapse(struct consumer *c, __u64 unused)
{
	(void)unused;
	return collapse(c);
}

static long call_unbind(struct consumer *c, __u64 slot)
{
	return ioctl(c->device, KPT_UNBIND, slot);
}

static long call_lookup(struct consumer *c, __u64 index)
{
	return try_get_pfn(c, 0, index);
}

static long call_punch(struct consumer *c, __u64 index)
{
	punch(c, index, index + 1);
	return 0;
}

/*
 * One task has the firmware's lock and is about to write to a shared page, on which it faults.
 * The platform needs that lock to join pages. Meanwhile @other waits, for a page of the block
 * or for the binding.
 */
static void join_while_firmware_writes(struct consumer *c, bool in_pieces,
				       long (*other)(struct consumer *c, __u64 arg))
{
	struct call firmware, joining, waiting;

	expect_ok(file_make_shared(c->file, HUGE_PAGE, PAGE, 0), "sharing");
	map = file_map(c->file, HUGE_FILE_PAGES * PAGE);
	block_firmware(c, true, in_pieces);
	call_start(&firmware, c, call_firmware, BLOCK);
	expect_ok(ioctl(c->device, KPT_WAIT_BLOCKED), "waiting for the firmware");
	call_start(&joining, c, call_collapse, 0);
	expect_waiting(&joining, "joining");
	call_start(&waiting, c, other, 0);
	expect_waiting(&waiting, "another task");

	block_firmware(c, false, in_pieces);
	expect_result(&firmware, 0, "the firmware's call");
	expect_result(&joining, 0, "joining");
	expect_result(&waiting, 0, "another task");
	assert_int_equal(count_events(c, KPT_JOINED), 1);
	munmap(map, HUGE_FILE_PAGES * PAGE);
}

static void while_parts_are_joined(struct consumer *c,
				   long (*other)(struct consumer *c, __u64 arg))
{
	bind_joining(c, 0, GUEST, 0, HUGE_FILE_PAGES);
	prepare_pieces(c);
	join_while_firmware_writes(c, false, other);
}

static void while_pieces_are_joined(struct consumer *c,
				    long (*other)(struct consumer *c, __u64 arg))
{
	bind_joining(c, 0, GUEST, 0, HUGE_FILE_PAGES);
	lookup(c, 0, false, &(unsigned int){ 0 });
	join_while_firmware_writes(c, true, other);
}

TEST(lookup_waits, &consumer_huge)
{
	while_parts_are_joined(*state, call_lookup);
}

TEST(lookup_waits_for_pieces, &consumer_huge)
{
	while_pieces_are_joined(*state, call_lookup);
}

TEST(punch_waits, &consumer_huge)
{
	while_parts_are_joined(*state, call_punch);
}

TEST(punch_waits_for_pieces, &consumer_huge)
{
	while_pieces_are_joined(*state, call_punch);
}

/* The platform still uses the binding. */
TEST(unbind_waits, &consumer_huge)
{
	while_parts_are_joined(*state, call_unbind);
}

TEST(unbind_waits_for_pieces, &consumer_huge)
{
	while_pieces_are_joined(*state, call_unbind);
}

TEST_MAIN("kernel interface: assigned pages that are joined",
	  .setup = consumer_group_setup, .teardown = consumer_group_teardown)
