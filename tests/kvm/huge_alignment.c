// SPDX-License-Identifier: GPL-2.0-only
/*
 * Slots whose guest address, offset in the file and host address agree modulo 2
 * MiB, or don't. The guest finds exactly the page of the file that is there,
 * and a huge mapping only where all of it is right.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "convert.h"
#include "huge_slot.h"

#define TAG		0x2a00000000000000ULL
#define BLOCKS		6
#define FILE_SIZE	(BLOCKS * HUGE_PAGE)

static const __u64 shifts[] = { 0, PAGE, MIB, MIB + PAGE, HUGE_PAGE - PAGE };

/* All combinations of these are tried. */
#define COMBINED 3

/* Addresses without access, at any distance from a boundary */
static char *nowhere;

struct place {
	__u64 gpa;
	__u64 offset;
	__u64 host;
	__u64 size;
};

static bool agree(__u64 a, __u64 b)
{
	return a % HUGE_PAGE == b % HUGE_PAGE;
}

/* Naturally aligned blocks of the guest's that the slot has all of */
static __u64 whole_blocks(const struct place *place)
{
	__u64 first = (place->gpa + HUGE_PAGE - 1) / HUGE_PAGE;
	__u64 end = (place->gpa + place->size) / HUGE_PAGE;

	return end > first ? end - first : 0;
}

static void put(struct huge_slot *h, const struct place *place)
{
	h->slot.gpa = place->gpa;
	h->slot.offset = place->offset;
	h->slot.size = place->size;
	h->slot.host = nowhere + place->host;
	huge_slot_add(h);
}

/* A page holds its offset in the file. */
static void expect_pages(struct huge_slot *h, const struct place *place)
{
	huge_guest_expect(h, place->gpa, place->size,
			  TAG + place->offset - place->gpa);
}

static void expect_mappings(struct huge_slot *h, const struct place *place)
{
	if (!agree(place->gpa, place->offset))
		assert_int_equal(mapped_huge(h), 0);
	else if (agree(place->gpa, place->host))
		expect_mapped(h, whole_blocks(place), "where all agrees");
	else
		expect_between(mapped_huge(h), 0, whole_blocks(place),
			       "huge mappings, host address off by %#llx",
			       place->host - place->gpa);
}

static void one_place(struct huge_slot *h, const struct place *place)
{
	print_message("# gpa +%#llx, offset +%#llx, host +%#llx, %#llx bytes\n",
		      place->gpa % HUGE_PAGE, place->offset % HUGE_PAGE,
		      place->host % HUGE_PAGE, place->size);
	put(h, place);
	expect_pages(h, place);
	expect_mappings(h, place);
	/* The guest's writes go to the same pages. */
	huge_guest_fill(h, place->gpa, place->size,
			TAG + place->offset - place->gpa);
	expect_mappings(h, place);
	huge_slot_delete(h);
	assert_int_equal(mapped_huge(h), 0);

	/* In the reverse order; and prefaulting maps the same pages. */
	put(h, place);
	assert_int_equal(vcpu_pre_fault(h->cpu, place->gpa, place->size), 0);
	expect_mappings(h, place);
	expect_pages(h, place);
	huge_slot_delete(h);
}

static void every_place(struct huge_slot *h)
{
	for (size_t i = 0; i < COMBINED * COMBINED * COMBINED; i++) {
		const struct place place = {
			.gpa = HUGE_GPA + shifts[i % COMBINED],
			.offset = HUGE_PAGE + shifts[i / COMBINED % COMBINED],
			.host = shifts[i / COMBINED / COMBINED],
			.size = 3 * HUGE_PAGE,
		};

		one_place(h, &place);
	}
}

/* With any part of the blocks at the ends in the slot */
static void every_size(struct huge_slot *h)
{
	static const __u64 sizes[] = {
		PAGE, HUGE_PAGE - PAGE, HUGE_PAGE, HUGE_PAGE + PAGE,
		2 * HUGE_PAGE - PAGE, 2 * HUGE_PAGE + MIB,
	};

	for (size_t s = 0; s < ARRAY_SIZE(sizes); s++)
		for (size_t i = 0; i < ARRAY_SIZE(shifts); i++) {
			const struct place place = {
				.gpa = HUGE_GPA + shifts[i],
				.offset = HUGE_PAGE + shifts[i],
				.host = shifts[i], .size = sizes[s],
			};

			one_place(h, &place);
		}
}

/* Pages at the slot's ends, and at the borders of the guest's blocks */
static void expect_some_pages(struct huge_slot *h, const struct place *place)
{
	const __u64 end = place->gpa + place->size;
	__u64 border = place->gpa - place->gpa % HUGE_PAGE + HUGE_PAGE;

	huge_guest_expect(h, place->gpa, 2 * PAGE,
			  TAG + place->offset - place->gpa);
	for (; border < end; border += HUGE_PAGE)
		huge_guest_expect(h, border - PAGE, 2 * PAGE,
				  TAG + place->offset - place->gpa);
	huge_guest_expect(h, end - PAGE, PAGE, TAG + place->offset - place->gpa);
}

/*
 * Each of the three shifted by any number of pages, and all by the same number
 */
static void every_shift(struct huge_slot *h)
{
	for (__u64 shift = 0; shift < HUGE_PAGE; shift += PAGE)
		for (unsigned int i = 0; i < 4; i++) {
			const struct place place = {
				.gpa = HUGE_GPA + (i == 0 || i == 3 ? shift : 0),
				.offset = HUGE_PAGE +
					  (i == 1 || i == 3 ? shift : 0),
				.host = i == 2 || i == 3 ? shift : 0,
				.size = 2 * HUGE_PAGE,
			};

			put(h, &place);
			expect_some_pages(h, &place);
			expect_mappings(h, &place);
			huge_slot_delete(h);
		}
}

