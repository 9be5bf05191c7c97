// SPDX-License-Identifier: GPL-2.0-only
/* Which file, and which part of it, a new slot can have */
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>

#include "memfd.h"

TEST(wrong_files, &pair)
{
	struct pair *p = *state;
	int other_vm = memfd_vm(ORDINARY);
	int pipes[2];

	expect_ok(pipe(pipes), "pipe");

	struct {
		const char *what;
		int error, fd;
	} rows[] = {
		{ "-1", EBADF, -1 },
		{ "-2", EBADF, -2 },
		{ "INT_MIN", EBADF, INT32_MIN },
		{ "no open descriptor", EBADF, 4000 },
		{ "pipe", EINVAL, pipes[0] },
		{ "memfd", EINVAL, memfd_create("binding", 0) },
		{ "eventfd", EINVAL, eventfd(0, 0) },
		{ "/dev/zero", EINVAL, open("/dev/zero", O_RDWR) },
		{ "/dev/kvm", EINVAL, open("/dev/kvm", O_RDWR) },
		{ "the VM itself", EINVAL, dup(p->vm) },
		{ "another VM", EINVAL, dup(other_vm) },
		{ "a vCPU", EINVAL, ioctl(p->vm, KVM_CREATE_VCPU, 0) },
		{ "another VM's file", EINVAL, memfd_create_for(other_vm, FILE_SIZE, 0) },
		{ "another VM's, to be mapped", EINVAL,
		  memfd_create_for(other_vm, FILE_SIZE, SHARED) },
		{ "O_PATH", EBADF, open("/", O_PATH) },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		expect_region(rows[i].error, p->vm,
			      region_of(0, 0, PAGE, rows[i].fd, 0), rows[i].what);
		if (rows[i].fd >= 0)
			close(rows[i].fd);
	}
	/* The refused slot has left no trace. */
	expect_region(0, p->vm, region_of(0, 0, PAGE, p->file, 0), "right file");
	close(pipes[0]);
	close(pipes[1]);
	close(other_vm);
}

/*
 * The file of a VM stays that VM's, even when only the file keeps the VM alive.
 */
TEST(file_of_a_vm_that_was_closed, &pair)
{
	struct pair *p = *state;
	int other_vm = memfd_vm(ORDINARY);
	int file = memfd_create_for(other_vm, FILE_SIZE, SHARED);

	close(other_vm);
	expect_region(EINVAL, p->vm, region_of(0, 0, PAGE, file, 0), "orphan");
	other_vm = memfd_vm(ORDINARY);
	expect_region(EINVAL, other_vm, region_of(0, 0, PAGE, file, 0), "new VM");
	close(other_vm);
	close(file);
}

TEST(offsets, &pair, &pair_shared)
{
	static const struct {
		__u64 offset, size;
		int error;
	} rows[] = {
		{ 1, PAGE, EINVAL },
		{ 8, PAGE, EINVAL },
		{ 512, PAGE, EINVAL },
		{ PAGE - 1, PAGE, EINVAL },
		{ PAGE + 1, PAGE, EINVAL },
		{ FILE_SIZE, PAGE, EINVAL },
		{ FILE_SIZE + PAGE, PAGE, EINVAL },
		{ FILE_SIZE - PAGE, 2 * PAGE, EINVAL },
		{ PAGE, FILE_SIZE, EINVAL },
		{ 0, FILE_SIZE + PAGE, EINVAL },
		{ 0, GIB, EINVAL },
		{ 1ULL << 48, PAGE, EINVAL },
		{ 1ULL << 62, PAGE, EINVAL },
		{ 0x7ffffffffffff000, PAGE, EINVAL },
		{ 0x7fffffffffffe000, PAGE, EINVAL },
		{ 1ULL << 63, PAGE, EINVAL },
		{ (1ULL << 63) + PAGE, PAGE, EINVAL },
		{ -PAGE, PAGE, EINVAL },
		{ -PAGE, 2 * PAGE, EINVAL },
		{ -2 * PAGE, PAGE, EINVAL },
		{ -2 * PAGE, 3 * PAGE, EINVAL },
		{ -GIB, GIB + PAGE, EINVAL },
		{ -1, PAGE, EINVAL },
		{ 0, PAGE, 0 },
		{ FILE_SIZE - PAGE, PAGE, 0 },
		{ PAGE, FILE_SIZE - PAGE, 0 },
		{ 0, FILE_SIZE, 0 },
	};
	struct pair *p = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char what[64];

		snprintf(what, sizeof(what), "offset %#llx, size %#llx",
			 rows[i].offset, rows[i].size);
		expect_region(rows[i].error, p->vm,
			      region_of(0, 0, rows[i].size, p->file, rows[i].offset),
			      what);
		if (!rows[i].error)
			expect_ok(region_delete(p->vm, 0), "delete");
	}
}

