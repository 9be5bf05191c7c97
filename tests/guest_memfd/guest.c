// SPDX-License-Identifier: GPL-2.0-only
#include <stdlib.h>

#include "../kvm/vm.h"
#include "guest.h"

/* With all slots but the file's */
static void start_vm(struct guest *guest, unsigned long type, __u64 size)
{
	struct kvm_userspace_memory_region2 region = { .memory_size = DATA_GPA };

	*guest = (struct guest){ .size = size, .file = -1 };
	guest->vm = memfd_vm(type);
	guest->low = mmap(NULL, DATA_GPA, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	assert_ptr_not_equal(guest->low, MAP_FAILED);
	vm_load_at(guest->low);
	region.userspace_addr = (uintptr_t)guest->low;
	expect_ok(region_try(guest->vm, &region), "slot 0");
	vcpu_open(&guest->cpu, guest->vm, 0);
}

static void take_file(struct guest *guest, int file, __u64 flags)
{
	guest->file = file;
	if (flags & MMAP)
		guest->map = memfd_map(file, guest->size);
}

void guest_start_bare(struct guest *guest, unsigned long type, __u64 size,
		      __u64 flags)
{
	start_vm(guest, type, size);
	take_file(guest, memfd_create_for(guest->vm, size, flags), flags);
}

void guest_start_with(struct guest *guest, unsigned long type, int file,
		      __u64 size, __u64 flags)
{
	start_vm(guest, type, size);
	take_file(guest, file, flags);
}

void guest_add_data(struct guest *guest, void *address)
{
	struct kvm_userspace_memory_region2 region =
		region_of(DATA_SLOT, DATA_GPA, guest->size, guest->file, 0);

	region.userspace_addr = (uintptr_t)address;
	expect_ok(region_try(guest->vm, &region), "slot 1");
}

void guest_start(struct guest *guest, __u64 size, __u64 flags, void *address)
{
	guest_start_bare(guest, ORDINARY, size, flags);
	guest_add_data(guest, address);
}

void guest_stop(struct guest *guest)
{
	vcpu_close(&guest->cpu);
	close(guest->vm);
	if (guest->file >= 0)
		close(guest->file);
	if (guest->map)
		munmap(guest->map, guest->size);
	munmap(guest->low, DATA_GPA);
}

__u64 guest_reads(struct guest *guest, __u64 gpa)
{
	return vcpu_call(&guest->cpu, guest_peek, gpa, 0, 0);
}

void guest_writes(struct guest *guest, __u64 gpa, __u64 value)
{
	vcpu_call(&guest->cpu, guest_poke, gpa, value, 0);
}

__u64 guest_maps(struct guest *guest, unsigned int entry, __u64 gpa)
{
	volatile __u64 *table = (volatile __u64 *)(guest->low + FINE_PT_GPA);

	assert_int_equal(table[entry], 0);
	table[entry] = gpa | PTE_PRESENT | PTE_WRITE | PTE_ACCESSED | PTE_DIRTY;
	return FINE_VA + entry * PAGE;
}

static int guest_setup(void **state)
{
	struct guest *guest = malloc(sizeof(*guest));

	if (!guest)
		return -1;
	guest_start(guest, FILE_SIZE, SHARED, NULL);
	*state = guest;
	return 0;
}

static int guest_teardown(void **state)
{
	guest_stop(*state);
	free(*state);
	return 0;
}

const struct fixture guest_started = { .setup = guest_setup, .teardown = guest_teardown };
