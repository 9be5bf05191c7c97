// SPDX-License-Identifier: GPL-2.0-only
/*
 * A page of a huge one is looked up and kept for long. Meanwhile its other pages
 * or all of them are punched, converted, or moved. Only calls that need that page
 * wait for it, and its content stays until it is put.
 */
#include <stdlib.h>
#include <unistd.h>

#include "cgroup.h"
#include "child.h"
#include "consumer.h"
#include "convert.h"
#include "watched.h"
#include "workers.h"

#define BLOCK HUGE_PAGES
#define TAG 0x8e1d000000000000ULL
#define PAGE_INDEX 77

static void pin(struct consumer *c, struct kpt_page *page, __u64 index)
{
	*page = (struct kpt_page){ .index = index, .pin = 1 };
	expect_ok(ioctl(c->device, KPT_GET_PFN, page), "pinning %llu", index);
	expect_ok(write_word(c, 0, index, TAG + index), "writing %llu", index);
}

static void expect_as_it_was(struct consumer *c, struct kpt_page *page)
{
	expect_ok(ioctl(c->device, KPT_READ_PINNED, page), "reading");
	/* Such a kernel's module clears a private page that leaves its file. */
	if (kernel_is_watched() && !page->word)
		return;
	assert_int_equal(page->word, TAG + page->index);
}

static void put(struct consumer *c, struct kpt_page *page)
{
	expect_as_it_was(c, page);
	expect_ok(ioctl(c->device, KPT_PUT_PFN, page), "putting");
}

static __u64 pfn_of(struct consumer *c, __u64 index)
{
	struct kpt_page page = { .index = index };

	expect_ok(ioctl(c->device, KPT_GET_PFN, &page), "looking %llu up", index);
	return page.pfn;
}

static void start(struct consumer *c, struct kpt_page *pinned)
{
	bind(c, 0, KPT_OPS_PLAIN, 0, HUGE_FILE_PAGES);
	pin(c, pinned, PAGE_INDEX);
	expect_backing(c->file, 1, 0, "pinning");
}

TEST(neighbours_punched, &consumer_huge)
{
	struct consumer *c = *state;
	struct kpt_page pinned;

	start(c, &pinned);
	punch(c, PAGE_INDEX + 1, PAGE_INDEX + 2);
	punch(c, 0, PAGE_INDEX);
	expect_backing(c->file, 0, BLOCK - PAGE_INDEX - 1, "split");
	assert_int_equal(pfn_of(c, PAGE_INDEX), pinned.pfn);
	put(c, &pinned);
	punch(c, 0, BLOCK);
	assert_int_equal(allocated(c), 0);
}

TEST(itself_punched, &consumer_huge)
{
	struct consumer *c = *state;
	struct kpt_page pinned;

	start(c, &pinned);
	punch(c, PAGE_INDEX, PAGE_INDEX + 1);
	assert_int_not_equal(pfn_of(c, PAGE_INDEX), pinned.pfn);
	expect_ok(write_word(c, 0, PAGE_INDEX, 1), "writing the new one");
	expect_as_it_was(c, &pinned);
	punch(c, 0, BLOCK);
	assert_int_not_equal(pfn_of(c, 0), pinned.pfn - PAGE_INDEX);
	for (__u64 i = 0; i < BLOCK; i++)
		expect_ok(write_word(c, 0, i, ~i), "writing");
	put(c, &pinned);
}

TEST(block_punched, &consumer_huge)
{
	static const __u64 pages[] = { 0, 1, PAGE_INDEX, BLOCK - 1 };
	struct consumer *c = *state;
	struct kpt_page pinned;

	bind(c, 0, KPT_OPS_PLAIN, 0, HUGE_FILE_PAGES);
	for (size_t i = 0; i < ARRAY_SIZE(pages); i++) {
		pin(c, &pinned, pages[i]);
		punch(c, 0, BLOCK);
		assert_int_equal(allocated(c), 0);
		for (__u64 j = 0; j < 2 * BLOCK; j += BLOCK / 8) {
			assert_int_not_equal(pfn_of(c, j), pinned.pfn);
			expect_ok(write_word(c, 0, j, ~j), "writing");
		}
		expect_backing(c->file, 2, 0, "anew");
		put(c, &pinned);
		punch(c, 0, 2 * BLOCK);
	}
}

/* All pages of a block at once */
TEST(all_pinned, &consumer_huge)
{
	static struct kpt_page pinned[BLOCK];
	struct consumer *c = *state;

	bind(c, 0, KPT_OPS_PLAIN, 0, HUGE_FILE_PAGES);
	for (__u64 i = 0; i < BLOCK; i++)
		pin(c, &pinned[i], i);
	punch(c, 0, BLOCK / 2);
	punch(c, BLOCK / 2, BLOCK);
	for (__u64 i = 0; i < BLOCK; i++)
		put(c, &pinned[i]);
	for (__u64 i = 0; i < BLOCK; i++)
		pin(c, &pinned[i], i);
	expect_backing(c->file, 1, 0, "anew");
	punch(c, 0, BLOCK);
	for (__u64 i = BLOCK; i; i--)
		put(c, &pinned[i - 1]);
}

TEST(file_closed, &consumer_huge)
{
	struct consumer *c = *state;
	struct kpt_page pinned;

	start(c, &pinned);
	punch(c, 200, 201);
	consumer_close_file(c);
	expect_as_it_was(c, &pinned);
	put(c, &pinned);
	unbind(c, 0);
}