TEST(far_offsets, &pair)
{
	struct pair *p = *state;
	int file = memfd_create_for(p->vm, 0x7ffffffffffff000, SHARED);

	expect_region(0, p->vm, region_of(0, 0, PAGE, file, 1ULL << 47), "2^47");
	expect_region(0, p->vm, region_of(1, PAGE, PAGE, file, 1ULL << 62), "2^62");
	expect_region(0, p->vm, region_of(2, 2 * PAGE, PAGE, file,
					  0x7ffffffffffff000 - PAGE), "last page");
	expect_region(EINVAL, p->vm, region_of(3, 3 * PAGE, PAGE, file,
					       0x7ffffffffffff000), "the end");
	expect_region(EINVAL, p->vm, region_of(3, 3 * PAGE, 2 * PAGE, file,
					       0x7ffffffffffff000 - PAGE), "over it");
	expect_region(EEXIST, p->vm, region_of(3, 3 * PAGE, PAGE, file, 1ULL << 62),
		      "2^62 again");
	close(file);
}

/* In one VM a page of the file is in one slot at most. */
TEST(overlaps_in_the_file, &pair, &pair_shared)
{
	static const struct {
		__u64 page, pages;
		int error;
	} rows[] = {
		{ 8, 8, EEXIST }, { 0, FILE_PAGES, EEXIST }, { 10, 1, EEXIST },
		{ 7, 2, EEXIST }, { 15, 2, EEXIST }, { 8, 1, EEXIST },
		{ 15, 1, EEXIST }, { 0, 9, EEXIST }, { 15, FILE_PAGES - 15, EEXIST },
		{ 7, 1, 0 }, { 16, 1, 0 }, { 0, 8, 0 }, { 16, FILE_PAGES - 16, 0 },
	};
	struct pair *p = *state;

	expect_region(0, p->vm, region_of(0, 0, 8 * PAGE, p->file, 8 * PAGE), "first");
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char what[64];

		snprintf(what, sizeof(what), "%llu pages from page %llu",
			 rows[i].pages, rows[i].page);
		expect_region(rows[i].error, p->vm,
			      region_of(1, MIB, rows[i].pages * PAGE, p->file,
					rows[i].page * PAGE), what);
		if (!rows[i].error)
			expect_ok(region_delete(p->vm, 1), "delete");
	}
}

/* A slot that is refused at its very end leaves no part of itself behind. */
TEST(refused_slot_leaves_nothing, &pair)
{
	struct pair *p = *state;

	expect_region(0, p->vm, region_of(0, 0, 8 * PAGE, p->file, 8 * PAGE), "first");
	for (int i = 0; i < 100; i++) {
		expect_region(EEXIST, p->vm,
			      region_of(1, MIB, 16 * PAGE, p->file, 0), "overlap");
		expect_region(EEXIST, p->vm,
			      region_of(1, 4 * PAGE, PAGE, p->file, 0), "slots overlap");
	}
	expect_region(0, p->vm, region_of(1, MIB, 8 * PAGE, p->file, 0), "before");
	expect_region(0, p->vm, region_of(2, 2 * MIB, 8 * PAGE, p->file, 16 * PAGE),
		      "behind");
}

