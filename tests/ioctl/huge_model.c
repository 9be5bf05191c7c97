// SPDX-License-Identifier: GPL-2.0-only
/*
 * All calls on a file of huge pages, at random, against a model of the file:
 * which pages it has, which of them are huge, which are shared, and their
 * content.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "convert.h"
#include "huge.h"
#include "touch.h"
#include "unit.h"

#define BLOCKS 5
#define TAIL 37
#define PAGES (BLOCKS * HUGE_PAGES + TAIL)
#define FILE_SIZE (PAGES * PAGE)
#define ROUNDS 250

struct model {
	int fd;
	char *map;
	bool shared[PAGES];
	bool there[PAGES];
	bool huge[BLOCKS];
	/* First word of each allocated page */
	__u64 word[PAGES];
	/* The pfn at which a page was last seen; 0: it may have any */
	__u64 pfn[PAGES];
	__u64 next_word;
};

static __u64 *word_at(struct model *m, unsigned int page)
{
	return (__u64 *)(m->map + page * PAGE);
}

static bool block_has(const bool *pages, unsigned int block, bool value)
{
	for (unsigned int i = 0; i < HUGE_PAGES; i++)
		if (pages[block * HUGE_PAGES + i] == value)
			return true;
	return false;
}

static void appear(struct model *m, unsigned int page)
{
	if (m->there[page])
		return;
	m->there[page] = true;
	m->word[page] = 0;
	m->pfn[page] = 0;
}

/* The rule of allocation: a block without any page comes as one huge page. */
static void allocated(struct model *m, unsigned int page)
{
	unsigned int block = page / HUGE_PAGES;

	if (block >= BLOCKS || block_has(m->there, block, true)) {
		appear(m, page);
		return;
	}
	m->huge[block] = true;
	for (unsigned int i = 0; i < HUGE_PAGES; i++)
		appear(m, block * HUGE_PAGES + i);
}

static void do_allocate(struct model *m, unsigned int first, unsigned int count)
{
	expect_ok(file_allocate(m->fd, first * PAGE, count * PAGE), "allocate");
	for (unsigned int i = first; i < first + count; i++)
		allocated(m, i);
}

static void do_punch(struct model *m, unsigned int first, unsigned int count)
{
	expect_ok(file_punch(m->fd, first * PAGE, count * PAGE), "punch");
	for (unsigned int i = first; i < first + count; i++) {
		m->there[i] = false;
		if (i / HUGE_PAGES < BLOCKS)
			m->huge[i / HUGE_PAGES] = false;
	}
}

static void do_convert(struct model *m, unsigned int first, unsigned int count)
{
	bool shared = random() % 2;
	__u64 offset = first * PAGE, size = count * PAGE;
	bool zero = shared && random() % 4 == 0;
	__u64 flags = zero ? CONVERT_ZERO : CONVERT_PRESERVE;

	if (shared)
		expect_ok(file_make_shared(m->fd, offset, size, flags), "share");
	else
		expect_ok(file_make_private(m->fd, offset, size, flags), "hide");
	for (unsigned int i = first; i < first + count; i++) {
		m->shared[i] = shared;
		if (zero)
			m->word[i] = 0;
	}
}

/* Writes the shared pages up to the first private one, whose touch is SIGBUS. */
static void do_write(struct model *m, unsigned int first, unsigned int count)
{
	for (unsigned int i = first; i < first + count; i++) {
		if (!m->shared[i]) {
			expect_sigbus(word_at(m, i), "private page %u", i);
			return;
		}
		*word_at(m, i) = ++m->next_word;
		allocated(m, i);
		m->word[i] = m->next_word;
	}
}

static void do_populate(struct model *m, unsigned int first, unsigned int count)
{
	__u64 page[PAGE / 8];

	for (unsigned int i = first; i < first + count && !m->shared[i]; i++) {
		struct kvm_private_populate populate = {
			.offset = i * PAGE, .size = PAGE,
			.source = (uintptr_t)page,
		};

		memset(page, 0xee, sizeof(page));
		page[0] = ++m->next_word;
		expect_ok(file_populate(m->fd, &populate), "page %u", i);
		allocated(m, i);
		m->word[i] = m->next_word;
	}
}

/* A collapse leaves out blocks that are only partly in the range. */
static void do_collapse(struct model *m, unsigned int first, unsigned int count)
{
	struct kvm_private_collapse collapse = {
		.offset = first * PAGE, .size = count * PAGE,
	};

	expect_ok(file_collapse(m->fd, &collapse), "collapse");
	assert_int_equal(collapse.offset, (first + count) * PAGE);
	assert_int_equal(collapse.size, 0);
	for (unsigned int block = 0; block < BLOCKS; block++) {
		unsigned int start = block * HUGE_PAGES;

		if (start < first || start + HUGE_PAGES > first + count ||
		    !block_has(m->there, block, true) || m->huge[block])
			continue;
		m->huge[block] = true;
		for (unsigned int i = start; i < start + HUGE_PAGES; i++) {
			appear(m, i);
			m->pfn[i] = 0;
		}
	}
}

typedef void step(struct model *m, unsigned int first, unsigned int count);

