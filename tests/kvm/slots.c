// SPDX-License-Identifier: GPL-2.0-only
/* Which slots a private file can be put into, and which error a refusal has */
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include "machine.h"

#define FILE_SIZE	(64 * PAGE)

struct slots {
	int vm;
	int file;
};

static int setup(void **state)
{
	static struct slots slots;

	slots.vm = vm_create();
	slots.file = file_create(FILE_SIZE, 0);
	*state = &slots;
	return 0;
}

static int teardown(void **state)
{
	struct slots *s = *state;

	close(s->vm);
	close(s->file);
	return 0;
}

static struct slot slot_of(const struct slots *s, __u32 id, __u64 offset,
			   __u64 size)
{
	return (struct slot){
		.id = id, .file = s->file, .gpa = id * FILE_SIZE,
		.offset = offset, .size = size,
	};
}

static void expect_slot(int error, int vm, struct slot slot)
{
	if (!error)
		expect_ok(vm_try_slot(vm, &slot), "slot of %#llx at %#llx",
			  slot.size,
			  slot.offset);
	else
		expect_error(error, vm_try_slot(vm, &slot),
			     "slot of %#llx at %#llx",
			     slot.size,
			     slot.offset);
}

static const struct fixture vm = { .setup = setup, .teardown = teardown };

TEST(overlap_in_one_vm, &vm)
{
	struct slots *s = *state;

	expect_slot(0, s->vm, slot_of(s, 0, 8 * PAGE, 8 * PAGE));
	expect_slot(EEXIST, s->vm, slot_of(s, 1, 8 * PAGE, 8 * PAGE));
	expect_slot(EEXIST, s->vm, slot_of(s, 1, 0, FILE_SIZE));
	expect_slot(EEXIST, s->vm, slot_of(s, 1, 10 * PAGE, PAGE));
	expect_slot(EEXIST, s->vm, slot_of(s, 1, 7 * PAGE, 2 * PAGE));
	expect_slot(EEXIST, s->vm, slot_of(s, 1, 15 * PAGE, 2 * PAGE));
	expect_slot(0, s->vm, slot_of(s, 1, 7 * PAGE, PAGE));
	expect_slot(0, s->vm, slot_of(s, 2, 16 * PAGE, PAGE));
}

TEST(overlap_in_two_vms, &vm)
{
	struct slots *s = *state;
	int other = vm_create();

	expect_slot(0, s->vm, slot_of(s, 0, 8 * PAGE, 8 * PAGE));
	expect_slot(EEXIST, other, slot_of(s, 0, 8 * PAGE, 8 * PAGE));
	expect_slot(EEXIST, other, slot_of(s, 0, 15 * PAGE, 2 * PAGE));
	expect_slot(0, other, slot_of(s, 0, 16 * PAGE, 8 * PAGE));
	expect_slot(EEXIST, s->vm, slot_of(s, 1, 23 * PAGE, PAGE));
	close(other);
}

/* A range is free again when its slot is deleted, and when its VM dies. */
TEST(range_is_given_back, &vm)
{
	struct slots *s = *state;
	int other = vm_create();

	expect_slot(0, s->vm, slot_of(s, 0, 0, FILE_SIZE));
	expect_slot(EEXIST, other, slot_of(s, 0, 0, FILE_SIZE));
	vm_delete_slot(s->vm, 0);
	expect_slot(0, other, slot_of(s, 0, 0, FILE_SIZE));
	expect_slot(EEXIST, s->vm, slot_of(s, 0, 0, FILE_SIZE));
	close(other);
	expect_slot(0, s->vm, slot_of(s, 0, 0, FILE_SIZE));
}

/* A slot that KVM refuses after it has seen the file leaves no binding. */
TEST(refused_slot_leaves_nothing, &vm)
{
	struct slots *s = *state;
	struct slot first = slot_of(s, 0, 0, PAGE);
	struct slot same_place = slot_of(s, 1, 8 * PAGE, PAGE);

	expect_slot(0, s->vm, first);
	same_place.gpa = first.gpa;
	expect_slot(EEXIST, s->vm, same_place);
	expect_slot(0, s->vm, slot_of(s, 1, 8 * PAGE, PAGE));
}