/* With two mistakes in a call, KVM reports the one that it looks for first. */
TEST(which_error_wins, &pair, &pair_shared)
{
	struct pair *p = *state;
	int other_vm = memfd_vm(ORDINARY);
	int foreign = memfd_create_for(other_vm, FILE_SIZE, 0);

	expect_region(0, p->vm, region_of(0, 0, 8 * PAGE, p->file, 0), "first");

	expect_region(EEXIST, p->vm, region_of(1, 0, PAGE, -1, 0),
		      "slots overlap, no file");
	expect_region(EEXIST, p->vm, region_of(1, 0, PAGE, foreign, 0),
		      "slots overlap, foreign file");
	expect_region(EEXIST, p->vm, region_of(1, 0, PAGE, p->file, FILE_SIZE),
		      "slots overlap, past the end");
	expect_region(EEXIST, p->vm, region_of(1, 0, PAGE, p->file, 0),
		      "slots and ranges overlap");
	expect_region(EINVAL, p->vm, region_of(1, 0, PAGE, p->file, 1),
		      "slots overlap, offset unaligned");
	expect_region(EINVAL, p->vm, region_of(1, 0, 2 * PAGE, p->file, -PAGE),
		      "slots overlap, offset wraps");
	expect_region(EINVAL, p->vm, region_of(1, MIB, PAGE, -1, 1),
		      "no file, offset unaligned");
	expect_region(EBADF, p->vm, region_of(1, MIB, PAGE, -1, 1ULL << 62),
		      "no file, far offset");
	expect_region(EINVAL, p->vm, region_of(1, MIB, PAGE, foreign, 0),
		      "foreign file, range that is in use in ours");
	expect_region(EINVAL, p->vm, region_of(1, MIB, FILE_SIZE + PAGE, p->file, 0),
		      "past the end and overlapping");
	expect_region(EINVAL, p->vm, region_of(0, 0, 8 * PAGE, -1, 0),
		      "existing slot, no file");
	expect_region(EINVAL, p->vm, region_of(1, 1ULL << 60, PAGE, p->file, 0),
		      "beyond guest physical memory, range in use");
	expect_region(EBADF, p->vm, region_of(1, 1ULL << 60, PAGE, -1, 0),
		      "beyond guest physical memory, no file");
	expect_region(EINVAL, p->vm, region_of(1, 1ULL << 60, PAGE, p->file, 16 * PAGE),
		      "beyond guest physical memory");
	expect_region(0, p->vm, region_of(1, MIB, PAGE, p->file, 16 * PAGE),
		      "the range it had wanted");
	close(foreign);
	close(other_vm);
}

TEST(guest_addresses, &pair)
{
	static const struct {
		const char *what;
		__u64 gpa, size;
	} rows[] = {
		{ "gpa unaligned", 1, PAGE },
		{ "gpa unaligned", PAGE + 512, PAGE },
		{ "size unaligned", 0, 1 },
		{ "size unaligned", 0, PAGE + 1 },
		{ "gpa wraps", -PAGE, 2 * PAGE },
		{ "gpa wraps to 0", -PAGE, PAGE },
		{ "huge gpa", 1ULL << 52, PAGE },
		{ "gpa and size huge", 1ULL << 62, 1ULL << 62 },
		{ "too many pages", 0, (1ULL << 31) * PAGE },
		{ "size all ones", 0, -PAGE },
	};
	struct pair *p = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect_region(EINVAL, p->vm, region_of(0, rows[i].gpa, rows[i].size,
						       p->file, 0), rows[i].what);
	expect_region(EINVAL, p->vm, region_of(0, 0, 0, p->file, 0),
		      "deleting what isn't there");
	expect_region(EINVAL, p->vm, region_of(32767, 0, PAGE, p->file, 0),
		      "slot number of KVM's own");
	expect_region(EINVAL, p->vm, region_of(1 << 17, 0, PAGE, p->file, 0),
		      "address space 2");
}

