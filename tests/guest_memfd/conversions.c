// SPDX-License-Identifier: GPL-2.0-only
/* The attribute and the content of pages after a conversion */
#include <string.h>

#include "converting.h"
#include "touch.h"

#define OTHER_GPA	(DATA_GPA + 2 * FILE_SIZE)

TEST(single_pages, &scene_provided, &scene_own)
{
	struct scene *s = *state;

	host_writes_all(s);
	for (unsigned int i = 0; i < FILE_PAGES; i++) {
		convert(s, i, 1, true);
		if (i % 21 == 0)
			assert_as_it_should_be(s);
		expect_sigbus(address_of(s, i), "page %u", i);
		if (i)
			assert_int_equal(*guest_word(&s->g, gpa_of(i - 1)), s->word[i - 1]);
		if (i < FILE_PAGES - 1)
			assert_int_equal(*guest_word(&s->g, gpa_of(i + 1)), TAG + i + 1);
		assert_int_equal(guest_reads(&s->g, gpa_of(i)), TAG + i);
		guest_puts(s, i, TAG + i + FILE_PAGES);
		convert(s, i, 1, false);
		assert_int_equal(*guest_word(&s->g, gpa_of(i)), s->word[i]);
	}
	assert_as_it_should_be(s);
}

TEST(single_pages_among_private_ones, &scene_provided, &scene_own)
{
	struct scene *s = *state;

	host_writes_all(s);
	convert(s, 0, FILE_PAGES, true);
	for (unsigned int i = 0; i < FILE_PAGES; i++) {
		convert(s, i, 1, false);
		if (i)
			expect_sigbus(address_of(s, i - 1), "page before %u", i);
		if (i < FILE_PAGES - 1)
			expect_sigbus(address_of(s, i + 1), "page after %u", i);
		assert_int_equal(*guest_word(&s->g, gpa_of(i)), TAG + i);
		host_writes(s, i, TAG - i);
		assert_int_equal(guest_reads(&s->g, gpa_of(i)), TAG - i);
		convert(s, i, 1, true);
	}
	assert_as_it_should_be(s);
}

TEST(ranges_both_ways, &scene_provided, &scene_own)
{
	static const unsigned int ranges[][2] = {
		{ 0, FILE_PAGES }, { 0, 2 }, { FILE_PAGES - 2, 2 }, { 1, FILE_PAGES - 2 },
		{ 15, 34 }, { 16, 16 }, { 31, 2 },
	};
	struct scene *s = *state;

	host_writes_all(s);
	for (unsigned int i = 0; i < ARRAY_SIZE(ranges); i++) {
		for (int way = 0; way < 2; way++) {
			convert(s, 0, FILE_PAGES, way);
			convert(s, ranges[i][0], ranges[i][1], !way);
			assert_as_it_should_be(s);
		}
	}
}

/* Ranges that overlap, are nested in others, and have the wanted attribute already */
TEST(ranges_that_overlap, &scene_provided, &scene_own)
{
	struct scene *s = *state;
	unsigned int random = 1;

	host_writes_all(s);
	for (unsigned int i = 0; i < 200; i++) {
		unsigned int first, count;

		random = random * 1103515245 + 12345;
		first = (random >> 16) % FILE_PAGES;
		count = (random >> 22) % (FILE_PAGES - first) + 1;
		convert(s, first, count, random >> 30 & 1);
		if (s->private[first])
			guest_puts(s, first, TAG + 256 * i);
		else
			host_writes(s, first, TAG + 256 * i);
		if (i % 10 == 0)
			assert_as_it_should_be(s);
	}
	assert_as_it_should_be(s);
}

/* All words, not only the first of each page */
TEST(content_is_kept, &scene_provided, &scene_own)
{
	struct scene *s = *state;
	struct guest *g = &s->g;

	vcpu_call(&g->cpu, guest_fill, DATA_GPA, FILE_PAGES, TAG);
	for (int i = 0; i < 3; i++) {
		convert(s, 0, FILE_PAGES, true);
		assert_int_equal(vcpu_call(&g->cpu, guest_check, DATA_GPA, FILE_PAGES, TAG), 0);
		assert_int_equal(vcpu_regs(&g->cpu).rbx, 0);
		convert(s, 0, FILE_PAGES, false);
		for (unsigned int page = 0; page < FILE_PAGES; page++)
			for (__u64 at = 0; at < PAGE; at += sizeof(__u64))
				assert_int_equal(*guest_word(g, gpa_of(page) + at),
						 TAG + gpa_of(page));
	}
	/* And all bytes that the host wrote */
	memset(g->map, 0x6d, FILE_SIZE);
	convert(s, 0, FILE_PAGES, true);
	for (unsigned int page = 0; page < FILE_PAGES; page++)
		assert_int_equal(guest_reads(g, gpa_of(page) + PAGE - 8), 0x6d6d6d6d6d6d6d6d);
}

/* A conversion before the page is allocated holds for the page. */
TEST(before_the_first_fault, &scene_provided, &scene_own)
{
	struct scene *s = *state;

	convert(s, 0, FILE_PAGES / 2, true);
	convert(s, 3, 1, false);
	convert(s, FILE_PAGES - 1, 1, true);
	assert_int_equal(file_allocated(s->g.file), 0);
	expect_sigbus(address_of(s, 0), "private hole");
	assert_int_equal(file_allocated(s->g.file), 0);
	host_writes(s, 3, TAG);
	expect_sigbus(address_of(s, 2), "hole before it");
	expect_sigbus(address_of(s, 4), "hole after it");
	guest_puts(s, 2, TAG + 2);
	assert_as_it_should_be(s);
	convert(s, 0, FILE_PAGES, false);
	assert_as_it_should_be(s);
}

