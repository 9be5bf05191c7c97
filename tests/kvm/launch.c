// SPDX-License-Identifier: GPL-2.0-only
/*
 * The in-place launch: a file that starts shared gets its image through a
 * mapping, is made private as it is, and a guest runs from it.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "convert.h"
#include "machine.h"
#include "touch.h"

#define TAG	0x4300000000000000ULL
#define PAGES	16
#define SIZE	(PAGES * PAGE)

static int setup(void **state)
{
	static struct machine machine;

	machine_start(&machine, MEM_SIZE, KVM_PRIVATE_FLAG_MMAP |
		      KVM_PRIVATE_FLAG_INIT_SHARED);
	*state = &machine;
	return 0;
}

static int teardown(void **state)
{
	machine_stop(*state);
	return 0;
}

static const struct fixture vm = { .setup = setup, .teardown = teardown };

TEST(all_private, &vm)
{
	struct machine *m = *state;
	const __u64 image = TABLES_SIZE + CODE_SIZE;

	assert_int_equal(file_shared(m->file), MEM_SIZE);
	assert_int_equal(file_allocated(m->file), image);
	make_private(m, 0, MEM_SIZE);
	assert_int_equal(file_shared(m->file), 0);
	assert_int_equal(file_allocated(m->file), image);

	fill(&m->cpu, DATA_GPA, PAGES, TAG);
	expect_filled(&m->cpu, DATA_GPA, PAGES, TAG);
	assert_int_equal(file_allocated(m->file), image + SIZE);
	expect_sigbus(m->map + CODE_GPA, "the code");
	expect_sigbus(m->map + PML4_GPA, "the page tables");
	expect_sigbus(m->map + DATA_GPA, "the data");
}

/* The image private, the rest as it was: buffers for the host */
TEST(partly_private, &vm)
{
	struct machine *m = *state;

	make_private(m, 0, DATA_GPA);
	fill(&m->cpu, DATA_GPA, PAGES, TAG);
	for (__u64 at = DATA_GPA; at < DATA_GPA + SIZE; at += PAGE) {
		assert_int_equal(*host_word(m, at), TAG + at);
		*host_word(m, at) = 0;
	}
	assert_int_equal(zeros(&m->cpu, DATA_GPA, PAGES, TAG), PAGES);
	expect_sigbus(m->map + CODE_GPA, "the code");
}

/* The other way round: even tables and code may be shared. */
TEST(image_stays_shared, &vm)
{
	struct machine *m = *state;

	make_private(m, DATA_GPA, MEM_SIZE - DATA_GPA);
	fill(&m->cpu, DATA_GPA, PAGES, TAG);
	expect_filled(&m->cpu, DATA_GPA, PAGES, TAG);
	assert_true(*host_word(m, PML4_GPA) & PTE_ACCESSED);
	expect_sigbus(m->map + DATA_GPA, "the data");
}

TEST(nothing_private, &vm)
{
	struct machine *m = *state;

	fill(&m->cpu, DATA_GPA, PAGES, TAG);
	expect_filled(&m->cpu, DATA_GPA, PAGES, TAG);
	assert_int_equal(*host_word(m, DATA_GPA + SIZE - 8),
			 TAG + DATA_GPA + SIZE - PAGE);
}

/*
 * The guest's own tables and code are converted between two runs, and
 * during them.
 */
TEST(image_is_converted, &vm)
{
	struct machine *m = *state;

	for (int i = 0; i < 10; i++) {
		make_private(m, 0, DATA_GPA);
		poke(&m->cpu, DATA_GPA, TAG + i);
		make_shared(m, CODE_GPA, CODE_SIZE);
		assert_int_equal(peek(&m->cpu, DATA_GPA), TAG + i);
		make_shared(m, PML4_GPA, TABLES_SIZE);
		assert_int_equal(peek(&m->cpu, DATA_GPA), TAG + i);
		make_private(m, CODE_GPA, CODE_SIZE);
		assert_int_equal(peek(&m->cpu, DATA_GPA), TAG + i);
	}
}

/* A page must be private to be populated, also in place. */
TEST(populate, &vm)
{
	struct machine *m = *state;
	struct kvm_private_populate in_place = {
		.offset = DATA_GPA, .size = 2 * PAGE,
	};

	expect_error(EINVAL, file_populate(m->file, &in_place), "shared pages");
	*host_word(m, DATA_GPA) = TAG;
	make_private(m, 0, MEM_SIZE);
	expect_ok(file_populate(m->file, &in_place), "in place");
	assert_int_equal(peek(&m->cpu, DATA_GPA), TAG);
	assert_int_equal(peek(&m->cpu, DATA_GPA + PAGE), 0);
}

/* A guest whose memory is all private needs no address in the VMM. */
TEST(vmm_lets_go, &vm)
{
	struct machine *m = *state;

	make_private(m, 0, MEM_SIZE);
	expect_ok(munmap(m->map, MEM_SIZE), "unmapping");
	m->map = NULL;
	fill(&m->cpu, DATA_GPA, PAGES, TAG);
	expect_filled(&m->cpu, DATA_GPA, PAGES, TAG);
	vcpu_call(&m->cpu, guest_emulated_poke, DATA_GPA, TAG, 0);
	assert_int_equal(vcpu_call(&m->cpu, guest_emulated_peek, DATA_GPA, 0, 0),
			 TAG);
}

TEST_MAIN("KVM guest: launch in place", .setup = emulation_setup)
