// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guests whose memory is in huge pages: mapped as such while they aren't split
 * and have one attribute, in pieces otherwise, and huge again afterwards.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "convert.h"
#include "huge_slot.h"
#include "string_io.h"
#include "touch.h"

#define TAG		0x4100000000000000ULL
#define BLOCKS		4
#define SIZE		(BLOCKS * HUGE_PAGE)
#define END		(HUGE_GPA + SIZE)

/* A page in the second block */
#define PAGE_OFFSET	(HUGE_PAGE + 77 * PAGE)
#define PAGE_GPA	(HUGE_GPA + PAGE_OFFSET)
#define BLOCK_GPA	(HUGE_GPA + HUGE_PAGE)

/* Flags of the kinds of files that a guest may have */
static const __u64 kinds[] = {
	0, KVM_PRIVATE_FLAG_MMAP,
	KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED,
};

static void expect_all_huge(struct huge_slot *h, const char *when)
{
	expect_mapped(h, BLOCKS, when);
	expect_backed(h, BLOCKS, 0, when);
}

/* All but the second block, which is in pieces */
static void expect_one_in_pieces(struct huge_slot *h, const char *when)
{
	expect_mapped(h, BLOCKS - 1, when);
}

static void expect_all(struct huge_slot *h)
{
	huge_guest_expect(h, HUGE_GPA, SIZE, TAG);
}

static void expect_all_but_page(struct huge_slot *h)
{
	huge_guest_expect(h, HUGE_GPA, PAGE_OFFSET, TAG);
	huge_guest_expect(h, PAGE_GPA + PAGE, END - PAGE_GPA - PAGE, TAG);
}

static void start(struct huge_slot *h, __u64 flags)
{
	huge_slot_start(h, SIZE, flags, SIZE);
	huge_guest_fill(h, HUGE_GPA, SIZE, TAG);
	expect_all_huge(h, "after the first touch");
	expect_all(h);
}

/* Any first touch maps all of the block. */
TEST(touch)
{
	struct huge_slot h;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		huge_slot_start(&h, SIZE, kinds[i], SIZE);
		assert_int_equal(mapped_huge(&h), 0);
		for (__u64 n = 0; n < BLOCKS; n++) {
			__u64 gpa = HUGE_GPA + n * HUGE_PAGE + n * 170 * PAGE;

			if (n % 2)
				poke(h.cpu, gpa, TAG);
			else
				assert_int_equal(peek(h.cpu, gpa), 0);
			expect_backed(&h, n + 1, 0, "touched");
			expect_mapped(&h, n + 1, "touched");
		}
		huge_slot_stop(&h);
	}
}

TEST(prefault)
{
	struct huge_slot h;

	for (__u64 kind = 0; kind < 2; kind++) {
		huge_slot_start(&h, SIZE, kind ? KVM_PRIVATE_FLAG_MMAP |
				KVM_PRIVATE_FLAG_INIT_SHARED : 0, SIZE);
		assert_int_equal(vcpu_pre_fault(h.cpu, PAGE_GPA, PAGE), 0);
		expect_mapped(&h, 1, "after one touch");
		assert_int_equal(vcpu_pre_fault(h.cpu, HUGE_GPA, SIZE), 0);
		expect_all_huge(&h, "after prefaulting");
		huge_guest_fill(&h, HUGE_GPA, SIZE, TAG);
		expect_all(&h);
		expect_all_huge(&h, "after prefaulting and writing");
		huge_slot_stop(&h);
	}
}

/* Allocated before the slot is added, some as a huge page and some in pieces */
TEST(there_already)
{
	struct huge_slot h;

	huge_slot_start(&h, SIZE, KVM_PRIVATE_FLAG_MMAP, 0);
	expect_ok(file_allocate(h.file, 0, SIZE), "allocate");
	expect_ok(file_punch(h.file, PAGE_OFFSET, PAGE), "punch");
	h.slot.size = SIZE;
	huge_slot_add(&h);
	huge_guest_fill(&h, HUGE_GPA, SIZE, TAG);
	expect_one_in_pieces(&h, "with a hole filled");
	expect_backed(&h, BLOCKS - 1, HUGE_PAGES, "with a hole filled");
	expect_all(&h);
	huge_slot_stop(&h);
}