/* Only the pinned page can't become private, and it holds up no other page. */
TEST(converted, &consumer_huge)
{
	struct consumer *c = *state;
	struct kpt_page pinned;

	start(c, &pinned);
	expect_ok(file_make_shared(c->file, 0, HUGE_PAGE, CONVERT_PRESERVE),
		  "share");
	expect_pinned(c->file, 0, HUGE_PAGE, PAGE_INDEX * PAGE);
	expect_ok(file_make_private(c->file, 0, PAGE_INDEX * PAGE, 0), "before");
	expect_ok(file_make_private(c->file, (PAGE_INDEX + 1) * PAGE,
				    HUGE_PAGE - (PAGE_INDEX + 1) * PAGE, 0),
		  "behind");
	expect_as_it_was(c, &pinned);
	expect_pinned(c->file, 0, HUGE_PAGE, PAGE_INDEX * PAGE);
	expect_backing(c->file, 1, 0, "private and shared");
	put(c, &pinned);
	expect_ok(file_make_private(c->file, 0, HUGE_PAGE, CONVERT_PRESERVE),
		  "hide");
	assert_int_equal(pfn_of(c, PAGE_INDEX), pinned.pfn);
}

/*
 * A consumer of a private page drops it when the invalidation tells it to. So the
 * page may move while a consumer is about to drop it.
 */
TEST(collapsed, &consumer_huge)
{
	struct kvm_private_collapse collapse = { .size = HUGE_PAGE };
	struct consumer *c = *state;
	struct kpt_page pinned;
	__u64 word;
	int ret;

	start(c, &pinned);
	punch(c, 200, 201);
	ret = file_collapse(c->file, &collapse);
	if (ret)
		assert_int_equal(errno, EAGAIN);
	else
		expect_backing(c->file, 1, 0, "collapsed");
	expect_as_it_was(c, &pinned);
	expect_ok(read_word(c, 0, PAGE_INDEX, &word), "reading");
	assert_int_equal(word, TAG + PAGE_INDEX);
	put(c, &pinned);
	collapse = (struct kvm_private_collapse){ .size = HUGE_PAGE };
	expect_ok(file_collapse(c->file, &collapse), "collapse");
	expect_backing(c->file, 1, 0, "collapsed");
	expect_ok(read_word(c, 0, PAGE_INDEX, &word), "reading");
	assert_int_equal(word, TAG + PAGE_INDEX);
}

/* A punch waits while one of the block's pages is locked, and no longer. */
TEST(locked, &consumer_huge)
{
	static const struct {
		__u64 start;
		__u64 end;
	} ranges[] = {
		{ 0, BLOCK }, { PAGE_INDEX, PAGE_INDEX + 1 }, { 300, 301 },
		{ 100, 700 },
	};
	struct kpt_page page = { .index = PAGE_INDEX };
	struct consumer *c = *state;
	struct puncher puncher;

	bind(c, 0, KPT_OPS_PLAIN, 0, HUGE_FILE_PAGES);
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		allocate(c, 0, 2 * BLOCK);
		expect_backing(c->file, 2, 0, "allocated");
		expect_ok(ioctl(c->device, KPT_LOCK_PAGE, &page), "locking");
		puncher_start(&puncher, c, ranges[i].start, ranges[i].end);
		/* The lock holds up no other block, and no lookup. */
		pfn_of(c, BLOCK + 400);
		expect_ok(ioctl(c->device, KPT_UNLOCK_PAGE), "unlocking");
		puncher_join(&puncher);
		punch(c, 0, HUGE_FILE_PAGES);
		assert_int_equal(allocated(c), 0);
	}
}

#define THREADS 4
#define SECONDS 6

static struct consumer *racing;

static void look_up(struct worker *worker)
{
	struct kpt_page page = {
		.index = rand_r(&worker->seed) % (2 * BLOCK),
	};

	/* The other pages of a block depend on its first one. */
	if (rand_r(&worker->seed) % 2)
		page.index -= page.index % BLOCK;
	worker_note(worker, "look up",
		    ioctl(racing->device, KPT_GET_PFN, &page), NULL);
}

static void take_out(struct worker *worker)
{
	__u64 block = rand_r(&worker->seed) % 2 * HUGE_PAGE;
	struct kpt_event events[2];

	worker_note(worker, "punch", file_punch(racing->file, block, HUGE_PAGE),
		    NULL);
	worker_note(worker, "events",
		    read(racing->device, events, sizeof(events)), NULL);
}

static struct cgroup cgroup;

static void race(void *arg)
{
	struct worker workers[THREADS] = { { .one_call = take_out } };

	(void)arg;
	cgroup_enter(&cgroup);
	for (unsigned int i = 1; i < THREADS; i++)
		workers[i].one_call = look_up;
	workers_run(workers, THREADS, SECONDS);
}

/* Whole blocks are punched under lookups: their whole charge is given back. */
TEST(charges, &consumer_huge)
{
	racing = *state;
	cgroup_make(&cgroup, "pinned");
	bind(racing, 0, KPT_OPS_PLAIN, 0, HUGE_FILE_PAGES);
	child_run(race, NULL);
	punch(racing, 0, HUGE_FILE_PAGES);
	assert_int_equal(allocated(racing), 0);
	cgroup_wait_below(&cgroup, CGROUP_NOISE);
	cgroup_remove(&cgroup);
}

TEST_MAIN("kernel interface: pinned parts of huge pages",
	  .setup = consumer_group_setup, .teardown = consumer_group_teardown)
