// SPDX-License-Identifier: GPL-2.0-only
/*
 * KVM_SET_MEMORY_ATTRIBUTES beside the attributes of a file's pages. In a slot whose
 * file can be mapped the VM's attributes have no effect. In all other slots of the
 * same VM they tell which pages are private, and the file's conversions don't.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "convert.h"
#include "machine.h"
#include "string_io.h"
#include "touch.h"

#define TAG		0x6300000000000000ULL
#define SIZE		(16 * PAGE)
#define PATTERN		0xddddddddddddddddULL

#define NATIVE_GPA	(2 * MEM_SIZE)
#define PRIVATE_GPA	(3 * MEM_SIZE)

static void set(struct machine *m, __u64 gpa, __u64 size, bool private)
{
	expect_ok(vm_try_attributes(m->vm, gpa, size, private), "attributes");
}

TEST(private_attribute_of_shared_page, &machine_mapped)
{
	struct machine *m = *state;
	__u64 word;

	make_shared(m, DATA_GPA, PAGE);
	for (int i = 0; i < 4; i++) {
		set(m, DATA_GPA, PAGE, i % 2);
		*host_word(m, DATA_GPA) = TAG + i;
		assert_int_equal(peek(&m->cpu, DATA_GPA), TAG + i);
		assert_int_equal(vcpu_call(&m->cpu, guest_emulated_peek,
					   DATA_GPA, 0, 0), TAG + i);
		outs(&m->cpu, DATA_GPA, (__u8 *)&word, sizeof(word));
		assert_int_equal(word, TAG + i);
		poke(&m->cpu, DATA_GPA, TAG - i);
		assert_int_equal(*host_word(m, DATA_GPA), TAG - i);
	}
}

TEST(shared_attribute_of_private_page, &machine_mapped)
{
	struct machine *m = *state;
	__u64 word;

	for (int i = 0; i < 4; i++) {
		set(m, 0, MEM_SIZE, i % 2);
		poke(&m->cpu, DATA_GPA, TAG + i);
		expect_sigbus(m->map + DATA_GPA, "round %d", i);
		assert_int_equal(vcpu_call(&m->cpu, guest_emulated_xadd, DATA_GPA,
					   1, 0), TAG + i);
		outs(&m->cpu, DATA_GPA, (__u8 *)&word, sizeof(word));
		assert_int_equal(word, TAG + i + 1);
	}
	set(m, 0, MEM_SIZE, false);
	make_shared(m, DATA_GPA, PAGE);
	assert_int_equal(*host_word(m, DATA_GPA), TAG + 4);
}

/* A VMM that never sets attributes gets the same machine. */
TEST(attributes_never_set, &machine_mapped)
{
	struct machine *m = *state;

	vm_delete_slot(m->vm, 0);
	set(m, 0, MEM_SIZE, false);
	expect_ok(vm_try_slot(m->vm, &m->slot), "adding the slot");
	poke(&m->cpu, DATA_GPA, TAG);
	expect_sigbus(m->map + DATA_GPA, "a private page");
	make_shared(m, DATA_GPA, PAGE);
	assert_int_equal(*host_word(m, DATA_GPA), TAG);
}

/* The other slots: a guest_memfd, and a file that can't be mapped. */
struct others {
	int native, private;
	__u64 *memory;
	struct slot slots[2];
};

static void others_start(struct machine *m, struct others *o)
{
	o->native = vm_native_file(m->vm, SIZE);
	o->private = file_create(SIZE, 0);
	o->memory = mmap(NULL, 2 * SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(o->memory, MAP_FAILED);
	memset(o->memory, PATTERN & 0xff, 2 * SIZE);
	o->slots[0] = (struct slot){
		.id = 1, .file = o->native, .gpa = NATIVE_GPA, .size = SIZE,
		.host = o->memory,
	};
	o->slots[1] = (struct slot){
		.id = 2, .file = o->private, .gpa = PRIVATE_GPA, .size = SIZE,
		.host = (char *)o->memory + SIZE,
	};
	for (int i = 0; i < 2; i++)
		vm_add_slot(m->vm, &o->slots[i]);
}

static void others_stop(struct others *o)
{
	munmap(o->memory, 2 * SIZE);
	close(o->native);
	close(o->private);
}

TEST(other_slots_follow, &machine_mapped)
{
	struct machine *m = *state;
	struct others o;

	others_start(m, &o);
	for (int i = 0; i < 2; i++) {
		const __u64 gpa = o.slots[i].gpa;

		poke(&m->cpu, gpa, TAG);
		set(m, gpa, PAGE, false);
		assert_int_equal(peek(&m->cpu, gpa), PATTERN);
		assert_int_equal(vcpu_call(&m->cpu, guest_emulated_peek, gpa, 0,
					   0), PATTERN);
		assert_int_equal(peek(&m->cpu, gpa + PAGE), 0);
		set(m, gpa, PAGE, true);
		assert_int_equal(peek(&m->cpu, gpa), TAG);
		set(m, gpa, SIZE, false);
		assert_int_equal(peek(&m->cpu, gpa + PAGE), PATTERN);
	}
	others_stop(&o);
}

/* One call over all slots */
TEST(range_over_all_slots, &machine_mapped)
{
	struct machine *m = *state;
	struct others o;

	others_start(m, &o);
	make_shared(m, DATA_GPA, PAGE);
	poke(&m->cpu, NATIVE_GPA, TAG);
	poke(&m->cpu, PRIVATE_GPA, TAG);
	poke(&m->cpu, DATA_GPA + PAGE, TAG);
	*host_word(m, DATA_GPA) = TAG + 1;
	for (int i = 0; i < 4; i++) {
		set(m, 0, PRIVATE_GPA + SIZE, i % 2);
		assert_int_equal(peek(&m->cpu, DATA_GPA), TAG + 1);
		assert_int_equal(peek(&m->cpu, DATA_GPA + PAGE), TAG);
		assert_int_equal(peek(&m->cpu, NATIVE_GPA), i % 2 ? TAG : PATTERN);
		assert_int_equal(peek(&m->cpu, PRIVATE_GPA),
				 i % 2 ? TAG : PATTERN);
	}
	others_stop(&o);
}

/* A conversion in one file changes nothing in the slots of the others. */
TEST(conversion_leaves_other_slots, &machine_mapped)
{
	struct machine *m = *state;
	struct others o;

	others_start(m, &o);
	fill(&m->cpu, NATIVE_GPA, SIZE / PAGE, TAG);
	fill(&m->cpu, PRIVATE_GPA, SIZE / PAGE, TAG);
	make_shared(m, DATA_GPA, SIZE);
	expect_filled(&m->cpu, NATIVE_GPA, SIZE / PAGE, TAG);
	expect_filled(&m->cpu, PRIVATE_GPA, SIZE / PAGE, TAG);
	make_private(m, DATA_GPA, SIZE);
	expect_filled(&m->cpu, NATIVE_GPA, SIZE / PAGE, TAG);
	expect_filled(&m->cpu, PRIVATE_GPA, SIZE / PAGE, TAG);
	for (__u64 i = 0; i < 2 * SIZE / 8; i++)
		assert_int_equal(o.memory[i], PATTERN);
	others_stop(&o);
}

TEST_MAIN("KVM guest: attributes", .setup = emulation_setup)
