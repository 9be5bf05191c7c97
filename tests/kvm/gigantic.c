// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guests whose memory is in gigantic pages. The page tables have one entry for 1
 * GiB, smaller ones where the page is split or one isn't possible, and one again
 * afterwards.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "../demo/stats.h"
#include "convert.h"
#include "huge_slot.h"
#include "watched.h"

#define TAG	0x6100000000000000ULL
#define GPA	FAR_GPA
#define SIZE	(GIGANTIC_PAGE + HUGE_PAGE)
#define BLOCKS	(GIGANTIC_PAGE / HUGE_PAGE)

/* A page in the gigantic one */
#define OFFSET	(300 * HUGE_PAGE + 77 * PAGE)

static const __u64 kinds[] = {
	0, KVM_PRIVATE_FLAG_MMAP,
	KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED,
};

static void expect_entries(const struct huge_slot *h, __u64 gigantic,
			   __u64 huge, const char *when)
{
	expect_between(stats_get(h->low.vm, "pages_1g"), gigantic, gigantic,
		       "1 GiB mappings %s", when);
	expect_between(mapped_huge(h), huge, huge, "2 MiB mappings %s", when);
}

/* KVM wants the host's address aligned as well, whatever memory is there. */
static char *host_address(__u64 gpa)
{
	static char *nowhere;

	if (!nowhere)
		nowhere = mmap(NULL, 4 * GIGANTIC_PAGE, PROT_NONE,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_ptr_not_equal(nowhere, MAP_FAILED);
	return nowhere - (uintptr_t)nowhere % GIGANTIC_PAGE + GIGANTIC_PAGE +
	       gpa % GIGANTIC_PAGE;
}

/* The slot at gpa, and offset bytes of the file before it */
static void start(struct huge_slot *h, __u64 flags, __u64 gpa, __u64 offset)
{
	huge_slot_start_on(h, gigantic_create(SIZE, flags), SIZE, flags);
	h->slot.gpa = gpa;
	h->slot.offset = offset;
	h->slot.size = SIZE - offset;
	h->slot.host = host_address(gpa);
	huge_slot_add(h);
}

static void write_and_expect(struct huge_slot *h, __u64 gpa, const char *when)
{
	poke(h->cpu, gpa, TAG + gpa);
	expect_between(peek(h->cpu, gpa), TAG + gpa, TAG + gpa, "%s", when);
}

TEST(touch)
{
	struct huge_slot h;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		start(&h, kinds[i], GPA, 0);
		write_and_expect(&h, GPA + OFFSET, "a touch");
		expect_backing_1g(h.file, 1, 0, 0, "a touch");
		expect_entries(&h, 1, 0, "after a touch");
		write_and_expect(&h, GPA, "the first page");
		write_and_expect(&h, GPA + GIGANTIC_PAGE - PAGE, "the last page");
		expect_entries(&h, 1, 0, "after some");
		assert_int_equal(vcpu_pre_fault(h.cpu, GPA + GIGANTIC_PAGE, PAGE),
				 0);
		expect_backing_1g(h.file, 1, 1, 0, "the tail");
		expect_entries(&h, 1, 1, "with the tail");
		huge_slot_stop(&h);
	}
}

TEST(prefault)
{
	struct huge_slot h;

	start(&h, 0, GPA, 0);
	assert_int_equal(vcpu_pre_fault(h.cpu, GPA, SIZE), 0);
	expect_entries(&h, 1, 1, "after prefaulting");
	write_and_expect(&h, GPA + OFFSET, "afterwards");
	huge_slot_stop(&h);
}

/*
 * One page is punched, others stay as they are, and in the end the block is
 * gigantic again.
 */
TEST(hole)
{
	struct huge_slot h;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		start(&h, kinds[i], GPA, 0);
		write_and_expect(&h, GPA + OFFSET, "the page");
		write_and_expect(&h, GPA + OFFSET + PAGE, "beside it");
		write_and_expect(&h, GPA, "the first");
		expect_ok(file_punch(h.file, OFFSET, PAGE), "punch");
		expect_entries(&h, 0, 0, "after a hole");
		assert_int_equal(peek(h.cpu, GPA), TAG + GPA);
		assert_int_equal(peek(h.cpu, GPA + OFFSET + PAGE),
				 TAG + GPA + OFFSET + PAGE);
		assert_int_equal(peek(h.cpu, GPA + OFFSET), 0);
		expect_entries(&h, 0, 1, "after looking around");
		expect_backing(h.file, BLOCKS - 1, HUGE_PAGES, "filled up");
		write_and_expect(&h, GPA + OFFSET, "the new page");
		collapse_all(h.file, SIZE);
		expect_backing_1g(h.file, 1, 0, 0, "collapsed");
		assert_int_equal(peek(h.cpu, GPA), TAG + GPA);
		expect_entries(&h, 1, 0, "after collapsing");
		assert_int_equal(peek(h.cpu, GPA + OFFSET), TAG + GPA + OFFSET);
		assert_int_equal(peek(h.cpu, GPA + OFFSET + PAGE),
				 TAG + GPA + OFFSET + PAGE);
		huge_slot_stop(&h);
	}
}

