// SPDX-License-Identifier: GPL-2.0-only
/*
 * A reference keeps a shared page from becoming private; a guest's mapping or
 * KVM's own use of the page doesn't.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "convert.h"
#include "machine.h"
#include "touch.h"

#define TAG	0x5d00000000000000ULL
#define PAGES	16
#define SIZE	(PAGES * PAGE)
#define PINNED	(DATA_GPA + 5 * PAGE)

TEST(guest_mapping, &machine_mapped)
{
	struct machine *m = *state;

	make_shared(m, DATA_GPA, SIZE);
	fill(&m->cpu, DATA_GPA, PAGES, TAG);
	make_private(m, DATA_GPA, SIZE);
	expect_filled(&m->cpu, DATA_GPA, PAGES, TAG);
}

/* Both clocks and emulated accesses, all at rest when the VMM converts */
TEST(pages_that_kvm_uses, &machine_mapped)
{
	struct machine *m = *state;

	make_shared(m, DATA_GPA, SIZE);
	vcpu_call(&m->cpu, guest_wrmsr, MSR_SYSTEM_TIME, DATA_GPA | MSR_ENABLE, 0);
	vcpu_call(&m->cpu, guest_wrmsr, MSR_STEAL_TIME,
		  (DATA_GPA + PAGE) | MSR_ENABLE, 0);
	vcpu_call(&m->cpu, guest_emulated_xadd, DATA_GPA + 2 * PAGE, TAG, 0);
	make_private(m, DATA_GPA, SIZE);
	assert_int_equal(peek(&m->cpu, DATA_GPA + 2 * PAGE), TAG);
	assert_true(peek(&m->cpu, DATA_GPA + 16));
}

static void splice_page(struct machine *m, int pipe_end, __u64 gpa)
{
	struct iovec page = { .iov_base = m->map + gpa, .iov_len = PAGE };

	assert_int_equal(expect_ok(vmsplice(pipe_end, &page, 1, 0), "vmsplice"),
			 PAGE);
}

/*
 * A pipe has the page: no process has it mapped for that, but the pipe has a
 * reference.
 */
TEST(pipe, &machine_mapped)
{
	struct machine *m = *state;
	__u64 words[WORDS];
	int ends[2];

	make_shared(m, DATA_GPA, SIZE);
	fill(&m->cpu, DATA_GPA, PAGES, TAG);
	expect_ok(pipe(ends), "pipe");
	splice_page(m, ends[1], PINNED);
	for (int i = 0; i < 3; i++) {
		expect_pinned(m->file, DATA_GPA, SIZE, PINNED);
		/*
		 * The refused call changed nothing, neither for the guest nor
		 * for the host.
		 */
		assert_int_equal(file_shared(m->file), SIZE);
		expect_filled(&m->cpu, DATA_GPA, PAGES, TAG);
		poke(&m->cpu, PINNED, TAG + PINNED);
		assert_int_equal(*host_word(m, PINNED), TAG + PINNED);
	}
	/* The guest writes into the page that the pipe has. */
	poke(&m->cpu, PINNED + 8, TAG + 1);
	assert_int_equal(read(ends[0], words, PAGE), PAGE);
	assert_int_equal(words[0], TAG + PINNED);
	assert_int_equal(words[1], TAG + 1);
	make_private(m, DATA_GPA, SIZE);
	assert_int_equal(peek(&m->cpu, PINNED + 8), TAG + 1);
	close(ends[0]);
	close(ends[1]);
}

TEST(neighbours_of_a_pinned_page, &machine_mapped)
{
	struct machine *m = *state;
	int ends[2];

	make_shared(m, DATA_GPA, SIZE);
	fill(&m->cpu, DATA_GPA, PAGES, TAG);
	expect_ok(pipe(ends), "pipe");
	splice_page(m, ends[1], PINNED);
	make_private(m, DATA_GPA, PINNED - DATA_GPA);
	make_private(m, PINNED + PAGE, DATA_GPA + SIZE - PINNED - PAGE);
	expect_pinned(m->file, PINNED, PAGE, PINNED);
	expect_filled(&m->cpu, DATA_GPA, PAGES, TAG);

	/* A new page in its place isn't pinned. */
	expect_ok(file_punch(m->file, PINNED, PAGE), "punching");
	make_private(m, PINNED, PAGE);
	poke(&m->cpu, PINNED, TAG);
	close(ends[0]);
	close(ends[1]);
	assert_int_equal(peek(&m->cpu, PINNED), TAG);
}

/*
 * The pipe keeps the old page's content; the guest's new page doesn't show in
 * it.
 */
TEST(pipe_outlives_the_page, &machine_mapped)
{
	struct machine *m = *state;
	__u64 words[WORDS];
	int ends[2];

	make_shared(m, PINNED, PAGE);
	fill(&m->cpu, PINNED, 1, TAG);
	expect_ok(pipe(ends), "pipe");
	splice_page(m, ends[1], PINNED);
	expect_ok(file_punch(m->file, PINNED, PAGE), "punching");
	make_private(m, PINNED, PAGE);
	fill(&m->cpu, PINNED, 1, TAG + PAGE);
	assert_int_equal(read(ends[0], words, PAGE), PAGE);
	for (size_t i = 0; i < WORDS; i++)
		assert_true(!words[i] || words[i] == TAG + PINNED);
	close(ends[0]);
	close(ends[1]);
}

TEST_MAIN("KVM guest: pinned pages", .setup = emulation_setup)
