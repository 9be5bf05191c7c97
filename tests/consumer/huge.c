// SPDX-License-Identifier: GPL-2.0-only
/*
 * Huge pages as a consumer finds them: how large a mapping may be around each page,
 * how much is prepared at once, and which range an invalidation names.
 */
#include <unistd.h>

#include "consumer.h"
#include "convert.h"

#define BLOCK HUGE_PAGES

/* The largest naturally aligned block around a page, between start and end */
static unsigned int largest(__u64 index, __u64 start, __u64 end)
{
	unsigned int order = HUGE_ORDER;

	while ((index & -(1ULL << order)) < start ||
	       (index & -(1ULL << order)) + (1ULL << order) > end)
		order--;
	return order;
}

/*
 * Looks up all pages of a range, of which only that range may be mapped together.
 */
static void expect_range(struct consumer *c, __u64 start, __u64 end, bool shared)
{
	__u64 block_end, first, pfn, i;
	unsigned int order;

	for (; start < end; start = block_end) {
		block_end = (start / BLOCK + 1) * BLOCK;
		if (block_end > end)
			block_end = end;
		first = lookup(c, start, shared, &order);
		assert_int_equal(first % BLOCK, start % BLOCK);
		for (i = start; i < block_end; i++) {
			pfn = lookup(c, i, shared, &order);
			expect_between(pfn, first + i - start,
				       first + i - start, "pfn of page %llu",
				       i);
			expect_between(order, largest(i, start, block_end),
				       largest(i, start, block_end),
				       "order of page %llu, %llu to %llu", i,
				       start, block_end);
		}
	}
}

static void bind_range(struct consumer *c, __u64 start, __u64 end, __u32 flags)
{
	const struct kpt_bind bind = {
		.fd = c->file, .start = start, .end = end, .flags = flags,
	};

	expect_ok(try_bind(c, &bind), "binding %llu to %llu", start, end);
}

TEST(whole_file, &consumer_huge)
{
	struct consumer *c = *state;
	unsigned int order;

	bind_range(c, 0, HUGE_FILE_PAGES, 0);
	expect_range(c, 0, HUGE_BLOCKS * BLOCK, false);
	for (__u64 i = HUGE_BLOCKS * BLOCK; i < HUGE_FILE_PAGES; i++) {
		lookup(c, i, false, &order);
		assert_int_equal(order, 0);
	}
	expect_backing(c->file, HUGE_BLOCKS, 10, "looked up");
	expect_no_events(c);
}

struct range {
	__u64 start;
	__u64 end;
};

static const struct range parts[] = {
	{ 0, 1 }, { 0, 256 }, { 0, 511 }, { 1, 512 }, { 255, 257 },
	{ 256, 512 }, { 511, 512 }, { 511, 513 }, { 0, 513 }, { 1, 1024 },
	{ 100, 1200 }, { 512, 1024 }, { 513, 1023 },
};

/* A mapping ends where the binding ends. */
TEST(binding_clips, &consumer_huge)
{
	struct consumer *c = *state;

	allocate(c, 0, HUGE_FILE_PAGES);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		bind_range(c, parts[i].start, parts[i].end, 0);
		expect_range(c, parts[i].start, parts[i].end, false);
		unbind(c, 0);
	}
	expect_backing(c->file, HUGE_BLOCKS, 10, "looked up");
}

/*
 * A mapping ends where the attribute changes, whichever it is. For a binding without
 * attributes it doesn't.
 */
TEST(attribute_clips, &consumer_huge)
{
	struct consumer *c = *state;

	allocate(c, 0, HUGE_FILE_PAGES);
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		const __u64 start = parts[i].start, end = parts[i].end;

		bind_range(c, 0, HUGE_BLOCKS * BLOCK, 0);
		expect_ok(file_make_shared(c->file, start * PAGE,
					   (end - start) * PAGE, 0), "share");
		expect_range(c, 0, start, false);
		expect_range(c, start, end, true);
		expect_range(c, end, HUGE_BLOCKS * BLOCK, false);
		unbind(c, 0);
		bind_range(c, 0, HUGE_BLOCKS * BLOCK, KPT_BIND_NO_ATTRIBUTES);
		expect_range(c, 0, HUGE_BLOCKS * BLOCK, false);
		unbind(c, 0);
		expect_ok(file_make_private(c->file, 0, HUGE_FILE_PAGES * PAGE,
					    0), "hide");
	}
	expect_backing(c->file, HUGE_BLOCKS, 10, "looked up");
}

