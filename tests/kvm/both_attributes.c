// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM's work for the guest on pages that are private now and shared then: string
 * I/O, emulated instructions, page tables, pages that KVM writes by itself. An
 * address or a page that KVM has kept must not be used for the attribute that came
 * after.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "convert.h"
#include "machine.h"
#include "string_io.h"
#include "touch.h"

#define TAG		0x7100000000000000ULL
#define NEXT_PAGE	(DATA_GPA + PAGE)

TEST(string_io, &machine_mapped)
{
	struct machine *m = *state;
	__u64 word;

	for (__u64 i = 1; i < 6; i++) {
		word = TAG + i;
		ins(&m->cpu, DATA_GPA, (__u8 *)&word, sizeof(word));
		make_shared(m, DATA_GPA, PAGE);
		assert_int_equal(*host_word(m, DATA_GPA), TAG + i);
		word = TAG - i;
		ins(&m->cpu, DATA_GPA, (__u8 *)&word, sizeof(word));
		assert_int_equal(*host_word(m, DATA_GPA), TAG - i);
		make_private(m, DATA_GPA, PAGE);
		outs(&m->cpu, DATA_GPA, (__u8 *)&word, sizeof(word));
		assert_int_equal(word, TAG - i);
		expect_sigbus(m->map + DATA_GPA, "round %llu", i);
	}
}

/* One access, half of it in each kind of memory */
TEST(across_a_boundary, &machine_mapped)
{
	struct machine *m = *state;
	const __u64 at = NEXT_PAGE - 4;
	__u64 word = TAG + 0x123456789aULL;

	make_shared(m, NEXT_PAGE, PAGE);
	ins(&m->cpu, at, (__u8 *)&word, sizeof(word));
	assert_int_equal(*host_word(m, NEXT_PAGE), word >> 32);
	assert_int_equal(vcpu_call(&m->cpu, guest_emulated_peek, at, 0, 0), word);
	vcpu_call(&m->cpu, guest_emulated_poke, at, ~word, 0);
	assert_int_equal(peek(&m->cpu, at), ~word);
	assert_int_equal(*host_word(m, NEXT_PAGE), ~word >> 32);
	outs(&m->cpu, at, (__u8 *)&word, sizeof(word));
	assert_int_equal(peek(&m->cpu, at), word);
}

/* A conversion in the middle, at an exit to the VMM, cuts the access in two. */
TEST(converted_amidst_string_io, &machine_mapped)
{
	struct machine *m = *state;
	const __u64 size = 2 * PAGE;
	struct kvm_run *run = m->cpu.run;
	__u32 done = 0;

	vcpu_enter(&m->cpu, guest_ins, &(struct kvm_regs){
		   .rdi = DATA_GPA, .rcx = size, .rdx = STRING_IO_PORT });
	for (int i = 0; done < size; i++) {
		vcpu_expect(&m->cpu, vcpu_run(&m->cpu), KVM_EXIT_IO);
		if (i % 2)
			make_private(m, DATA_GPA, size);
		else
			make_shared(m, DATA_GPA, size);
		memset((char *)run + run->io.data_offset, 0x77, run->io.count);
		done += run->io.count;
	}
	vcpu_expect(&m->cpu, vcpu_run(&m->cpu), KVM_EXIT_HLT);
	for (__u64 at = DATA_GPA; at < DATA_GPA + size; at += PAGE / 2)
		assert_int_equal(peek(&m->cpu, at), 0x7777777777777777ULL);
}

TEST(emulated_instructions, &machine_mapped)
{
	struct machine *m = *state;
	struct vcpu *cpu = &m->cpu;
	__u64 value = 0;

	for (int i = 0; i < 6; i++) {
		assert_int_equal(vcpu_call(cpu, guest_emulated_peek, DATA_GPA, 0,
					   0), value);
		assert_int_equal(vcpu_call(cpu, guest_emulated_xadd, DATA_GPA, 1,
					   0), value);
		/* The first compare expects the wrong value. */
		assert_int_equal(vcpu_call(cpu, guest_emulated_cmpxchg, DATA_GPA,
					   value, TAG), value + 1);
		assert_int_equal(vcpu_call(cpu, guest_emulated_cmpxchg, DATA_GPA,
					   value + 1, TAG + i), value + 1);
		value = TAG + i;
		if (i % 2) {
			assert_int_equal(*host_word(m, DATA_GPA), value);
			make_private(m, DATA_GPA, PAGE);
		} else {
			make_shared(m, DATA_GPA, PAGE);
			assert_int_equal(*host_word(m, DATA_GPA), value);
		}
	}
}

/*
 * The guest's page table is shared and private in turn, and so is the page that
 * it maps. KVM walks the table for an emulated access and sets the bits in it.
 */