/* The guest loses 4 KiB and nothing else. */
TEST(punch)
{
	struct huge_slot h;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		start(&h, kinds[i]);
		expect_ok(file_punch(h.file, PAGE_OFFSET, PAGE), "punch");
		expect_one_in_pieces(&h, "after a hole");
		expect_all_but_page(&h);
		expect_backed(&h, BLOCKS - 1, HUGE_PAGES - 1, "a hole");
		expect_one_in_pieces(&h, "after touching the rest");
		assert_int_equal(peek(h.cpu, PAGE_GPA), 0);
		expect_backed(&h, BLOCKS - 1, HUGE_PAGES, "filled up");
		poke(h.cpu, PAGE_GPA, TAG + PAGE_GPA);
		expect_all(&h);
		expect_one_in_pieces(&h, "after filling the hole");
		/* A whole huge page, across the borders of two others */
		expect_ok(file_punch(h.file, MIB, HUGE_PAGE + 2 * MIB), "punch");
		huge_guest_expect(&h, HUGE_GPA, MIB, TAG);
		for (__u64 at = MIB; at < HUGE_PAGE + 3 * MIB; at += 64 * PAGE)
			assert_int_equal(peek(h.cpu, HUGE_GPA + at), 0);
		huge_guest_expect(&h, HUGE_GPA + HUGE_PAGE + 3 * MIB,
				  SIZE - HUGE_PAGE - 3 * MIB, TAG);
		huge_slot_stop(&h);
	}
}

TEST(collapse)
{
	struct huge_slot h;

	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++) {
		start(&h, kinds[i]);
		for (unsigned int round = 0; round < 4; round++) {
			__u64 page = round * 170;

			expect_ok(file_punch(h.file, HUGE_PAGE + page * PAGE,
					     PAGE), "punch");
			poke(h.cpu, BLOCK_GPA + page * PAGE,
			     TAG + BLOCK_GPA + page * PAGE);
			expect_one_in_pieces(&h, "before collapsing");
			collapse_all(h.file, SIZE);
			expect_all(&h);
			expect_all_huge(&h, "after collapsing");
		}
		/* With a hole */
		expect_ok(file_punch(h.file, PAGE_OFFSET, PAGE), "punch");
		collapse_all(h.file, SIZE);
		expect_all_but_page(&h);
		assert_int_equal(peek(h.cpu, PAGE_GPA), 0);
		expect_all_huge(&h, "after collapsing a hole");
		huge_slot_stop(&h);
	}
}

/* To the other attribute and back */
TEST(convert)
{
	static const __u64 offsets[] = { 0, 300 * PAGE, HUGE_PAGE - PAGE };
	struct huge_slot h;

	start(&h, KVM_PRIVATE_FLAG_MMAP);
	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		const __u64 offset = HUGE_PAGE + offsets[i];
		const __u64 gpa = BLOCK_GPA + offsets[i];

		expect_ok(file_make_shared(h.file, offset, PAGE,
					   CONVERT_PRESERVE), "share");
		assert_int_equal(*huge_word(&h, offset), TAG + gpa);
		expect_one_in_pieces(&h, "after sharing");
		expect_all(&h);
		expect_one_in_pieces(&h, "after touching");
		expect_backed(&h, BLOCKS, 0, "shared");
		*huge_word(&h, offset) = 1234;
		assert_int_equal(peek(h.cpu, gpa), 1234);
		poke(h.cpu, gpa, TAG + gpa);
		assert_int_equal(*huge_word(&h, offset), TAG + gpa);
		expect_sigbus(h.map + (i ? offset - PAGE : offset + PAGE),
			      "beside it");

		expect_ok(file_make_private(h.file, offset, PAGE,
					    CONVERT_PRESERVE), "hide");
		expect_sigbus(h.map + offset, "a private page");
		expect_all(&h);
		expect_all_huge(&h, "when it is private again");
	}
	/*
	 * All of the memory is converted, and is mapped in huge pages
	 * again.
	 */
	expect_ok(file_make_shared(h.file, 0, SIZE, CONVERT_PRESERVE), "share");
	expect_all(&h);
	expect_all_huge(&h, "when all is shared");
	for (__u64 at = 0; at < SIZE; at += PAGE)
		assert_int_equal(*huge_word(&h, at), TAG + HUGE_GPA + at);
	expect_ok(file_make_private(h.file, MIB, HUGE_PAGE, CONVERT_PRESERVE),
		  "hide two halves");
	expect_all(&h);
	expect_mapped(&h, BLOCKS - 2, "with two halves hidden");
	huge_slot_stop(&h);
}

