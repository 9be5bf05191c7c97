// SPDX-License-Identifier: GPL-2.0-only
/*
 * Guest and host talk through pages that are converted in place. Each finds the
 * other's words, in the same page, and neither keeps access to a page that
 * isn't its own any more.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "convert.h"
#include "machine.h"
#include "poll_until.h"
#include "touch.h"

#define TAG	0x2d00000000000000ULL
#define PAGES	16
#define SIZE	(PAGES * PAGE)

static void expect_host_finds(struct machine *m, __u64 gpa, __u64 pages,
			      __u64 tag)
{
	for (__u64 at = gpa; at < gpa + pages * PAGE; at += 8)
		assert_int_equal(*host_word(m, at), tag + (at & -PAGE));
}

TEST(guest_to_host, &machine_mapped)
{
	struct machine *m = *state;
	__u64 before;

	fill(&m->cpu, DATA_GPA, PAGES, TAG);
	before = file_allocated(m->file);
	expect_sigbus(m->map + DATA_GPA, "a private page");
	make_shared(m, DATA_GPA, SIZE);
	expect_host_finds(m, DATA_GPA, PAGES, TAG);
	assert_int_equal(file_allocated(m->file), before);
	expect_sigbus(m->map + DATA_GPA + SIZE, "the private page behind");
}

/*
 * Guest and host have the page mapped at the same time, and each sees the
 * other's next word.
 */
TEST(dialogue, &machine_mapped)
{
	struct machine *m = *state;
	volatile __u64 *word = host_word(m, DATA_GPA + 8);

	make_shared(m, DATA_GPA, PAGE);
	for (__u64 i = 1; i < 20; i++) {
		*word = TAG + i;
		assert_int_equal(peek(&m->cpu, DATA_GPA + 8), TAG + i);
		poke(&m->cpu, DATA_GPA + 8, TAG - i);
		assert_int_equal(*word, TAG - i);
	}
}

TEST(there_and_back, &machine_mapped)
{
	struct machine *m = *state;
	__u64 before;

	fill(&m->cpu, DATA_GPA, PAGES, TAG);
	before = file_allocated(m->file);
	for (__u64 round = 1; round < 20; round++) {
		make_shared(m, DATA_GPA, SIZE);
		assert_int_equal(*host_word(m, DATA_GPA), TAG + DATA_GPA);
		*host_word(m, DATA_GPA) = 0;
		*host_word(m, DATA_GPA + 8) = round;
		make_private(m, DATA_GPA, SIZE);
		expect_sigbus(m->map + DATA_GPA, "round %llu", round);
		assert_int_equal(peek(&m->cpu, DATA_GPA), 0);
		assert_int_equal(peek(&m->cpu, DATA_GPA + 8), round);
		poke(&m->cpu, DATA_GPA, TAG + DATA_GPA);
	}
	expect_filled(&m->cpu, DATA_GPA + PAGE, PAGES - 1, TAG);
	assert_int_equal(file_allocated(m->file), before);
}

TEST(zero_to_shared, &machine_mapped)
{
	struct machine *m = *state;

	fill(&m->cpu, DATA_GPA, PAGES, TAG);
	expect_ok(file_make_shared(m->file, DATA_GPA + PAGE, PAGE, CONVERT_ZERO),
		  "sharing");
	assert_int_equal(zeros(&m->cpu, DATA_GPA, PAGES, TAG), WORDS);
	assert_int_equal(*host_word(m, DATA_GPA + PAGE), 0);
	assert_int_equal(peek(&m->cpu, DATA_GPA + PAGE), 0);

	/*
	 * The page is shared already, and both use it: it is zeroed all the
	 * same.
	 */
	*host_word(m, DATA_GPA + PAGE) = TAG;
	expect_ok(file_make_shared(m->file, DATA_GPA + PAGE, PAGE, CONVERT_ZERO),
		  "sharing again");
	assert_int_equal(peek(&m->cpu, DATA_GPA + PAGE), 0);
}