/* A mapping isn't larger than the stripe that it is in. */
TEST(stripes, &consumer_huge)
{
	struct consumer *c = *state;
	unsigned int order, width;

	allocate(c, 0, HUGE_FILE_PAGES);
	bind_range(c, 0, HUGE_BLOCKS * BLOCK, 0);
	for (width = 1; width < BLOCK; width *= 2) {
		for (__u64 i = 0; i < BLOCK; i += 2 * width)
			expect_ok(file_make_shared(c->file, i * PAGE,
						   width * PAGE, 0), "share");
		for (__u64 i = 0; i < BLOCK; i++) {
			lookup(c, i, !(i & width), &order);
			assert_int_equal(1U << order, width);
		}
		expect_ok(file_make_private(c->file, 0, HUGE_PAGE, 0), "hide");
	}
}

/*
 * The pages that are left of a block stay where they are, and no mapping covers
 * the hole.
 */
TEST(split, &consumer_huge)
{
	struct consumer *c = *state;
	unsigned int order;
	__u64 first, hole;

	bind_range(c, 0, HUGE_BLOCKS * BLOCK, 0);
	first = lookup(c, BLOCK, false, &order);
	punch(c, BLOCK + 100, BLOCK + 101);
	for (__u64 i = 0; i < BLOCK; i++) {
		if (i == 100)
			continue;
		assert_int_equal(lookup(c, BLOCK + i, false, &order), first + i);
		expect_between(order, 0, i < 100 ? largest(i, 0, 100) :
						   largest(i, 101, BLOCK),
			       "order of page %llu", i);
	}
	hole = lookup(c, BLOCK + 100, false, &order);
	if (hole != first + 100)
		assert_int_equal(order, 0);
	expect_backing(c->file, 0, BLOCK, "filled up");
}

TEST(no_order_wanted, &consumer_huge)
{
	struct consumer *c = *state;
	struct kpt_page page = { .index = 700, .no_order = 1 };
	unsigned int order;

	bind_range(c, 0, HUGE_FILE_PAGES, 0);
	expect_ok(ioctl(c->device, KPT_GET_PFN, &page), "asking for no order");
	assert_int_equal(lookup(c, 700, false, &order), page.pfn);
	assert_int_equal(order, HUGE_ORDER);
}

/* An invalidation names the range of the call, however large the block is. */
TEST(ranges_of_invalidations, &consumer_huge)
{
	struct consumer *c = *state;
	struct kvm_private_collapse collapse = { .size = 2 * HUGE_PAGE };

	allocate(c, 0, HUGE_FILE_PAGES);
	bind(c, 0, KPT_OPS_PLAIN, 0, 2 * BLOCK);
	bind(c, 1, KPT_OPS_PLAIN, 2 * BLOCK, HUGE_FILE_PAGES);
	expect_ok(file_make_shared(c->file, 5 * PAGE, PAGE, 0), "share");
	expect_event(c, KPT_BEGIN, 0, 5, 6);
	expect_event(c, KPT_END, 0, 5, 6);
	expect_no_events(c);
	expect_ok(file_make_private(c->file, 5 * PAGE, PAGE, 0), "hide");
	expect_event(c, KPT_BEGIN, 0, 5, 6);
	expect_event(c, KPT_END, 0, 5, 6);
	expect_no_events(c);
	punch(c, BLOCK + 7, BLOCK + 9);
	expect_event(c, KPT_BEGIN, 0, BLOCK + 7, BLOCK + 9);
	expect_event(c, KPT_END, 0, BLOCK + 7, BLOCK + 9);
	expect_no_events(c);
	/* Allocating removes no page, so no binding hears of it. */
	allocate(c, 0, HUGE_FILE_PAGES);
	expect_no_events(c);
	/* Only the block that isn't huge is collapsed. */
	expect_ok(file_collapse(c->file, &collapse), "collapse");
	expect_event(c, KPT_BEGIN, 0, BLOCK, 2 * BLOCK);
	expect_event(c, KPT_END, 0, BLOCK, 2 * BLOCK);
	expect_no_events(c);
	expect_backing(c->file, HUGE_BLOCKS, 10, "collapsed");
}