/* Any descriptor of the file will do. */
TEST(duplicates, &pair)
{
	struct pair *p = *state;
	int fd = dup(p->file);

	expect_region(0, p->vm, region_of(0, 0, PAGE, fd, 0), "dup");
	expect_region(EEXIST, p->vm, region_of(1, PAGE, PAGE, p->file, 0), "again");
	close(fd);
	expect_region(EBADF, p->vm, region_of(1, PAGE, PAGE, fd, PAGE), "closed dup");
	expect_region(EEXIST, p->vm, region_of(1, PAGE, PAGE, p->file, 0), "still");
	expect_ok(region_delete(p->vm, 0), "delete");
	expect_region(0, p->vm, region_of(1, PAGE, PAGE, p->file, 0), "after delete");
}

/* SMM's address space has slots of its own; the file's pages are the same. */
TEST(other_address_space, &pair)
{
	struct pair *p = *state;
	const __u32 smm = 1 << 16;

	if (vm_cap(p->vm, KVM_CAP_MULTI_ADDRESS_SPACE) < 2) {
		print_message("# no second address space\n");
		return;
	}
	expect_region(0, p->vm, region_of(0, 0, PAGE, p->file, 0), "first");
	expect_region(EEXIST, p->vm, region_of(smm, 0, PAGE, p->file, 0), "same range");
	expect_region(0, p->vm, region_of(smm, 0, PAGE, p->file, PAGE), "another");
	expect_ok(region_delete(p->vm, smm), "delete");
	expect_region(EEXIST, p->vm, region_of(1, PAGE, PAGE, p->file, 0), "first's");
}

/* In another order than the file's */
TEST(as_many_slots_as_pages, &pair)
{
	struct pair *p = *state;

	for (__u64 i = 0; i < FILE_PAGES; i++)
		expect_region(0, p->vm, region_of(i, i * PAGE, PAGE, p->file,
						  (i * 37 % FILE_PAGES) * PAGE), "page");
	for (__u64 i = 0; i < FILE_PAGES; i++)
		expect_region(EEXIST, p->vm, region_of(FILE_PAGES, MIB, PAGE, p->file,
						       i * PAGE), "page in use");
	for (__u64 i = 0; i < FILE_PAGES; i += 2)
		expect_ok(region_delete(p->vm, i), "delete %llu", i);
	for (__u64 i = 0; i < FILE_PAGES; i++)
		expect_region(i % 2 ? EEXIST : 0, p->vm,
			      region_of(FILE_PAGES + i, MIB + i * PAGE, PAGE, p->file,
					(i * 37 % FILE_PAGES) * PAGE), "every other");
}

/* Fields that mean nothing to the call may have any value. */
TEST(unused_fields, &pair)
{
	struct pair *p = *state;
	struct kvm_userspace_memory_region2 region =
		region_of(0, 0, PAGE, p->file, 0);

	region.pad1 = ~0U;
	memset(region.pad2, 0xff, sizeof(region.pad2));
	expect_region(0, p->vm, region, "padding");

	/* Without the flag KVM doesn't look at the file. */
	region = region_of(1, MIB, PAGE, -1, 1);
	region.flags = 0;
	expect_region(0, p->vm, region, "no flag, no file");
}

TEST(no_descriptor_is_kept, &pair)
{
	struct pair *p = *state;
	unsigned int before = open_fds();

	for (int i = 0; i < 500; i++) {
		int file = memfd_create_for(p->vm, PAGE, i % 4);

		expect_region(EINVAL, p->vm, region_of(0, 0, PAGE, file, PAGE), "bad");
		expect_region(0, p->vm, region_of(0, 0, PAGE, file, 0), "good");
		expect_ok(region_delete(p->vm, 0), "delete");
		close(file);
	}
	assert_int_equal(open_fds(), before);
}

TEST_MAIN("guest_memfd: binding")
