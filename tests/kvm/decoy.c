// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ordinary memory of the VMM, full of a pattern, stands where KVM expects the
 * shared side of a slot. In all other tests no access is possible there. While
 * the range is private the guest may never see this memory, and KVM may not write
 * there.
 */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "machine.h"
#include "nesting.h"
#include "string_io.h"

#define TAG	0x2200000000000000ULL
#define PAGES	16
#define PATTERN	0xdd

struct decoy {
	struct machine machine;
	__u8 *memory;
};

static int setup(void **state)
{
	struct decoy *d = calloc(1, sizeof(*d));
	struct machine *m;

	if (!d)
		return -1;
	d->memory = mmap(NULL, MEM_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(d->memory, MAP_FAILED);
	memset(d->memory, PATTERN, MEM_SIZE);

	m = &d->machine;
	machine_start(m, MEM_SIZE, 0);
	vm_delete_slot(m->vm, 0);
	m->slot.host = d->memory;
	vm_add_slot(m->vm, &m->slot);
	*state = d;
	return 0;
}

static int teardown(void **state)
{
	struct decoy *d = *state;

	machine_stop(&d->machine);
	munmap(d->memory, MEM_SIZE);
	free(d);
	return 0;
}

static void expect_untouched_from(const struct decoy *d, size_t start)
{
	for (size_t i = start; i < MEM_SIZE; i++)
		if (d->memory[i] != PATTERN)
			fail_msg("host memory at %#zx of the slot was written", i);
}

static void expect_untouched(const struct decoy *d)
{
	expect_untouched_from(d, 0);
}

static const struct fixture vm = { .setup = setup, .teardown = teardown };

TEST(guest_access, &vm)
{
	struct decoy *d = *state;
	struct vcpu *cpu = &d->machine.cpu;

	assert_int_equal(zeros(cpu, DATA_GPA, PAGES, TAG), PAGES * WORDS);
	fill(cpu, DATA_GPA, PAGES, TAG);
	assert_int_equal(zeros(cpu, DATA_GPA, PAGES, TAG), 0);
	expect_ok(file_punch(d->machine.file, DATA_GPA, PAGE), "punching");
	assert_int_equal(zeros(cpu, DATA_GPA, PAGES, TAG), WORDS);
	expect_untouched(d);
}

TEST(emulated_access, &vm)
{
	struct decoy *d = *state;
	struct vcpu *cpu = &d->machine.cpu;

	assert_int_equal(vcpu_call(cpu, guest_emulated_peek, DATA_GPA, 0, 0), 0);
	vcpu_call(cpu, guest_emulated_poke, DATA_GPA + PAGE - 4, TAG, 0);
	assert_int_equal(peek(cpu, DATA_GPA + PAGE - 4), TAG);
	assert_int_equal(vcpu_call(cpu, guest_emulated_xadd, DATA_GPA, 3, 0), 0);
	assert_int_equal(vcpu_call(cpu, guest_emulated_cmpxchg, DATA_GPA, 3, 4),
			 3);
	assert_int_equal(peek(cpu, DATA_GPA), 4);
	expect_untouched(d);
}

TEST(string_io, &vm)
{
	struct decoy *d = *state;
	struct vcpu *cpu = &d->machine.cpu;
	__u64 word = TAG;

	ins(cpu, DATA_GPA + 8, (__u8 *)&word, sizeof(word));
	assert_int_equal(peek(cpu, DATA_GPA + 8), TAG);
	word = 0;
	outs(cpu, DATA_GPA + 8, (__u8 *)&word, sizeof(word));
	assert_int_equal(word, TAG);
	outs(cpu, DATA_GPA + PAGE, (__u8 *)&word, sizeof(word));
	assert_int_equal(word, 0);
	expect_untouched(d);
}

/* Page tables, which KVM walks and in which it sets accessed and dirty bits */
TEST(page_tables, &vm)
{
	struct decoy *d = *state;
	struct vcpu *cpu = &d->machine.cpu;
	struct kvm_translation translation = { .linear_address = FINE_VA };

	poke(cpu, FINE_PT_GPA, DATA_GPA | PTE_PRESENT | PTE_WRITE);
	expect_ok(ioctl(cpu->fd, KVM_TRANSLATE, &translation), "KVM_TRANSLATE");
	assert_int_equal(translation.valid, 1);
	assert_int_equal(translation.physical_address, DATA_GPA);
	vcpu_call(cpu, guest_emulated_poke, FINE_VA, TAG, 0);
	assert_int_equal(peek(cpu, DATA_GPA), TAG);
	expect_untouched(d);
}

/* All that KVM writes for the guest on its own account */
TEST(paravirtual_writes, &vm)
{
	static const __u64 msrs[] = {
		MSR_WALL_CLOCK, MSR_SYSTEM_TIME, MSR_STEAL_TIME,
	};
	const struct kvm_clock_data clock = { .clock = 1 };
	struct decoy *d = *state;
	struct vcpu *cpu = &d->machine.cpu;
	__u64 page = DATA_GPA;

	for (size_t i = 0; i < ARRAY_SIZE(msrs); i++, page += PAGE)
		vcpu_call(cpu, guest_wrmsr, msrs[i],
			  page | (msrs[i] == MSR_WALL_CLOCK ? 0 : MSR_ENABLE), 0);
	for (int i = 0; i < 3; i++) {
		expect_ok(ioctl(d->machine.vm, KVM_SET_CLOCK, &clock),
			  "KVM_SET_CLOCK");
		assert_true(peek(cpu, DATA_GPA));
		assert_true(peek(cpu, DATA_GPA + PAGE));
		expect_ok(file_punch(d->machine.file, DATA_GPA + PAGE, 2 * PAGE),
			  "punching");
	}
	expect_untouched(d);
}

/* A shared range is in the memory, not in the file. */
TEST(shared, &vm)
{
	struct decoy *d = *state;
	struct machine *m = &d->machine;
	__u64 before = file_allocated(m->file);

	expect_ok(vm_try_attributes(m->vm, DATA_GPA, PAGE, false), "sharing");
	assert_int_equal(peek(&m->cpu, DATA_GPA), 0xddddddddddddddddULL);
	assert_int_equal(vcpu_call(&m->cpu, guest_emulated_peek, DATA_GPA, 0, 0),
			 0xddddddddddddddddULL);
	poke(&m->cpu, DATA_GPA, TAG);
	vcpu_call(&m->cpu, guest_emulated_poke, DATA_GPA + 8, TAG + 1, 0);
	assert_int_equal(*(__u64 *)(d->memory + DATA_GPA), TAG);
	assert_int_equal(*(__u64 *)(d->memory + DATA_GPA + 8), TAG + 1);
	assert_int_equal(file_allocated(m->file), before);

	expect_ok(vm_try_attributes(m->vm, DATA_GPA, PAGE, true), "unsharing");
	assert_int_equal(peek(&m->cpu, DATA_GPA), 0);
	assert_int_equal(vcpu_call(&m->cpu, guest_emulated_peek, DATA_GPA + 8, 0,
				   0), 0);
	poke(&m->cpu, DATA_GPA, 0);
	assert_int_equal(*(__u64 *)(d->memory + DATA_GPA), TAG);
}

/* The clock's page becomes shared and private again while KVM writes it. */
TEST(clock_follows_attributes, &vm)
{
	struct decoy *d = *state;
	struct machine *m = &d->machine;
	struct kvm_clock_data clock = { };
	const __u64 at = DATA_GPA + 16;

	vcpu_call(&m->cpu, guest_wrmsr, MSR_SYSTEM_TIME, DATA_GPA | MSR_ENABLE, 0);
	assert_true(peek(&m->cpu, at));
	expect_untouched(d);

	expect_ok(vm_try_attributes(m->vm, DATA_GPA, PAGE, false), "sharing");
	clock.clock = TAG >> 8;
	expect_ok(ioctl(m->vm, KVM_SET_CLOCK, &clock), "KVM_SET_CLOCK");
	assert_true(peek(&m->cpu, at) >= clock.clock);
	assert_true(*(__u64 *)(d->memory + at) >= clock.clock);

	expect_ok(vm_try_attributes(m->vm, DATA_GPA, PAGE, true), "unsharing");
	memset(d->memory, PATTERN, MEM_SIZE);
	clock.clock = TAG >> 7;
	expect_ok(ioctl(m->vm, KVM_SET_CLOCK, &clock), "KVM_SET_CLOCK");
	assert_true(peek(&m->cpu, at) >= clock.clock);
	expect_untouched(d);
}

/* L1 maps this block for L2 by one entry, and KVM maps it page by page. */
#define BLOCK_GPA	(2 * MIB)
#define BLOCK_PAGES	32
#define SHARED_GPA	(BLOCK_GPA + 11 * PAGE)

static void share(struct decoy *d, __u64 gpa, __u64 size)
{
	expect_ok(vm_try_attributes(d->machine.vm, gpa, size, false), "sharing %#llx", gpa);
}

static __u64 l2_call(struct decoy *d, const char *guest, __u64 gpa, __u64 value)
{
	struct vcpu *cpu = &d->machine.cpu;

	nested_enter(cpu, (char *)d->memory, guest,
		     &(struct kvm_regs){ .rdi = gpa, .rsi = value });
	vcpu_expect(cpu, vcpu_run(cpu), KVM_EXIT_HLT);
	return nested_result((char *)d->memory);
}

static void l2_prepare(struct decoy *d)
{
	fill(&d->machine.cpu, BLOCK_GPA, BLOCK_PAGES, TAG);
	share(d, NESTED_GPA, NESTED_SIZE);
	share(d, SHARED_GPA, PAGE);
	nested_prepare(&d->machine.cpu, (char *)d->memory);
	nested_map_block((char *)d->memory, BLOCK_GPA);
}

/*
 * A fault of L2's has KVM map the pages beside it, too. All but one are private, and
 * neither L2's first access to such a page nor the ones after it reach the host's memory.
 */
static void expect_private_neighbours(struct decoy *d)
{
	for (__u64 gpa = BLOCK_GPA; gpa < BLOCK_GPA + BLOCK_PAGES * PAGE; gpa += PAGE) {
		if (gpa == SHARED_GPA)
			continue;
		assert_int_equal(l2_call(d, guest_peek, gpa, 0), TAG + gpa);
		l2_call(d, guest_poke, gpa, TAG - gpa);
		assert_int_equal(peek(&d->machine.cpu, gpa), TAG - gpa);
	}
	expect_untouched_from(d, BLOCK_GPA);
}

TEST(nested_beside_shared_page, &vm)
{
	struct decoy *d = *state;

	if (nesting_is_missing())
		return;
	l2_prepare(d);
	assert_int_equal(l2_call(d, guest_peek, SHARED_GPA, 0), 0xddddddddddddddddULL);
	expect_private_neighbours(d);
}

TEST(nested_beside_private_page, &vm)
{
	struct decoy *d = *state;

	if (nesting_is_missing())
		return;
	l2_prepare(d);
	l2_call(d, guest_poke, SHARED_GPA + PAGE, TAG + SHARED_GPA + PAGE);
	expect_private_neighbours(d);
	assert_int_equal(l2_call(d, guest_peek, SHARED_GPA, 0), 0xddddddddddddddddULL);
}

TEST_MAIN("KVM guest: decoy", .setup = emulation_setup)
