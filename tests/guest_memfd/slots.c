// SPDX-License-Identifier: GPL-2.0-only
/* Flags and addresses of slots with a file, and changes of such slots */
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "memfd.h"

TEST(flags, &pair, &pair_shared)
{
	struct pair *p = *state;
	struct kvm_userspace_memory_region2 region =
		region_of(0, 0, PAGE, p->file, 0);

	region.flags = KVM_MEM_GUEST_MEMFD | KVM_MEM_READONLY;
	expect_region(EINVAL, p->vm, region, "READONLY");
	region.flags = KVM_MEM_GUEST_MEMFD | KVM_MEM_LOG_DIRTY_PAGES;
	expect_region(EINVAL, p->vm, region, "LOG_DIRTY_PAGES");
	region.flags |= KVM_MEM_READONLY;
	expect_region(EINVAL, p->vm, region, "both");
	for (int bit = 3; bit < 32; bit++) {
		region.flags = KVM_MEM_GUEST_MEMFD | 1U << bit;
		expect_region(EINVAL, p->vm, region, "unknown flag");
		region.flags = 1U << bit;
		expect_region(EINVAL, p->vm, region, "unknown flag alone");
	}
	region.flags = KVM_MEM_GUEST_MEMFD;
	expect_region(0, p->vm, region, "the flag alone");
}

/* The older ioctl doesn't know the flag. */
TEST(first_ioctl, &pair)
{
	struct pair *p = *state;
	struct kvm_userspace_memory_region2 region =
		region_of(0, 0, PAGE, p->file, 0);
	char *memory = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	region.userspace_addr = (uintptr_t)memory;
	expect_error(EINVAL, ioctl(p->vm, KVM_SET_USER_MEMORY_REGION, &region),
		     "the flag");
	region.flags |= KVM_MEM_READONLY;
	expect_error(EINVAL, ioctl(p->vm, KVM_SET_USER_MEMORY_REGION, &region),
		     "the flag and READONLY");
	region.flags = 0;
	expect_ok(ioctl(p->vm, KVM_SET_USER_MEMORY_REGION, &region), "no flag");
	region.memory_size = 0;
	expect_ok(ioctl(p->vm, KVM_SET_USER_MEMORY_REGION, &region), "delete");

	/* It can delete a slot that the newer one made. */
	expect_region(0, p->vm, region_of(0, 0, PAGE, p->file, 0), "newer ioctl");
	expect_ok(ioctl(p->vm, KVM_SET_USER_MEMORY_REGION, &region), "delete");
	expect_region(0, p->vm, region_of(0, 0, PAGE, p->file, 0), "again");
	munmap(memory, PAGE);
}

TEST(host_addresses, &pair, &pair_shared)
{
	static const struct {
		__u64 address;
		int error;
	} rows[] = {
		{ 0, 0 }, { PAGE, 0 }, { 0x7fffffffd000, 0 },
		{ 0x7fffffffe000, 0 },
		{ 0x7fffffff0000, 0 },
		{ 1, EINVAL }, { PAGE + 8, EINVAL }, { PAGE - 1, EINVAL },
		{ 0xffff888000000000, EINVAL }, { 0xffffffff81000000, EINVAL },
		{ -PAGE, EINVAL }, { 1ULL << 63, EINVAL },
	};
	struct pair *p = *state;
	char *none = mmap(NULL, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct kvm_userspace_memory_region2 region =
		region_of(0, 0, PAGE, p->file, 0);

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char what[64];

		snprintf(what, sizeof(what), "address %#llx", rows[i].address);
		region.userspace_addr = rows[i].address;
		expect_region(rows[i].error, p->vm, region, what);
		if (!rows[i].error)
			expect_ok(region_delete(p->vm, 0), "delete");
	}
	region.userspace_addr = (uintptr_t)none;
	expect_region(0, p->vm, region, "PROT_NONE");
	munmap(none, PAGE);
}