/* A conversion allocates no page; the first access does, for guest and host. */
TEST(holes, &machine_mapped)
{
	struct machine *m = *state;
	__u64 before = file_allocated(m->file);

	make_shared(m, DATA_GPA, SIZE);
	assert_int_equal(file_allocated(m->file), before);
	assert_int_equal(peek(&m->cpu, DATA_GPA), 0);
	assert_int_equal(file_allocated(m->file), before + PAGE);
	*host_word(m, DATA_GPA + PAGE) = TAG;
	assert_int_equal(peek(&m->cpu, DATA_GPA + PAGE), TAG);
	assert_int_equal(file_allocated(m->file), before + 2 * PAGE);

	make_private(m, DATA_GPA, SIZE);
	assert_int_equal(file_allocated(m->file), before + 2 * PAGE);
	assert_int_equal(peek(&m->cpu, DATA_GPA + PAGE), TAG);
	assert_int_equal(peek(&m->cpu, DATA_GPA + 2 * PAGE), 0);
	assert_int_equal(file_allocated(m->file), before + 3 * PAGE);
}

/* The guest has a page mapped that is replaced before its next access. */
TEST(guest_keeps_no_private_mapping, &machine_mapped)
{
	struct machine *m = *state;

	poke(&m->cpu, DATA_GPA, TAG);
	make_shared(m, DATA_GPA, PAGE);
	expect_ok(file_punch(m->file, DATA_GPA, PAGE), "punching");
	*host_word(m, DATA_GPA) = TAG + 1;
	assert_int_equal(peek(&m->cpu, DATA_GPA), TAG + 1);
	poke(&m->cpu, DATA_GPA, TAG + 2);
	assert_int_equal(*host_word(m, DATA_GPA), TAG + 2);
}

TEST(guest_keeps_no_shared_mapping, &machine_mapped)
{
	struct machine *m = *state;

	make_shared(m, DATA_GPA, PAGE);
	*host_word(m, DATA_GPA) = TAG;
	assert_int_equal(peek(&m->cpu, DATA_GPA), TAG);
	make_private(m, DATA_GPA, PAGE);
	expect_ok(file_punch(m->file, DATA_GPA, PAGE), "punching");
	assert_int_equal(peek(&m->cpu, DATA_GPA), 0);

	make_shared(m, DATA_GPA, PAGE);
	*host_word(m, DATA_GPA) = TAG;
	assert_int_equal(peek(&m->cpu, DATA_GPA), TAG);
	expect_ok(file_punch(m->file, DATA_GPA, PAGE), "punching while shared");
	assert_int_equal(peek(&m->cpu, DATA_GPA), 0);
	assert_int_equal(*host_word(m, DATA_GPA), 0);
}

TEST(host_keeps_no_mapping, &machine_mapped)
{
	struct machine *m = *state;

	make_shared(m, DATA_GPA, PAGE);
	*host_word(m, DATA_GPA) = TAG;
	make_private(m, DATA_GPA, PAGE);
	expect_sigbus(m->map + DATA_GPA, "a page that was shared");
	expect_ok(file_punch(m->file, DATA_GPA, PAGE), "punching");
	poke(&m->cpu, DATA_GPA, TAG + 1);
	expect_sigbus(m->map + DATA_GPA, "its successor");
	make_shared(m, DATA_GPA, PAGE);
	assert_int_equal(*host_word(m, DATA_GPA), TAG + 1);
}

/*
 * KVM maps the page for reading when the guest reads first; a later write
 * succeeds, too.
 */
TEST(guest_reads_first, &machine_mapped)
{
	struct machine *m = *state;

	make_shared(m, DATA_GPA, PAGE);
	assert_int_equal(peek(&m->cpu, DATA_GPA), 0);
	poke(&m->cpu, DATA_GPA, TAG);
	assert_int_equal(*host_word(m, DATA_GPA), TAG);
}

