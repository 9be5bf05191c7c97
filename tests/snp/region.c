// SPDX-License-Identifier: GPL-2.0-only
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "convert.h"
#include "huge.h"
#include "region.h"
#include "test_port.h"
#include "touch.h"
#include "unit.h"

#define FILE_FLAGS	(KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED)

static int create_file(const struct region *region, struct agent *agent)
{
	struct kvm_create_guest_memfd native = { .size = region->file_size };

	if (region->backing->native)
		return expect_ok(ioctl(agent->vm, KVM_CREATE_GUEST_MEMFD, &native),
				 "KVM_CREATE_GUEST_MEMFD");
	if (region->backing->shift == GIGANTIC_SHIFT)
		return gigantic_create(region->file_size, FILE_FLAGS);
	if (region->backing->shift == HUGE_SHIFT)
		return huge_create(region->file_size, FILE_FLAGS | KVM_PRIVATE_FLAG_HUGE_STRICT);
	return file_create(region->file_size, FILE_FLAGS);
}

/* At an address that is that far behind a multiple of 2 MiB */
static void map_host(struct region *region, __u64 host_offset)
{
	const int flags = region->backing->native ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED;
	__u64 start;

	region->map_size = region->size + 2 * HUGE_PAGE;
	region->map = mmap(NULL, region->map_size, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_ptr_not_equal(region->map, MAP_FAILED);
	start = (((uintptr_t)region->map + HUGE_PAGE - 1) & -HUGE_PAGE) + host_offset;
	region->host = mmap((void *)start, region->size, PROT_READ | PROT_WRITE,
			    flags | MAP_FIXED, region->backing->native ? -1 : region->file,
			    region->backing->native ? 0 : region->offset);
	assert_ptr_not_equal(region->host, MAP_FAILED);
}

void region_create_on(struct region *region, int file, __u64 host_offset)
{
	region->file = file;
	map_host(region, host_offset);
}

void region_create(struct region *region, struct agent *agent, __u64 host_offset)
{
	region_create_on(region, create_file(region, agent), host_offset);
}

void region_unmap(struct region *region)
{
	munmap(region->map, region->map_size);
}

void region_destroy(struct region *region)
{
	region_unmap(region);
	close(region->file);
}

static void set_slot(struct agent *agent, unsigned int slot, const struct region *region,
		     __u64 size)
{
	struct kvm_userspace_memory_region2 slot_region = {
		.slot = slot, .flags = KVM_MEM_GUEST_MEMFD, .memory_size = size,
		.guest_phys_addr = region->gpa,
		.userspace_addr = (uintptr_t)(region->elsewhere ?: region->host),
		.guest_memfd = region->file, .guest_memfd_offset = region->offset,
	};

	expect_ok(ioctl(agent->vm, KVM_SET_USER_MEMORY_REGION2, &slot_region),
		  "slot %u of %#llx bytes at %#llx", slot, size, region->gpa);
}

void region_add(struct agent *agent, unsigned int slot, const struct region *region)
{
	set_slot(agent, slot, region, region->size);
}

void region_delete(struct agent *agent, unsigned int slot, const struct region *region)
{
	set_slot(agent, slot, region, 0);
}

static __u64 file_offset(const struct region *region, __u64 gpa)
{
	return gpa - region->gpa + region->offset;
}

static void set_attributes(struct agent *agent, __u64 gpa, __u64 size, __u64 attributes)
{
	struct kvm_memory_attributes native = {
		.address = gpa, .size = size, .attributes = attributes,
	};

	expect_ok(ioctl(agent->vm, KVM_SET_MEMORY_ATTRIBUTES, &native),
		  "attributes %#llx of %#llx", attributes, gpa);
}

void region_make_private(struct agent *agent, const struct region *region, __u64 gpa,
			 __u64 size)
{
	if (region->backing->native)
		set_attributes(agent, gpa, size, KVM_MEMORY_ATTRIBUTE_PRIVATE);
	else
		expect_ok(file_make_private(region->file, file_offset(region, gpa), size, 0),
			  "making %#llx private", gpa);
}

void region_make_shared(struct agent *agent, const struct region *region, __u64 gpa,
			__u64 size)
{
	if (!region->backing->native) {
		expect_ok(file_make_shared(region->file, file_offset(region, gpa), size, 0),
			  "making %#llx shared", gpa);
		return;
	}
	set_attributes(agent, gpa, size, 0);
	region_punch(region, gpa, size);
}

void region_punch(const struct region *region, __u64 gpa, __u64 size)
{
	expect_ok(file_punch(region->file, file_offset(region, gpa), size),
		  "punching %#llx", gpa);
}

void region_fill(const struct region *region, __u64 gpa, __u64 size, __u64 words)
{
	volatile __u64 *host = (void *)region_host(region, gpa);

	for (__u64 i = 0; i < size / sizeof(*host); i++)
		host[i] = words + i * sizeof(*host);
}

void region_expect(const struct region *region, __u64 gpa, __u64 size, __u64 words,
		   const char *when)
{
	volatile __u64 *host = (void *)region_host(region, gpa);

	for (__u64 i = 0; i < size / sizeof(*host); i++) {
		__u64 found = host[i], wanted = words + i * sizeof(*host);

		if (found != wanted)
			fail_msg("The host reads %#llx at %#llx, %s, not %#llx", found,
				 gpa + i * sizeof(*host), when, wanted);
	}
}

void region_expect_private(const struct region *region, __u64 gpa, const char *when)
{
	if (!region->backing->native)
		expect_sigbus(region_host(region, gpa), "page %#llx, %s", gpa, when);
}

/* A write to a page that is still assigned never ends, so the firmware is asked first. */
void region_expect_back(const struct region *region, const char *when)
{
	__u32 left;
	char *map;

	expect_ok(file_make_shared(region->file, 0, region->file_size, 0), "sharing, %s", when);
	left = event_count(GUEST_PAGES);
	if (left)
		fail_msg("%u pages belong to a guest, %s", left, when);
	map = file_map(region->file, region->file_size);
	for (__u64 at = 0; at < region->file_size; at += PAGE) {
		assert_int_equal(touch_write(map + at, 0x77), 0);
		expect_reads(map + at, 0x77, "page %#llx, %s", at, when);
	}
	munmap(map, region->file_size);
}
