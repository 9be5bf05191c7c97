// SPDX-License-Identifier: GPL-2.0-only
/*
 * Accesses that KVM makes for the guest: string I/O, moves between device and
 * memory, instructions that it emulates, and the guest's own page tables. All of
 * them must go to the file, since the slot's host address has no memory behind
 * it.
 */
#include <linux/kvm.h>
#include <string.h>
#include <unistd.h>

#include "adders.h"
#include "string_io.h"
#include "text_file.h"
#include "../demo/stats.h"

#define TAG		0x6b00000000000000ULL

#define CR4_UMIP	0x800

static void count_up(__u8 *data, size_t size)
{
	for (size_t i = 0; i < size; i++)
		data[i] = i * 7 + 1;
}

/* Across a page border, so that one access has to be cut in two */
TEST(ins, &machine_plain)
{
	struct machine *m = *state;
	__u64 start = DATA_GPA + PAGE - 16;
	__u64 words[4];

	count_up((__u8 *)words, sizeof(words));
	fill(&m->cpu, DATA_GPA, 2, TAG);
	ins(&m->cpu, start, (__u8 *)words, sizeof(words));
	assert_int_equal(peek(&m->cpu, start - 8), TAG + DATA_GPA);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		assert_int_equal(peek(&m->cpu, start + i * 8), words[i]);
	assert_int_equal(peek(&m->cpu, start + sizeof(words)),
			 TAG + DATA_GPA + PAGE);
}

/* A write counts as the guest's own access: it may allocate like any other. */
TEST(ins_to_hole, &machine_plain)
{
	struct machine *m = *state;
	__u64 before = file_allocated(m->file);
	__u64 word = TAG;

	ins(&m->cpu, DATA_GPA + 8, (__u8 *)&word, sizeof(word));
	assert_int_equal(peek(&m->cpu, DATA_GPA + 8), TAG);
	assert_int_equal(peek(&m->cpu, DATA_GPA), 0);
	assert_int_equal(file_allocated(m->file), before + PAGE);
}

TEST(outs, &machine_plain)
{
	struct machine *m = *state;
	__u64 start = DATA_GPA + PAGE - 16;
	__u64 words[4];

	fill(&m->cpu, DATA_GPA, 2, TAG);
	outs(&m->cpu, start, (__u8 *)words, sizeof(words));
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		assert_int_equal(words[i], TAG + DATA_GPA + i / 2 * PAGE);
}

/* OUTS sees content that the host populates, and zeros after a punch. */
TEST(outs_after_populate_and_punch, &machine_plain)
{
	struct machine *m = *state;
	__u64 word;

	file_stamp(m->file, DATA_GPA, PAGE, TAG);
	outs(&m->cpu, DATA_GPA, (__u8 *)&word, sizeof(word));
	assert_int_equal(word, TAG + DATA_GPA);
	expect_ok(file_punch(m->file, DATA_GPA, PAGE), "punching");
	outs(&m->cpu, DATA_GPA, (__u8 *)&word, sizeof(word));
	assert_int_equal(word, 0);
}

/* KVM cuts a repeated MMIO move into single ones of at most 8 bytes. */
TEST(movs_from_device, &machine_plain)
{
	struct machine *m = *state;
	struct kvm_run *run = m->cpu.run;
	__u64 words[4];

	count_up((__u8 *)words, sizeof(words));
	vcpu_enter(&m->cpu, guest_movs, &(struct kvm_regs){
		   .rsi = MMIO_GPA, .rdi = DATA_GPA + PAGE - 16,
		   .rcx = ARRAY_SIZE(words) });
	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		vcpu_expect(&m->cpu, vcpu_run(&m->cpu), KVM_EXIT_MMIO);
		assert_int_equal(run->mmio.is_write, 0);
		assert_int_equal(run->mmio.phys_addr, MMIO_GPA + i * 8);
		assert_int_equal(run->mmio.len, 8);
		memcpy(run->mmio.data, &words[i], 8);
	}
	vcpu_expect(&m->cpu, vcpu_run(&m->cpu), KVM_EXIT_HLT);
	for (size_t i = 0; i < ARRAY_SIZE(words); i++)
		assert_int_equal(peek(&m->cpu, DATA_GPA + PAGE - 16 + i * 8),
				 words[i]);
}

TEST(movs_to_device, &machine_plain)
{
	struct machine *m = *state;
	struct kvm_run *run = m->cpu.run;
	__u64 word;

	fill(&m->cpu, DATA_GPA, 2, TAG);
	vcpu_enter(&m->cpu, guest_movs, &(struct kvm_regs){
		   .rsi = DATA_GPA + PAGE - 16, .rdi = MMIO_GPA, .rcx = 4 });
	for (size_t i = 0; i < 4; i++) {
		vcpu_expect(&m->cpu, vcpu_run(&m->cpu), KVM_EXIT_MMIO);
		assert_int_equal(run->mmio.is_write, 1);
		assert_int_equal(run->mmio.phys_addr, MMIO_GPA + i * 8);
		assert_int_equal(run->mmio.len, 8);
		memcpy(&word, run->mmio.data, 8);
		assert_int_equal(word, TAG + DATA_GPA + i / 2 * PAGE);
	}
	vcpu_expect(&m->cpu, vcpu_run(&m->cpu), KVM_EXIT_HLT);
}