TEST(every_other_page, &machine_mapped)
{
	struct machine *m = *state;

	fill(&m->cpu, DATA_GPA, PAGES, TAG);
	for (__u64 i = 0; i < PAGES; i += 2)
		make_shared(m, DATA_GPA + i * PAGE, PAGE);
	assert_int_equal(file_shared(m->file), SIZE / 2);
	for (__u64 i = 0; i < PAGES; i++) {
		if (i % 2)
			expect_sigbus(m->map + DATA_GPA + i * PAGE, "page %llu", i);
		else
			expect_host_finds(m, DATA_GPA + i * PAGE, 1, TAG);
	}
	fill(&m->cpu, DATA_GPA, PAGES, TAG + 1);
	for (__u64 i = 0; i < PAGES; i += 2)
		expect_host_finds(m, DATA_GPA + i * PAGE, 1, TAG + 1);
	make_shared(m, DATA_GPA, SIZE);
	expect_host_finds(m, DATA_GPA, PAGES, TAG + 1);
	make_private(m, DATA_GPA, SIZE);
	expect_filled(&m->cpu, DATA_GPA, PAGES, TAG + 1);
}

/* A conversion goes by the file's offsets, not by the guest's addresses. */
TEST(slot_elsewhere, &machine_mapped)
{
	struct machine *m = *state;
	const __u64 offset = 3 * PAGE;
	int file = file_create(2 * SIZE, KVM_PRIVATE_FLAG_MMAP);
	char *map = file_map(file, 2 * SIZE);
	struct slot high = {
		.id = 1, .file = file, .gpa = 2 * MEM_SIZE, .size = SIZE,
		.offset = offset, .host = map + offset,
	};

	vm_add_slot(m->vm, &high);
	fill(&m->cpu, high.gpa, PAGES, TAG);
	expect_ok(file_make_shared(file, offset + PAGE, PAGE, CONVERT_PRESERVE),
		  "sharing");
	assert_int_equal(*(__u64 *)(map + offset + PAGE),
			 TAG + high.gpa + PAGE);
	expect_sigbus(map + offset, "the page before");
	expect_sigbus(map + offset + 2 * PAGE, "the page behind");
	*(__u64 *)(map + offset + PAGE) = 0;
	assert_int_equal(zeros(&m->cpu, high.gpa, PAGES, TAG), 1);

	/* The guest doesn't notice a conversion outside the slot. */
	expect_ok(file_make_shared(file, 0, offset, 0), "below the slot");
	expect_ok(file_make_shared(file, offset + SIZE, PAGE, 0), "above it");
	expect_sigbus(map + offset, "the first page");
	expect_ok(file_make_private(file, 0, 2 * SIZE, CONVERT_PRESERVE), "all");
	assert_int_equal(zeros(&m->cpu, high.gpa, PAGES, TAG), 1);
	vm_delete_slot(m->vm, 1);
	munmap(map, 2 * SIZE);
	close(file);
}

static bool guest_writes(struct machine *m, __u64 gpa)
{
	struct poll poll = poll_start();

	*host_word(m, gpa) = 0;
	while (!*host_word(m, gpa))
		if (!poll_again(&poll))
			return false;
	return true;
}

/*
 * The guest goes round and round over pages that are taken from it and given
 * back. While they are shared the host sees it work on them.
 */
TEST(running_guest, &machine_mapped)
{
	struct machine *m = *state;
	bool seen = true;
	int ret = 0;

	fill(&m->cpu, DATA_GPA, PAGES, TAG);
	vcpu_enter(&m->cpu, guest_patrol, &(struct kvm_regs){
		   .rdi = DATA_GPA, .rsi = PAGES, .rdx = TAG, .r10 = TAG });
	vcpu_spawn(&m->cpu, NULL);
	for (int i = 0; i < 20 && seen && !ret; i++) {
		const __u64 gpa = DATA_GPA + i % PAGES * PAGE;

		ret = file_make_shared(m->file, gpa, PAGE, CONVERT_PRESERVE);
		if (ret)
			break;
		seen = guest_writes(m, gpa);
		/* The vCPU's fault may pin a shared page at this moment. */
		do {
			ret = file_make_private(m->file, gpa, PAGE,
						CONVERT_PRESERVE);
		} while (ret && errno == EAGAIN);
	}
	vcpu_expect(&m->cpu, vcpu_stop(&m->cpu), -EINTR);
	assert_int_equal(ret, 0);
	assert_true(seen);
	expect_filled(&m->cpu, DATA_GPA, PAGES, TAG);
}

TEST_MAIN("KVM guest: sharing")