TEST(offsets, &vm)
{
	struct slots *s = *state;
	static const __u64 misaligned[] = { 1, 8, 512, PAGE - 1, PAGE + 1 };

	for (size_t i = 0; i < ARRAY_SIZE(misaligned); i++)
		expect_slot(EINVAL, s->vm, slot_of(s, 0, misaligned[i], PAGE));
	expect_slot(EINVAL, s->vm, slot_of(s, 0, FILE_SIZE, PAGE));
	expect_slot(EINVAL, s->vm, slot_of(s, 0, FILE_SIZE - PAGE, 2 * PAGE));
	expect_slot(EINVAL, s->vm, slot_of(s, 0, PAGE, FILE_SIZE));
	expect_slot(EINVAL, s->vm, slot_of(s, 0, 0, FILE_SIZE + PAGE));
	expect_slot(EINVAL, s->vm, slot_of(s, 0, 1ULL << 50, PAGE));
	expect_slot(EINVAL, s->vm, slot_of(s, 0, 1ULL << 63, PAGE));
	expect_slot(EINVAL, s->vm, slot_of(s, 0, -PAGE, PAGE));
	expect_slot(EINVAL, s->vm, slot_of(s, 0, -PAGE, 2 * PAGE));
	expect_slot(0, s->vm, slot_of(s, 0, FILE_SIZE - PAGE, PAGE));
}

TEST(wrong_files, &vm)
{
	struct slots *s = *state;
	struct slot slot = slot_of(s, 0, 0, PAGE);
	int other = vm_create();
	int files[] = {
		open("/dev/zero", O_RDWR),
		device_open(),
		memfd_create("slots", 0),
		eventfd(0, 0),
		s->vm,
		/* KVM's own file belongs to the VM that made it. */
		vm_native_file(other, FILE_SIZE),
	};

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		slot.file = files[i];
		assert_true(slot.file >= 0);
		expect_error(EINVAL, vm_try_slot(s->vm, &slot), "file %zu", i);
	}
	slot.file = -1;
	expect_error(EBADF, vm_try_slot(s->vm, &slot), "no file");
	slot.file = dup(s->file);
	close(slot.file);
	expect_error(EBADF, vm_try_slot(s->vm, &slot), "closed file");

	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		if (files[i] != s->vm)
			close(files[i]);
	close(other);
}

/* Any descriptor of the file will do, and it isn't needed afterwards. */
TEST(duplicate, &vm)
{
	struct slots *s = *state;
	struct slot slot = slot_of(s, 0, 0, PAGE);
	struct slot again = slot_of(s, 1, 0, PAGE);

	slot.file = dup(s->file);
	expect_slot(0, s->vm, slot);
	close(slot.file);
	expect_slot(EEXIST, s->vm, again);
}

TEST(immutable, &vm)
{
	struct slots *s = *state;
	struct slot slot = slot_of(s, 0, 0, 8 * PAGE);

	expect_slot(0, s->vm, slot);
	slot.gpa += FILE_SIZE;
	expect_slot(EINVAL, s->vm, slot);
	slot = slot_of(s, 0, 8 * PAGE, 8 * PAGE);
	expect_slot(EINVAL, s->vm, slot);
	slot = slot_of(s, 0, 0, PAGE);
	expect_slot(EINVAL, s->vm, slot);
	expect_slot(0, s->vm, slot_of(s, 1, 8 * PAGE, PAGE));
}

/* None of the errors may leave a descriptor. */
TEST(no_reference_leaks, &vm)
{
	struct slots *s = *state;
	unsigned int before = open_fds();
	int file = file_create(FILE_SIZE, 0);
	struct slot bad = slot_of(s, 0, 1, PAGE);
	struct slot good = slot_of(s, 0, 0, PAGE);

	expect_ok(file_allocate(file, 0, FILE_SIZE), "allocating");
	bad.file = file;
	good.file = file;
	for (int i = 0; i < 1000; i++) {
		expect_error(EINVAL, vm_try_slot(s->vm, &bad), "round %d", i);
		expect_ok(vm_try_slot(s->vm, &good), "round %d", i);
		vm_delete_slot(s->vm, 0);
	}
	assert_int_equal(file_allocated(file), FILE_SIZE);
	close(file);
	assert_int_equal(open_fds(), before);
}

TEST_MAIN("KVM guest: slots")