/*
 * Points entry i of the fine page table to a page of memory, never used so far.
 */
static void map_fine(struct vcpu *cpu, unsigned int i, __u64 gpa)
{
	poke(cpu, FINE_PT_GPA + i * 8, gpa | PTE_PRESENT | PTE_WRITE);
}

/*
 * Only KVM ever translates the destination of INS and the source of OUTS. So KVM
 * set the bits in the page table, which is private itself.
 */
TEST(accessed_and_dirty, &machine_plain)
{
	struct machine *m = *state;
	const __u64 ad = PTE_ACCESSED | PTE_DIRTY;
	__u64 word = TAG;

	map_fine(&m->cpu, 0, DATA_GPA);
	map_fine(&m->cpu, 1, DATA_GPA + PAGE);
	map_fine(&m->cpu, 2, DATA_GPA + 2 * PAGE);
	poke(&m->cpu, DATA_GPA, TAG + 1);

	outs(&m->cpu, FINE_VA, (__u8 *)&word, sizeof(word));
	assert_int_equal(word, TAG + 1);
	assert_int_equal(peek(&m->cpu, FINE_PT_GPA) & ad, PTE_ACCESSED);

	word = TAG + 2;
	ins(&m->cpu, FINE_VA + PAGE, (__u8 *)&word, sizeof(word));
	assert_int_equal(peek(&m->cpu, DATA_GPA + PAGE), TAG + 2);
	assert_int_equal(peek(&m->cpu, FINE_PT_GPA + 8) & ad, ad);

	assert_int_equal(peek(&m->cpu, FINE_PT_GPA + 16) & ad, 0);
}

/* The address is in a page table that isn't allocated: no mapping. */
TEST(walk_of_hole, &machine_plain)
{
	struct machine *m = *state;
	struct kvm_translation translation = { .linear_address = FINE_VA };
	__u64 before;

	poke(&m->cpu, FINE_PD_GPA, DATA_GPA | PTE_PRESENT | PTE_WRITE);
	before = file_allocated(m->file);
	expect_ok(ioctl(m->cpu.fd, KVM_TRANSLATE, &translation), "KVM_TRANSLATE");
	assert_int_equal(translation.valid, 0);
	assert_int_equal(file_allocated(m->file), before);
}

TEST(translate, &machine_plain)
{
	struct machine *m = *state;
	struct kvm_translation translation = { .linear_address = FINE_VA + 5 };

	map_fine(&m->cpu, 0, DATA_GPA + PAGE);
	expect_ok(ioctl(m->cpu.fd, KVM_TRANSLATE, &translation), "KVM_TRANSLATE");
	assert_int_equal(translation.valid, 1);
	assert_int_equal(translation.physical_address, DATA_GPA + PAGE + 5);
}

TEST(stray_read, &machine_plain)
{
	struct machine *m = *state;
	__u64 before = file_allocated(m->file);
	__u64 word = TAG;

	outs(&m->cpu, DATA_GPA, (__u8 *)&word, sizeof(word));
	assert_int_equal(word, 0);
	assert_int_equal(file_allocated(m->file), before);
}

/*
 * KVM gives the guest neither zeros nor a new page where the guest itself
 * couldn't read, until the page is allocated.
 */
TEST(no_auto_alloc)
{
	const struct kvm_regs regs = {
		.rsi = DATA_GPA, .rcx = 8, .rdx = STRING_IO_PORT,
	};
	struct machine m;
	__u64 before, word = TAG;
	int reason;

	machine_start(&m, MEM_SIZE, KVM_PRIVATE_FLAG_NO_AUTO_ALLOC);
	before = file_allocated(m.file);
	vcpu_enter(&m.cpu, guest_outs, &regs);
	reason = vcpu_run(&m.cpu);
	assert_int_not_equal(reason, KVM_EXIT_IO);
	assert_int_not_equal(reason, KVM_EXIT_HLT);
	assert_int_equal(file_allocated(m.file), before);
	vcpu_close(&m.cpu);

	expect_ok(file_allocate(m.file, DATA_GPA, PAGE), "allocating");
	vcpu_open(&m.cpu, m.vm, 1);
	outs(&m.cpu, DATA_GPA, (__u8 *)&word, sizeof(word));
	assert_int_equal(word, 0);
	machine_stop(&m);
}

TEST(emulated_load_and_store, &machine_plain)
{
	struct machine *m = *state;
	__u64 at = DATA_GPA + PAGE - 4;

	poke(&m->cpu, at, TAG);
	assert_int_equal(vcpu_call(&m->cpu, guest_emulated_peek, at, 0, 0), TAG);
	vcpu_call(&m->cpu, guest_emulated_poke, at, TAG + 1, 0);
	assert_int_equal(peek(&m->cpu, at), TAG + 1);
}