/* Each of several bindings of one block hears of its own part. */
TEST(bindings_in_a_block, &consumer_huge)
{
	struct kvm_private_collapse collapse = { .size = HUGE_PAGE };
	struct consumer *c = *state;
	unsigned int seen[3] = { 0 };
	struct kpt_event event;

	for (__u32 slot = 0; slot < 3; slot++)
		bind(c, slot, KPT_OPS_PLAIN, slot * 100, (slot + 1) * 100);
	allocate(c, 0, BLOCK);
	punch(c, 300, 301);
	expect_no_events(c);
	expect_ok(file_collapse(c->file, &collapse), "collapse");
	while (take_events(c, &event, 1)) {
		assert_true(event.slot < 3);
		assert_int_equal(event.start, event.slot * 100);
		assert_int_equal(event.end, (event.slot + 1) * 100);
		assert_int_equal(event.type, seen[event.slot]++ ? KPT_END :
								  KPT_BEGIN);
	}
	for (__u32 slot = 0; slot < 3; slot++)
		assert_int_equal(seen[slot], 2);
}

static unsigned int prepared_order(struct consumer *c, __u64 index)
{
	struct kpt_event event = expect_event(c, KPT_PREPARED, 0, index, 0);

	assert_int_equal(event.pfn % (1ULL << event.size),
			 index % (1ULL << event.size));
	return event.size;
}

TEST(prepare, &consumer_huge)
{
	struct consumer *c = *state;
	unsigned int order;

	bind_guest(c, 0, 1, 0, BLOCK + 256);
	lookup(c, 77, false, &order);
	assert_int_equal(order, HUGE_ORDER);
	assert_int_equal(prepared_order(c, 0), HUGE_ORDER);
	expect_no_events(c);
	lookup(c, BLOCK + 77, false, &order);
	assert_int_equal(prepared_order(c, BLOCK + 77), 0);
	expect_no_events(c);
	lookup(c, 5, false, &order);
	expect_no_events(c);

	punch(c, 0, BLOCK);
	expect_event(c, KPT_BEGIN, 0, 0, BLOCK);
	assert_int_equal(expect_event(c, KPT_RECLAIMED, 0, 0, 0).size, BLOCK);
	expect_event(c, KPT_END, 0, 0, BLOCK);
	expect_no_events(c);
}

/* A prepared block is reclaimed in the pieces that it is split into. */
TEST(reclaim_in_parts, &consumer_huge)
{
	struct consumer *c = *state;
	unsigned int order;
	__u64 first;

	bind_guest(c, 0, 1, 0, HUGE_FILE_PAGES);
	first = lookup(c, 0, false, &order);
	assert_int_equal(prepared_order(c, 0), HUGE_ORDER);
	punch(c, 9, 10);
	expect_event(c, KPT_BEGIN, 0, 9, 10);
	assert_int_equal(expect_event(c, KPT_RECLAIMED, 0, 0, 0).pfn, first + 9);
	expect_event(c, KPT_END, 0, 9, 10);
	for (__u64 i = 0; i < BLOCK; i++)
		if (i != 9)
			assert_int_equal(lookup(c, i, false, &order), first + i);
	expect_no_events(c);
	expect_ok(file_make_shared(c->file, 20 * PAGE, 2 * PAGE, 0), "share");
	assert_int_equal(count_events(c, KPT_RECLAIMED), 2);
	unbind(c, 0);
	consumer_close_file(c);
	assert_int_equal(count_events(c, KPT_RECLAIMED), BLOCK - 3);
}

TEST_MAIN("kernel interface: huge pages",
	  .setup = consumer_group_setup, .teardown = consumer_group_teardown)