static const struct {
	const char *name;
	step *step;
	/* Pages at most: some steps are slow */
	unsigned int most;
} steps[] = {
	{ "allocate", do_allocate, PAGES },
	{ "punch", do_punch, PAGES },
	{ "punch a few of", do_punch, 3 },
	{ "convert", do_convert, PAGES },
	{ "convert a few of", do_convert, 3 },
	{ "write", do_write, 300 },
	{ "populate", do_populate, 100 },
	{ "collapse", do_collapse, PAGES },
};

static void check_content(struct model *m, const char *what)
{
	for (unsigned int i = 0; i < PAGES; i++) {
		if (!m->there[i] || !m->shared[i])
			continue;
		expect_between(*word_at(m, i), m->word[i], m->word[i],
			       "first word of page %u after: %s", i, what);
	}
}

/*
 * Pages that no step has moved are where they were. Only some are looked at,
 * since that is slow.
 */
static void check_pfns(struct model *m, const char *what)
{
	for (unsigned int i = random() % 64; i < PAGES; i += 64) {
		__u64 pfn;

		if (!m->there[i] || !m->shared[i])
			continue;
		pfn = pfn_at(word_at(m, i));
		if (m->pfn[i])
			expect_between(pfn, m->pfn[i], m->pfn[i],
				       "pfn of page %u after: %s", i, what);
		m->pfn[i] = pfn;
		if (i / HUGE_PAGES < BLOCKS && m->huge[i / HUGE_PAGES])
			expect_between(pfn % HUGE_PAGES, i % HUGE_PAGES,
				       i % HUGE_PAGES,
				       "pfn in its huge page: %s", what);
	}
}

static void check_seek(struct model *m, const char *what)
{
	unsigned int from = random() % PAGES;
	unsigned int data = from, hole = from;

	while (data < PAGES && !m->there[data])
		data++;
	while (hole < PAGES && m->there[hole])
		hole++;
	if (data < PAGES)
		expect_between(lseek(m->fd, from * PAGE, SEEK_DATA), data * PAGE,
			       data * PAGE, "SEEK_DATA after: %s", what);
	else
		expect_error(ENXIO, lseek(m->fd, from * PAGE, SEEK_DATA),
			     "SEEK_DATA after: %s", what);
	expect_between(lseek(m->fd, from * PAGE, SEEK_HOLE), hole * PAGE,
		       hole * PAGE, "SEEK_HOLE after: %s", what);
}

static void check(struct model *m, const char *what)
{
	unsigned int huge = 0, there = 0, shared = 0;

	for (unsigned int i = 0; i < BLOCKS; i++)
		huge += m->huge[i];
	for (unsigned int i = 0; i < PAGES; i++) {
		there += m->there[i];
		shared += m->shared[i];
	}
	expect_backing(m->fd, huge, there - huge * HUGE_PAGES, "%s", what);
	assert_int_equal(file_shared(m->fd), shared * PAGE);
	for (unsigned int i = 0; i < 20; i++)
		check_seek(m, what);
	check_content(m, what);
	check_pfns(m, what);
}

static void one_round(struct model *m, unsigned int round)
{
	unsigned int which = random() % ARRAY_SIZE(steps);
	unsigned int first = random() % PAGES;
	unsigned int count = 1 + random() % (PAGES - first);
	char what[96];

	/* Often begins and ends with a block */
	if (random() % 4 == 0) {
		first -= first % HUGE_PAGES;
		count = (1 + random() % BLOCKS) * HUGE_PAGES;
	}
	if (count > PAGES - first)
		count = PAGES - first;
	if (count > steps[which].most)
		count = steps[which].most;
	snprintf(what, sizeof(what), "round %u: %s %u pages at %u", round,
		 steps[which].name, count, first);
	steps[which].step(m, first, count);
	check(m, what);
}

static void play(unsigned int seed, __u64 flags)
{
	struct model *m = test_calloc(1, sizeof(*m));

	srandom(seed);
	m->fd = huge_create(FILE_SIZE, KVM_PRIVATE_FLAG_MMAP | flags);
	m->map = file_map(m->fd, FILE_SIZE);
	if (flags & KVM_PRIVATE_FLAG_INIT_SHARED)
		memset(m->shared, true, sizeof(m->shared));
	for (unsigned int round = 0; round < ROUNDS; round++)
		one_round(m, round);

	/*
	 * Pages that were private all the time have kept their content as well.
	 */
	do_allocate(m, 0, PAGES);
	expect_ok(file_make_shared(m->fd, 0, FILE_SIZE, CONVERT_PRESERVE),
		  "share all");
	memset(m->shared, true, sizeof(m->shared));
	check(m, "sharing all");
	munmap(m->map, FILE_SIZE);
	close(m->fd);
	test_free(m);
}

TEST(begin_shared)
{
	play(1, KVM_PRIVATE_FLAG_INIT_SHARED);
}

TEST(begin_private)
{
	play(2, 0);
}

/* Memory is never short here, so a strict file behaves like any other. */
TEST(strict)
{
	play(3, KVM_PRIVATE_FLAG_INIT_SHARED | KVM_PRIVATE_FLAG_HUGE_STRICT);
}

TEST_MAIN("huge_model")