TEST(emulated_load_of_hole, &machine_plain)
{
	struct machine *m = *state;
	__u64 before = file_allocated(m->file);

	assert_int_equal(vcpu_call(&m->cpu, guest_emulated_peek, DATA_GPA, 0, 0),
			 0);
	assert_int_equal(file_allocated(m->file), before);
}

TEST(emulated_cmpxchg, &machine_plain)
{
	struct machine *m = *state;

	poke(&m->cpu, DATA_GPA, TAG);
	/*
	 * The exchange expects the wrong value: it finds TAG and changes
	 * nothing.
	 */
	assert_int_equal(vcpu_call(&m->cpu, guest_emulated_cmpxchg, DATA_GPA, 1,
				   2), TAG);
	assert_int_equal(peek(&m->cpu, DATA_GPA), TAG);
	assert_int_equal(vcpu_call(&m->cpu, guest_emulated_cmpxchg, DATA_GPA,
				   TAG, TAG + 2), TAG);
	assert_int_equal(peek(&m->cpu, DATA_GPA), TAG + 2);
}

TEST(emulated_xadd, &machine_plain)
{
	struct machine *m = *state;

	poke(&m->cpu, DATA_GPA + 8, 40);
	assert_int_equal(vcpu_call(&m->cpu, guest_emulated_xadd, DATA_GPA + 8, 2,
				   0), 40);
	assert_int_equal(peek(&m->cpu, DATA_GPA + 8), 42);
	assert_int_equal(vcpu_call(&m->cpu, guest_emulated_xadd,
				   DATA_GPA + 2 * PAGE, 3, 0), 0);
	assert_int_equal(peek(&m->cpu, DATA_GPA + 2 * PAGE), 3);
}

/* A locked instruction is one access also between two vCPUs. */
TEST(emulated_lock_is_atomic, &machine_plain)
{
	struct machine *m = *state;
	struct adders adders;
	__u64 sum;

	poke(&m->cpu, DATA_GPA, 0);
	adders_start(&adders, m, DATA_GPA);
	sum = adders_join(&adders);
	assert_int_equal(peek(&m->cpu, DATA_GPA), sum);
}

/* The operands of guest_descriptors: two tables, two copies of them, two words */
#define COPIES		32
#define TABLE_SIZE	10
#define OPERANDS	68
#define INSTRUCTIONS	6

/* Else KVM emulates what UMIP is about. */
static bool processor_has_umip(void)
{
	char info[4096];

	text_file_read("/proc/cpuinfo", info, sizeof(info));
	return strstr(info, " umip");
}

static struct kvm_sregs get_sregs(struct machine *m)
{
	struct kvm_sregs sregs;

	expect_ok(ioctl(m->cpu.fd, KVM_GET_SREGS, &sregs), "KVM_GET_SREGS");
	return sregs;
}

static void set_umip(struct machine *m)
{
	struct kvm_sregs sregs = get_sregs(m);

	sregs.cr4 |= CR4_UMIP;
	expect_ok(ioctl(m->cpu.fd, KVM_SET_SREGS, &sregs), "KVM_SET_SREGS");
}

static void check_operands(struct machine *m, const __u8 *given, const __u8 *got)
{
	const struct kvm_sregs sregs = get_sregs(m);
	const __u16 words[] = { sregs.ldt.selector, sregs.tr.selector };

	assert_memory_equal(got, given, COPIES);
	assert_memory_equal(got + COPIES, given, TABLE_SIZE);
	assert_memory_equal(got + COPIES + 16, given + 16, TABLE_SIZE);
	assert_memory_equal(got + 2 * COPIES, words, sizeof(words));
	assert_int_equal(sregs.gdt.limit, *(const __u16 *)given);
	assert_int_equal(sregs.idt.limit, *(const __u16 *)(given + 16));
}

/*
 * A processor with VMX and without UMIP leaves the guest at each instruction that loads or
 * stores a descriptor table. KVM emulates it, also across a page border.
 */
TEST(descriptor_tables, &machine_plain)
{
	static const __u64 before_border[] = { OPERANDS, 4, 20, 36, 52, 65 };
	struct machine *m = *state;
	__u8 given[OPERANDS], got[OPERANDS];
	__u64 emulated;

	if (!vcpu_has_umip()) {
		print_message("# this KVM has no UMIP: nothing to test\n");
		return;
	}
	set_umip(m);
	for (size_t i = 0; i < ARRAY_SIZE(before_border); i++) {
		const __u64 start = DATA_GPA + (2 * i + 1) * PAGE - before_border[i];

		count_up(given, sizeof(given));
		/* A base is canonical only without its top bits. */
		memset(given + 7, 0, 3);
		memset(given + 23, 0, 3);
		given[0] += i;
		ins(&m->cpu, start, given, sizeof(given));
		emulated = stats_get(m->cpu.fd, "insn_emulation");
		vcpu_call(&m->cpu, guest_descriptors, start, 0, 0);
		if (!processor_has_umip())
			assert_true(stats_get(m->cpu.fd, "insn_emulation") >=
				    emulated + INSTRUCTIONS);
		outs(&m->cpu, start, got, sizeof(got));
		check_operands(m, given, got);
	}
}

TEST_MAIN("KVM guest: emulation", .setup = emulation_setup)