TEST(immutable, &pair, &pair_shared)
{
	struct pair *p = *state;
	struct kvm_userspace_memory_region2 region =
		region_of(0, MIB, 8 * PAGE, p->file, 0), change;
	int other = memfd_create_for(p->vm, FILE_SIZE, 0);

	expect_region(0, p->vm, region, "new");
	expect_region(EINVAL, p->vm, region, "the same again");
	change = region;
	change.guest_phys_addr = 2 * MIB;
	expect_region(EINVAL, p->vm, change, "moved");
	change.flags = 0;
	expect_region(EINVAL, p->vm, change, "moved, without the flag");
	change = region;
	change.memory_size -= PAGE;
	expect_region(EINVAL, p->vm, change, "smaller");
	change = region;
	change.memory_size += PAGE;
	expect_region(EINVAL, p->vm, change, "larger");
	change = region;
	change.guest_memfd_offset = 8 * PAGE;
	expect_region(EINVAL, p->vm, change, "another range");
	change = region;
	change.guest_memfd = other;
	expect_region(EINVAL, p->vm, change, "another file");
	change = region;
	change.userspace_addr = MIB;
	expect_region(EINVAL, p->vm, change, "another address");
	change = region;
	change.flags = 0;
	expect_region(EINVAL, p->vm, change, "without the flag");
	change.flags = KVM_MEM_LOG_DIRTY_PAGES;
	expect_region(EINVAL, p->vm, change, "LOG_DIRTY_PAGES");
	change.flags = KVM_MEM_LOG_DIRTY_PAGES | KVM_MEM_GUEST_MEMFD;
	expect_region(EINVAL, p->vm, change, "LOG_DIRTY_PAGES and the flag");
	change.flags = KVM_MEM_READONLY;
	expect_region(EINVAL, p->vm, change, "READONLY");

	/* The range still belongs to the slot. */
	expect_region(EEXIST, p->vm, region_of(1, 4 * MIB, PAGE, p->file, 7 * PAGE),
		      "its last page");
	expect_region(0, p->vm, region_of(1, 4 * MIB, PAGE, p->file, 8 * PAGE),
		      "the next page");
	expect_region(0, p->vm, region_of(2, 5 * MIB, PAGE, other, 0), "the other");
	close(other);
}

/* A slot without a file can't be given one. */
TEST(ordinary_slot, &pair)
{
	struct pair *p = *state;
	struct kvm_userspace_memory_region2 region = {
		.memory_size = PAGE, .userspace_addr = 16 * PAGE,
	};

	expect_region(0, p->vm, region, "new");
	region.flags = KVM_MEM_GUEST_MEMFD;
	region.guest_memfd = p->file;
	expect_region(EINVAL, p->vm, region, "given a file");
	region.flags = KVM_MEM_LOG_DIRTY_PAGES;
	expect_region(0, p->vm, region, "LOG_DIRTY_PAGES");
	region.flags |= KVM_MEM_GUEST_MEMFD;
	expect_region(EINVAL, p->vm, region, "given a file while logging");
	region.flags = 0;
	region.guest_phys_addr = MIB;
	expect_region(0, p->vm, region, "moved and no logging");
	expect_region(0, p->vm, region_of(1, 0, PAGE, p->file, 0), "file's slot");
	region.guest_phys_addr = 0;
	expect_region(EEXIST, p->vm, region, "moved onto the file's slot");
}

TEST(deleted_and_made_again, &pair)
{
	struct pair *p = *state;

	for (int i = 0; i < 100; i++) {
		__u64 from = i % 50;

		expect_region(0, p->vm, region_of(3, i * MIB, 8 * PAGE, p->file,
						  from * PAGE), "make");
		expect_region(EEXIST, p->vm, region_of(4, GIB, PAGE, p->file,
						       from * PAGE), "in use");
		expect_ok(region_delete(p->vm, 3), "delete");
		expect_error(EINVAL, region_delete(p->vm, 3), "delete again");
	}
	expect_region(0, p->vm, region_of(4, GIB, FILE_SIZE, p->file, 0), "all of it");
}