TEST(page_table, &machine_mapped)
{
	const __u64 bits = PTE_ACCESSED | PTE_DIRTY;
	struct machine *m = *state;

	for (__u64 i = 0; i < 8; i++) {
		const __u64 pte = FINE_PT_GPA + i * 8;
		const __u64 page = DATA_GPA + i * PAGE;
		struct kvm_translation where = {
			.linear_address = FINE_VA + i * PAGE,
		};

		if (i & 1)
			make_shared(m, FINE_PT_GPA, PAGE);
		else
			make_private(m, FINE_PT_GPA, PAGE);
		if (i & 2)
			make_shared(m, page, PAGE);

		poke(&m->cpu, pte, page | PTE_PRESENT | PTE_WRITE);
		expect_ok(ioctl(m->cpu.fd, KVM_TRANSLATE, &where), "translating");
		assert_int_equal(where.valid, 1);
		assert_int_equal(where.physical_address, page);
		vcpu_call(&m->cpu, guest_emulated_poke, FINE_VA + i * PAGE,
			  TAG + i, 0);
		assert_int_equal(peek(&m->cpu, FINE_VA + i * PAGE), TAG + i);
		assert_int_equal(peek(&m->cpu, page), TAG + i);
		assert_int_equal(peek(&m->cpu, pte) & bits, bits);
		if (i & 1)
			assert_int_equal(*host_word(m, pte) & bits, bits);
	}
}

static void set_clock(struct machine *m, __u64 now)
{
	const struct kvm_clock_data clock = { .clock = now };

	expect_ok(ioctl(m->vm, KVM_SET_CLOCK, &clock), "KVM_SET_CLOCK");
	/* KVM writes the clock before any run of the guest. */
	peek(&m->cpu, DATA_GPA + 8 * PAGE);
}

/* The time is the third word of a clock page. */
#define TIME_GPA	(DATA_GPA + 16)

/* For the next update KVM keeps the page itself, and the address in the VMM. */
TEST(clock, &machine_mapped)
{
	struct machine *m = *state;

	vcpu_call(&m->cpu, guest_wrmsr, MSR_SYSTEM_TIME, DATA_GPA | MSR_ENABLE, 0);
	for (__u64 i = 1; i < 6; i++) {
		set_clock(m, 2 * i << 50);
		make_shared(m, DATA_GPA, PAGE);
		assert_in_range(*host_word(m, TIME_GPA), 2 * i << 50,
				(2 * i + 1) << 50);
		set_clock(m, (2 * i + 1) << 50);
		assert_in_range(*host_word(m, TIME_GPA), (2 * i + 1) << 50,
				(2 * i + 2) << 50);

		/* KVM pins no page that it writes to. */
		make_private(m, DATA_GPA, PAGE);
		expect_sigbus(m->map + DATA_GPA, "round %llu", i);
		assert_in_range(peek(&m->cpu, TIME_GPA), (2 * i + 1) << 50,
				(2 * i + 2) << 50);
	}
}

/* The page that had the clock is freed to the host, and stays clean there. */
TEST(clock_after_punch, &machine_mapped)
{
	struct machine *m = *state;
	char *other;

	make_shared(m, DATA_GPA, PAGE);
	vcpu_call(&m->cpu, guest_wrmsr, MSR_SYSTEM_TIME, DATA_GPA | MSR_ENABLE, 0);
	for (__u64 i = 1; i < 5; i++) {
		set_clock(m, i << 50);
		if (i % 2)
			make_private(m, DATA_GPA, PAGE);
		else
			make_shared(m, DATA_GPA, PAGE);
		expect_ok(file_punch(m->file, DATA_GPA, PAGE), "punching");
		other = mmap(NULL, MIB, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		assert_ptr_not_equal(other, MAP_FAILED);
		set_clock(m, i << 51);
		for (__u64 at = 0; at < MIB; at += 8)
			assert_int_equal(*(__u64 *)(other + at), 0);
		munmap(other, MIB);
		assert_in_range(peek(&m->cpu, TIME_GPA), i << 51, (i + 1) << 51);
	}
}

/* The VMM's mapping is removed. KVM writes the clock again once it can. */
TEST(clock_without_mapping, &machine_mapped)
{
	struct machine *m = *state;

	make_shared(m, DATA_GPA, PAGE);
	vcpu_call(&m->cpu, guest_wrmsr, MSR_SYSTEM_TIME, DATA_GPA | MSR_ENABLE, 0);
	set_clock(m, 1ULL << 50);
	expect_ok(munmap(m->map + DATA_GPA, PAGE), "munmap");
	set_clock(m, 1ULL << 51);
	make_private(m, DATA_GPA, PAGE);
	set_clock(m, 1ULL << 52);
	assert_in_range(peek(&m->cpu, TIME_GPA), 1ULL << 52, 1ULL << 53);
}

/* KVM writes steal time through an address that it has looked up before. */
TEST(steal_time, &machine_mapped)
{
	struct machine *m = *state;
	const __u64 version = DATA_GPA + 8;

	vcpu_call(&m->cpu, guest_wrmsr, MSR_STEAL_TIME, DATA_GPA | MSR_ENABLE, 0);
	for (int i = 0; i < 4; i++) {
		poke(&m->cpu, version, 0);
		make_shared(m, DATA_GPA, PAGE);
		*host_word(m, DATA_GPA + 128) = TAG;
		peek(&m->cpu, NEXT_PAGE);
		make_private(m, DATA_GPA, PAGE);
		peek(&m->cpu, NEXT_PAGE);
		assert_int_equal(peek(&m->cpu, DATA_GPA + 128), TAG);
		expect_sigbus(m->map + DATA_GPA, "round %d", i);
	}
}

TEST_MAIN("KVM guest: both attributes", .setup = emulation_setup)