static void stamp(struct huge_slot *h, __u64 offset, __u64 size)
{
	for (__u64 at = offset; at < offset + size; at += PAGE)
		*huge_word(h, at) = TAG + at;
}

static void with_file(__u64 flags, void (*try)(struct huge_slot *h))
{
	struct huge_slot h;

	huge_slot_start(&h, FILE_SIZE, flags, 0);
	if (flags & KVM_PRIVATE_FLAG_INIT_SHARED) {
		stamp(&h, 0, FILE_SIZE);
	} else if (flags & KVM_PRIVATE_FLAG_MMAP) {
		expect_ok(file_make_shared(h.file, 0, FILE_SIZE, 0), "share");
		stamp(&h, 0, FILE_SIZE);
		expect_ok(file_make_private(h.file, 0, FILE_SIZE,
					    CONVERT_PRESERVE), "hide");
	} else {
		file_stamp(h.file, 0, FILE_SIZE, TAG);
	}
	expect_backed(&h, BLOCKS, 0, "stamped");
	try(&h);
	expect_backed(&h, BLOCKS, 0, "afterwards");
	huge_slot_stop(&h);
}

TEST(private_places)
{
	with_file(0, every_place);
}

TEST(mapped_private_places)
{
	with_file(KVM_PRIVATE_FLAG_MMAP, every_place);
}

TEST(shared_places)
{
	with_file(KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED,
		  every_place);
}

TEST(private_sizes)
{
	with_file(0, every_size);
}

TEST(shared_sizes)
{
	with_file(KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED,
		  every_size);
}

TEST(private_shifts)
{
	with_file(0, every_shift);
}

TEST(shared_shifts)
{
	with_file(KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED,
		  every_shift);
}

/*
 * Two slots meet in the middle of a huge page of the file, and of the guest's
 * memory: a mapping of one must not reach into the other.
 */
TEST(neighbours)
{
	static const __u64 borders[] = { PAGE, MIB, HUGE_PAGE - PAGE };
	struct huge_slot h;

	huge_slot_start(&h, FILE_SIZE, 0, 0);
	file_stamp(h.file, 0, FILE_SIZE, TAG);
	for (size_t i = 0; i < ARRAY_SIZE(borders); i++) {
		const __u64 size = HUGE_PAGE + borders[i];
		struct slot low = {
			.id = 2, .file = h.file, .gpa = HUGE_GPA, .size = size,
			.offset = 2 * HUGE_PAGE, .host = nowhere,
		};
		struct slot high = {
			.id = 3, .file = h.file, .gpa = HUGE_GPA + size,
			.size = 3 * HUGE_PAGE - size,
			/* Shifted by two pages, so that no block fits */
			.offset = 2 * PAGE, .host = nowhere + 2 * PAGE,
		};

		vm_add_slot(h.low.vm, &low);
		if (high.offset + high.size > low.offset)
			high.size = low.offset - high.offset;
		vm_add_slot(h.low.vm, &high);
		huge_guest_expect(&h, low.gpa, low.size,
				  TAG + low.offset - low.gpa);
		huge_guest_expect(&h, high.gpa, high.size,
				  TAG + high.offset - high.gpa);
		expect_mapped(&h, 1, "on one side of the border");
		vm_delete_slot(h.low.vm, 2);
		vm_delete_slot(h.low.vm, 3);
	}
	huge_slot_stop(&h);
}

/* Each of two VMs has its part of one huge page. */
TEST(two_vms_in_a_page)
{
	struct huge_slot a, b;
	struct slot slot;

	huge_slot_start(&a, 2 * HUGE_PAGE, 0, 0);
	huge_slot_start(&b, PAGE, 0, 0);
	file_stamp(a.file, 0, 2 * HUGE_PAGE, TAG);
	a.slot.size = HUGE_PAGE + MIB;
	a.slot.host = nowhere;
	huge_slot_add(&a);
	slot = a.slot;
	slot.offset = HUGE_PAGE + MIB;
	slot.gpa = HUGE_GPA + MIB;
	slot.size = MIB;
	slot.host = nowhere + MIB;
	vm_add_slot(b.low.vm, &slot);
	huge_guest_expect(&a, HUGE_GPA, HUGE_PAGE + MIB, TAG - HUGE_GPA);
	huge_guest_expect(&b, HUGE_GPA + MIB, MIB, TAG + HUGE_PAGE - HUGE_GPA);
	expect_mapped(&a, 1, "of the first VM");
	assert_int_equal(mapped_huge(&b), 0);
	/* Each VM writes its part; the other's part is unchanged. */
	huge_guest_fill(&b, HUGE_GPA + MIB, MIB, TAG);
	huge_guest_expect(&a, HUGE_GPA, HUGE_PAGE + MIB, TAG - HUGE_GPA);
	huge_guest_fill(&a, HUGE_GPA, HUGE_PAGE + MIB, TAG + 1);
	huge_guest_expect(&b, HUGE_GPA + MIB, MIB, TAG);
	huge_slot_stop(&b);
	huge_slot_stop(&a);
}

static int setup(void **state)
{
	char *start = mmap(NULL, 16 * HUGE_PAGE, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	(void)state;
	if (start == MAP_FAILED)
		return -1;
	nowhere = (char *)(((uintptr_t)start + HUGE_PAGE - 1) & -HUGE_PAGE);
	return 0;
}

TEST_MAIN("KVM guest: huge alignment", .setup = setup)