/* One page becomes shared: the rest is mapped as large as possible. */
TEST(convert)
{
	struct huge_slot h;

	start(&h, KVM_PRIVATE_FLAG_MMAP, GPA, 0);
	write_and_expect(&h, GPA + OFFSET, "the page");
	write_and_expect(&h, GPA, "the first");
	expect_entries(&h, 1, 0, "when all is private");
	expect_ok(file_make_shared(h.file, OFFSET, PAGE, CONVERT_PRESERVE),
		  "to shared");
	expect_entries(&h, 0, 0, "after converting");
	assert_int_equal(peek(h.cpu, GPA), TAG + GPA);
	assert_int_equal(peek(h.cpu, GPA + OFFSET), TAG + GPA + OFFSET);
	assert_int_equal(*huge_word(&h, OFFSET), TAG + GPA + OFFSET);
	expect_entries(&h, 0, 1, "with one shared page");
	expect_backing_1g(h.file, 1, 0, 0, "converted");
	expect_ok(file_make_private(h.file, OFFSET, PAGE, CONVERT_PRESERVE),
		  "to private");
	assert_int_equal(peek(h.cpu, GPA + OFFSET), TAG + GPA + OFFSET);
	expect_entries(&h, 1, 0, "when all is private again");
	huge_slot_stop(&h);
}

/*
 * Guest address and file offset must be aligned alike, else the mapping is
 * smaller.
 */
TEST(alignment)
{
	static const struct {
		__u64 gpa, offset, huge;
	} rows[] = {
		{ GPA + HUGE_PAGE, HUGE_PAGE, 1 },
		{ GPA + HUGE_PAGE, 0, 1 },
		{ GPA, HUGE_PAGE, 1 },
		{ GPA + PAGE, 0, 0 },
		{ GPA, PAGE, 0 },
		{ GPA + PAGE, PAGE, 1 },
	};
	struct huge_slot h;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		__u64 gpa = rows[i].gpa + OFFSET;
		__u64 offset = rows[i].offset + OFFSET;

		start(&h, KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED,
		      rows[i].gpa, rows[i].offset);
		write_and_expect(&h, gpa, "the page");
		write_and_expect(&h, gpa + PAGE, "the next one");
		assert_int_equal(*huge_word(&h, offset), TAG + gpa);
		assert_int_equal(*huge_word(&h, offset + PAGE), TAG + gpa + PAGE);
		expect_backing_1g(h.file, 1, 0, 0, "touched");
		expect_entries(&h, 0, rows[i].huge, "where it isn't aligned");
		huge_slot_stop(&h);
	}
}

/* As many huge mappings as fit between two aligned addresses */
TEST(every_block)
{
	/* Some are enough where a slot takes half a second. */
	const __u64 step = (kernel_is_watched() ? 37 : 1) * HUGE_PAGE;
	struct huge_slot h;

	start(&h, KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED, GPA, 0);
	huge_slot_delete(&h);
	for (__u64 shift = HUGE_PAGE; shift < GIGANTIC_PAGE; shift += step) {
		/* Shifted in the guest, or in the file */
		for (unsigned int i = 0; i < 2; i++) {
			h.slot.gpa = GPA + (i ? 0 : shift);
			h.slot.offset = i ? shift : 0;
			h.slot.size = SIZE - h.slot.offset;
			h.slot.host = host_address(h.slot.gpa);
			huge_slot_add(&h);
			write_and_expect(&h, h.slot.gpa + 5 * PAGE, "a page");
			assert_int_equal(*huge_word(&h, h.slot.offset + 5 * PAGE),
					 TAG + h.slot.gpa + 5 * PAGE);
			expect_entries(&h, 0, 1, "a block off");
			huge_slot_delete(&h);
		}
	}
	huge_slot_stop(&h);
}

TEST_MAIN("KVM guest: gigantic pages", .setup = gigantic_group_setup)