TEST(every_other_page)
{
	struct huge_slot h;

	start(&h, KVM_PRIVATE_FLAG_MMAP);
	for (__u64 at = HUGE_PAGE; at < 2 * HUGE_PAGE; at += 2 * PAGE)
		expect_ok(file_make_shared(h.file, at, PAGE, CONVERT_PRESERVE),
			  "share");
	expect_all(&h);
	expect_one_in_pieces(&h, "in stripes");
	for (__u64 at = HUGE_PAGE; at < 2 * HUGE_PAGE; at += 2 * PAGE)
		assert_int_equal(*huge_word(&h, at), TAG + HUGE_GPA + at);
	expect_ok(file_make_private(h.file, 0, SIZE, CONVERT_PRESERVE), "hide");
	expect_all(&h);
	expect_all_huge(&h, "when all is private");
	huge_slot_stop(&h);
}

/* For a file without MMAP the VM says which pages are private. */
TEST(vm_attributes)
{
	__u64 *shared = mmap(NULL, SIZE + HUGE_PAGE, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct huge_slot h;

	assert_ptr_not_equal(shared, MAP_FAILED);
	shared = (__u64 *)(((uintptr_t)shared + HUGE_PAGE - 1) & -HUGE_PAGE);
	huge_slot_start(&h, SIZE, 0, 0);
	h.slot.size = SIZE;
	h.slot.host = shared;
	huge_slot_add(&h);
	huge_guest_fill(&h, HUGE_GPA, SIZE, TAG);
	expect_all_huge(&h, "after the first touch");
	shared[PAGE_OFFSET / 8] = 4321;
	expect_ok(vm_try_attributes(h.low.vm, PAGE_GPA, PAGE, false), "share");
	expect_all_but_page(&h);
	assert_int_equal(peek(h.cpu, PAGE_GPA), 4321);
	expect_one_in_pieces(&h, "with a shared page");
	expect_ok(vm_try_attributes(h.low.vm, PAGE_GPA, PAGE, true), "hide");
	expect_all(&h);
	expect_all_huge(&h, "when it is private again");
	huge_slot_stop(&h);
}

/* KVM's emulator in the middle of a huge page, and across the border of two */
TEST(emulation)
{
	static const __u64 where[] = {
		PAGE_GPA + 8, BLOCK_GPA - 4, BLOCK_GPA + HUGE_PAGE - 8,
	};
	struct huge_slot h;

	start(&h, KVM_PRIVATE_FLAG_MMAP);
	for (size_t i = 0; i < ARRAY_SIZE(where); i++) {
		__u64 word = TAG + i;

		vcpu_call(h.cpu, guest_emulated_poke, where[i], word, 0);
		assert_int_equal(peek(h.cpu, where[i]), word);
		assert_int_equal(vcpu_call(h.cpu, guest_emulated_peek, where[i],
					   0, 0), word);
		ins(h.cpu, where[i], (__u8 *)&(__u64){ ~word }, sizeof(word));
		assert_int_equal(peek(h.cpu, where[i]), ~word);
	}
	expect_all_huge(&h, "after the emulator's work");
	huge_slot_stop(&h);
}

static void set_clock(struct huge_slot *h, __u64 now)
{
	const struct kvm_clock_data clock = { .clock = now };

	expect_ok(ioctl(h->low.vm, KVM_SET_CLOCK, &clock), "KVM_SET_CLOCK");
	peek(h->cpu, HUGE_GPA);
}

/* A page that KVM writes by itself, while its block is moved and split */
TEST(clock)
{
	const __u64 time = PAGE_GPA + 16;
	struct huge_slot h;

	start(&h, KVM_PRIVATE_FLAG_MMAP);
	vcpu_call(h.cpu, guest_wrmsr, MSR_SYSTEM_TIME, PAGE_GPA | MSR_ENABLE, 0);
	for (__u64 i = 1; i < 5; i++) {
		set_clock(&h, 3 * i << 50);
		assert_in_range(peek(h.cpu, time), 3 * i << 50,
				(3 * i + 1) << 50);
		expect_ok(file_punch(h.file, PAGE_OFFSET + i * PAGE, PAGE),
			  "punch beside it");
		set_clock(&h, (3 * i + 1) << 50);
		assert_in_range(peek(h.cpu, time), (3 * i + 1) << 50,
				(3 * i + 2) << 50);
		collapse_all(h.file, SIZE);
		set_clock(&h, (3 * i + 2) << 50);
		assert_in_range(peek(h.cpu, time), (3 * i + 2) << 50,
				(3 * i + 3) << 50);
	}
	expect_backed(&h, BLOCKS, 0, "collapsed");
	huge_slot_stop(&h);
}

/* A hole in a block stays one, whatever mappings are around it. */
TEST(no_auto_alloc)
{
	struct huge_slot h;

	huge_slot_start(&h, SIZE, KVM_PRIVATE_FLAG_NO_AUTO_ALLOC, SIZE);
	vcpu_enter(h.cpu, guest_peek, &(struct kvm_regs){ .rdi = PAGE_GPA });
	vcpu_expect_fault(h.cpu, ENOENT, PAGE_GPA, KVM_MEMORY_EXIT_FLAG_PRIVATE);
	expect_ok(file_allocate(h.file, PAGE_OFFSET + PAGE, PAGE), "allocate");
	assert_int_equal(peek(h.cpu, PAGE_GPA), 0);
	expect_mapped(&h, 1, "after one touch");
	expect_ok(file_punch(h.file, PAGE_OFFSET, PAGE), "punch");
	assert_int_equal(peek(h.cpu, PAGE_GPA + PAGE), 0);
	vcpu_enter(h.cpu, guest_peek, &(struct kvm_regs){ .rdi = PAGE_GPA });
	vcpu_expect_fault(h.cpu, ENOENT, PAGE_GPA, KVM_MEMORY_EXIT_FLAG_PRIVATE);
	huge_slot_stop(&h);
}

/* The next VM finds the first one's content, mapped as well. */
TEST(next_guest)
{
	struct huge_slot h, next;

	start(&h, 0);
	expect_ok(file_punch(h.file, PAGE_OFFSET, PAGE), "punch");
	poke(h.cpu, PAGE_GPA, TAG + PAGE_GPA);
	huge_slot_delete(&h);
	assert_int_equal(mapped_huge(&h), 0);
	huge_slot_start(&next, PAGE, 0, 0);
	vm_add_slot(next.low.vm, &h.slot);
	huge_guest_expect(&next, HUGE_GPA, SIZE, TAG);
	expect_one_in_pieces(&next, "in the next guest");
	collapse_all(h.file, SIZE);
	huge_guest_expect(&next, HUGE_GPA, SIZE, TAG);
	expect_mapped(&next, BLOCKS, "after collapsing");
	huge_slot_stop(&next);
	huge_slot_stop(&h);
}

/*
 * An ordinary slot whose memory is the host's mapping of the file. The dirty
 * log names base pages.
 */
TEST(dirty_log)
{
	struct kvm_userspace_memory_region region = {
		.slot = HUGE_SLOT, .guest_phys_addr = HUGE_GPA,
		.memory_size = SIZE,
	};
	static __u64 bitmap[SIZE / PAGE / 64];
	struct kvm_dirty_log log = { .slot = HUGE_SLOT, .dirty_bitmap = bitmap };
	struct huge_slot h;

	huge_slot_start(&h, SIZE, KVM_PRIVATE_FLAG_MMAP |
			KVM_PRIVATE_FLAG_INIT_SHARED, 0);
	region.userspace_addr = (uintptr_t)h.map;
	for (unsigned int round = 0; round < 3; round++) {
		region.flags = 0;
		expect_ok(ioctl(h.low.vm, KVM_SET_USER_MEMORY_REGION, &region),
			  "without a log");
		huge_guest_fill(&h, HUGE_GPA, SIZE, TAG);
		region.flags = KVM_MEM_LOG_DIRTY_PAGES;
		expect_ok(ioctl(h.low.vm, KVM_SET_USER_MEMORY_REGION, &region),
			  "with a log");
		expect_ok(ioctl(h.low.vm, KVM_GET_DIRTY_LOG, &log), "clear");
		poke(h.cpu, PAGE_GPA, TAG + PAGE_GPA);
		expect_all(&h);
		expect_ok(ioctl(h.low.vm, KVM_GET_DIRTY_LOG, &log), "dirty log");
		for (size_t i = 0; i < ARRAY_SIZE(bitmap); i++)
			expect_between(bitmap[i], i == PAGE_OFFSET / PAGE / 64 ?
				       1ULL << PAGE_OFFSET / PAGE % 64 : 0,
				       i == PAGE_OFFSET / PAGE / 64 ?
				       1ULL << PAGE_OFFSET / PAGE % 64 : 0,
				       "word %zu of the log", i);
	}
	huge_slot_stop(&h);
}

TEST_MAIN("KVM guest: huge", .setup = emulation_setup)