/* Guest or host faulted the pages in before. */
TEST(after_faults, &scene_provided, &scene_own)
{
	struct scene *s = *state;

	host_writes(s, 0, TAG);
	guest_puts(s, 1, TAG + 1);
	host_writes(s, 2, TAG + 2);
	guest_puts(s, 2, TAG + 3);
	assert_int_equal(guest_reads(&s->g, gpa_of(3)), 0);
	expect_reads(address_of(s, 4), 0, "page of the host");
	for (int i = 0; i < 4; i++) {
		convert(s, 0, 6, !(i & 1));
		assert_as_it_should_be(s);
	}
}

/* The guest's accesses succeed where the host's fail. */
TEST(under_a_running_guest, &scene_provided, &scene_own)
{
	struct scene *s = *state;
	struct kvm_regs regs = {
		.rdi = DATA_GPA, .rsi = FILE_PAGES, .rdx = TAG, .rcx = DATA_GPA - 8,
	};
	volatile __u64 *rounds = (volatile __u64 *)(s->g.low + DATA_GPA - 8);

	vcpu_call(&s->g.cpu, guest_fill, DATA_GPA, FILE_PAGES, TAG);
	vcpu_enter(&s->g.cpu, guest_watch, &regs);
	vcpu_spawn(&s->g.cpu, NULL);
	for (unsigned int i = 0; i < 40; i++) {
		__u64 seen = *rounds;
		unsigned int first = i % 7 * 8;
		struct kvm_memory_attributes2 now = request(first, 8, i % 3);

		/* A fault of the guest that is under way pins its page. */
		while (file_convert(s->g.file, &now))
			assert_int_equal(errno, EAGAIN);
		while (*rounds == seen)
			usleep(100);
		if (i % 3)
			expect_sigbus(address_of(s, first), "private page");
		else
			assert_int_equal(*guest_word(&s->g, gpa_of(first)), TAG + gpa_of(first));
	}
	vcpu_expect(&s->g.cpu, vcpu_stop(&s->g.cpu), -EINTR);
}

/* The attribute is the file's: it exists before a slot and after it. */
TEST(without_a_slot, &scene_provided, &scene_own)
{
	struct scene *s = *state;
	struct guest *g = &s->g;

	host_writes_all(s);
	expect_ok(region_delete(g->vm, DATA_SLOT), "delete the slot");
	convert(s, 8, 8, true);
	expect_sigbus(address_of(s, 8), "private page, no slot");
	assert_int_equal(*guest_word(g, gpa_of(7)), TAG + 7);
	assert_int_equal(*guest_word(g, gpa_of(16)), TAG + 16);
	guest_add_data(g, g->map);
	assert_as_it_should_be(s);
	expect_ok(region_delete(g->vm, DATA_SLOT), "delete the slot");
	convert(s, 0, 12, false);
	assert_int_equal(*guest_word(g, gpa_of(8)), TAG + 8);
	guest_add_data(g, g->map);
	assert_as_it_should_be(s);
}

/* A range with a slot in one part, another slot elsewhere, and none in the rest */
TEST(across_slots, &scene_provided, &scene_own)
{
	const unsigned int half = FILE_PAGES / 2, quarter = FILE_PAGES / 4;
	struct scene *s = *state;
	struct guest *g = &s->g;
	struct kvm_userspace_memory_region2 region;

	host_writes_all(s);
	expect_ok(region_delete(g->vm, DATA_SLOT), "delete the slot");
	region = region_of(DATA_SLOT, DATA_GPA, half * PAGE, g->file, 0);
	expect_region(0, g->vm, region, "half");
	region = region_of(DATA_SLOT + 1, OTHER_GPA, quarter * PAGE, g->file,
			   (half + quarter) * PAGE);
	expect_region(0, g->vm, region, "quarter");
	for (int i = 0; i < 4; i++) {
		convert(s, 1, FILE_PAGES - 2, !(i & 1));
		for (unsigned int page = 0; page < FILE_PAGES; page++) {
			if (s->private[page])
				expect_sigbus(address_of(s, page), "page %u", page);
			else
				assert_int_equal(*guest_word(g, gpa_of(page)), s->word[page]);
			if (page < half)
				assert_int_equal(guest_reads(g, gpa_of(page)), s->word[page]);
			else if (page >= half + quarter)
				assert_int_equal(guest_reads(g, OTHER_GPA +
							     (page - half - quarter) * PAGE),
						 s->word[page]);
		}
	}
}

/* A punched page keeps its attribute, and the page in its place is zeroed. */
TEST(holes, &scene_provided, &scene_own)
{
	struct scene *s = *state;

	host_writes_all(s);
	convert(s, 8, 16, true);
	expect_ok(file_punch(s->g.file, 4 * PAGE, 8 * PAGE), "punch");
	memset(&s->word[4], 0, 8 * sizeof(s->word[0]));
	assert_int_equal(file_allocated(s->g.file), FILE_SIZE - 8 * PAGE);
	expect_sigbus(address_of(s, 8), "private hole");
	expect_reads(address_of(s, 4), 0, "shared hole");
	convert(s, 0, FILE_PAGES, true);
	assert_as_it_should_be(s);
	expect_ok(file_punch(s->g.file, 0, FILE_SIZE), "punch all");
	memset(s->word, 0, sizeof(s->word));
	convert(s, 0, FILE_PAGES, false);
	assert_int_equal(file_allocated(s->g.file), 0);
	assert_as_it_should_be(s);
}

TEST_MAIN("guest_memfd: conversions")
