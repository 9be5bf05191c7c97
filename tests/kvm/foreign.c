// SPDX-License-Identifier: GPL-2.0-only
/*
 * The slot of a file that can be mapped has other memory at its host address.
 * The guest sees the file nevertheless, whether private or shared, and that memory isn't
 * touched.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "convert.h"
#include "machine.h"
#include "string_io.h"

#define TAG	0x4d00000000000000ULL
#define FOREIGN	0xddddddddddddddddULL
#define SIZE	(4 * MIB)
#define AT	(2 * MIB)

/* Slot 1, which is made of huge pages if the VMM's memory is */
#define HIGH_GPA	(8 * MIB)

struct foreign {
	struct machine machine;
	int file;
	char *reserved;
	char *memory;
};

static int setup(void **state)
{
	static struct foreign f;
	struct slot high = { .id = 1, .gpa = HIGH_GPA, .size = SIZE };

	machine_start(&f.machine, MEM_SIZE, 0);
	f.file = file_create(SIZE, KVM_PRIVATE_FLAG_MMAP |
			     KVM_PRIVATE_FLAG_INIT_SHARED);
	f.reserved = mmap(NULL, SIZE + 2 * MIB, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(f.reserved, MAP_FAILED);
	f.memory = f.reserved + (-(uintptr_t)f.reserved & (2 * MIB - 1));
	expect_ok(madvise(f.memory, SIZE, MADV_HUGEPAGE), "MADV_HUGEPAGE");
	memset(f.memory, FOREIGN & 0xff, SIZE);

	high.file = f.file;
	high.host = f.memory;
	vm_add_slot(f.machine.vm, &high);
	*state = &f;
	return 0;
}

static int teardown(void **state)
{
	struct foreign *f = *state;

	machine_stop(&f->machine);
	close(f->file);
	munmap(f->reserved, SIZE + 2 * MIB);
	return 0;
}

static void expect_untouched(const struct foreign *f)
{
	for (size_t i = 0; i < SIZE; i += 8)
		assert_int_equal(*(__u64 *)(f->memory + i), FOREIGN);
}

static void to_private(struct foreign *f, __u64 offset, __u64 size)
{
	expect_ok(file_make_private(f->file, offset, size, CONVERT_PRESERVE),
		  "to private at %#llx", offset);
}

static const struct fixture vm = { .setup = setup, .teardown = teardown };

TEST(shared, &vm)
{
	struct foreign *f = *state;
	struct vcpu *cpu = &f->machine.cpu;

	assert_int_equal(peek(cpu, HIGH_GPA + AT), 0);
	poke(cpu, HIGH_GPA + AT, TAG);
	assert_int_equal(peek(cpu, HIGH_GPA + AT), TAG);
	expect_untouched(f);
	assert_int_equal(file_allocated(f->file), PAGE);
}

/*
 * The file has no mapping there through which KVM could learn of a conversion.
 */
TEST(there_and_back, &vm)
{
	struct foreign *f = *state;
	struct vcpu *cpu = &f->machine.cpu;

	for (__u64 i = 0; i < 5; i++) {
		assert_int_equal(peek(cpu, HIGH_GPA + AT), i ? TAG + i - 1 : 0);
		to_private(f, AT, PAGE);
		assert_int_equal(peek(cpu, HIGH_GPA + AT), i ? TAG + i - 1 : 0);
		poke(cpu, HIGH_GPA + AT, TAG + i);
		expect_ok(file_make_shared(f->file, AT, PAGE, CONVERT_PRESERVE),
			  "sharing");
	}
	expect_untouched(f);
}

TEST(punched, &vm)
{
	struct foreign *f = *state;
	struct vcpu *cpu = &f->machine.cpu;

	poke(cpu, HIGH_GPA + AT, TAG);
	expect_ok(file_punch(f->file, AT, PAGE), "punching");
	assert_int_equal(peek(cpu, HIGH_GPA + AT), 0);
	expect_untouched(f);
}

/* KVM could map 512 of the guest's pages by one mapping of the VMM's memory. */
TEST(private_among_shared, &vm)
{
	struct foreign *f = *state;
	struct vcpu *cpu = &f->machine.cpu;

	to_private(f, AT + 7 * PAGE, PAGE);
	for (__u64 i = 6; i < 9; i++) {
		assert_int_equal(peek(cpu, HIGH_GPA + AT + i * PAGE), 0);
		poke(cpu, HIGH_GPA + AT + i * PAGE, TAG + i);
	}
	for (__u64 i = 6; i < 9; i++)
		assert_int_equal(peek(cpu, HIGH_GPA + AT + i * PAGE), TAG + i);
	expect_untouched(f);
}

static void emulate(struct foreign *f)
{
	struct vcpu *cpu = &f->machine.cpu;
	const __u64 at = HIGH_GPA + AT;
	__u64 word = 0;

	assert_int_equal(vcpu_call(cpu, guest_emulated_peek, at, 0, 0), 0);
	vcpu_call(cpu, guest_emulated_poke, at, TAG, 0);
	assert_int_equal(vcpu_call(cpu, guest_emulated_xadd, at, 1, 0), TAG);
	outs(cpu, at, (__u8 *)&word, sizeof(word));
	assert_int_equal(word, TAG + 1);
	assert_int_equal(peek(cpu, at), TAG + 1);
	expect_untouched(f);
}

TEST(emulated, &vm)
{
	struct foreign *f = *state;

	emulate(f);
	expect_ok(file_punch(f->file, AT, PAGE), "punching");
	to_private(f, AT, PAGE);
	emulate(f);
}

TEST_MAIN("KVM guest: foreign memory", .setup = emulation_setup)