/* Only size and number count there, but the flags are checked. */
TEST(deleting_with_other_fields, &pair)
{
	struct pair *p = *state;
	struct kvm_userspace_memory_region2 region =
		region_of(0, 0, PAGE, p->file, 0);

	expect_region(0, p->vm, region, "make");
	region.memory_size = 0;
	region.guest_memfd = -1;
	region.guest_memfd_offset = 8 * PAGE;
	expect_region(0, p->vm, region, "with another file");
	region = region_of(0, 0, PAGE, p->file, 0);
	expect_region(0, p->vm, region, "make");
	region.memory_size = 0;
	region.flags |= KVM_MEM_READONLY;
	expect_region(EINVAL, p->vm, region, "with READONLY too");
	region.flags = KVM_MEM_GUEST_MEMFD;
	region.guest_memfd_offset = 1;
	expect_region(EINVAL, p->vm, region, "with an unaligned offset");
	region.guest_memfd_offset = 0;
	region.guest_phys_addr = 1;
	expect_region(EINVAL, p->vm, region, "with an unaligned address");
	region.guest_phys_addr = GIB;
	expect_region(0, p->vm, region, "with another address");
}

TEST(no_dirty_log, &pair, &pair_shared)
{
	struct pair *p = *state;
	__u64 bitmap[16] = { };
	struct kvm_dirty_log log = { .dirty_bitmap = bitmap };
	struct kvm_clear_dirty_log clear = {
		.num_pages = 64, .dirty_bitmap = bitmap,
	};

	expect_region(0, p->vm, region_of(0, 0, FILE_SIZE, p->file, 0), "make");
	expect_error(ENOENT, ioctl(p->vm, KVM_GET_DIRTY_LOG, &log), "get");
	expect_error(ENOENT, ioctl(p->vm, KVM_CLEAR_DIRTY_LOG, &clear), "clear");
}

/* An ordinary VM has no private memory, so that it has no such attribute. */
TEST(no_attributes, &pair, &pair_shared)
{
	struct pair *p = *state;

	expect_region(0, p->vm, region_of(0, 0, FILE_SIZE, p->file, 0), "make");
	/* A KVM without private memory doesn't have the ioctl at all. */
	if (system_cap(KVM_CAP_MEMORY_ATTRIBUTES) > 0) {
		expect_error(EINVAL, attributes_try(p->vm, 0, FILE_SIZE,
						    KVM_MEMORY_ATTRIBUTE_PRIVATE),
			     "to private");
		expect_error(EINVAL, attributes_try(p->vm, GIB, PAGE,
						    KVM_MEMORY_ATTRIBUTE_PRIVATE),
			     "where no slot is");
		expect_ok(attributes_try(p->vm, 0, FILE_SIZE, 0), "to shared");
		expect_error(EINVAL, attributes_try(p->vm, 0, 0, 0), "empty");
		expect_error(EINVAL, attributes_try(p->vm, 1, PAGE, 0), "unaligned");
		expect_error(EINVAL, attributes_try(p->vm, -PAGE, PAGE, 0), "wraps");
	} else {
		expect_error(ENOTTY, attributes_try(p->vm, 0, FILE_SIZE, 0), "any");
	}
	for (int bit = 0; bit < 64; bit++)
		assert_int_equal(attributes_try(p->vm, 0, PAGE, 1ULL << bit), -1);
}

/* A slot is larger than most: KVM's limit is one of pages, not of the file's. */
TEST(large_slot, &pair)
{
	struct pair *p = *state;
	const __u64 most = ((1ULL << 31) - 1) * PAGE;
	int file = memfd_create_for(p->vm, 1ULL << 48, SHARED);

	expect_region(0, p->vm, region_of(0, 0, 64 * GIB, file, 0), "64 GiB");
	expect_region(EINVAL, p->vm, region_of(1, 1ULL << 40, most + PAGE, file,
					       1ULL << 44), "too large");
	close(file);
}

TEST_MAIN("guest_memfd: slots")
