// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "device.h"
#include "guests.h"
#include "layout.h"
#include "stamp.h"
#include "unit.h"
#include "vm.h"

int vm_create(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int vm;

	if (kvm < 0)
		fail_msg("Can't open /dev/kvm (%s): is the patched KVM loaded?",
			 strerror(errno));
	vm = ioctl(kvm, KVM_CREATE_VM, KVM_X86_SW_PROTECTED_VM);
	if (vm < 0)
		fail_msg("Can't create a software-protected VM: %s", strerror(errno));
	close(kvm);
	return vm;
}

static void *nowhere;

static void reserve(void)
{
	nowhere = mmap(NULL, 1UL << 40, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	assert_ptr_not_equal(nowhere, MAP_FAILED);
}

/*
 * One reservation for all slots: no access to it is ever right, so that they
 * can share it.
 */
static void *no_access(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, reserve);
	return nowhere;
}

int vm_try_slot(int vm, const struct slot *slot)
{
	struct kvm_userspace_memory_region2 region = {
		.slot = slot->id,
		.flags = KVM_MEM_GUEST_MEMFD,
		.guest_phys_addr = slot->gpa,
		.memory_size = slot->size,
		.userspace_addr = (uintptr_t)(slot->host ?: no_access()),
		.guest_memfd_offset = slot->offset,
		.guest_memfd = slot->file,
	};

	return ioctl(vm, KVM_SET_USER_MEMORY_REGION2, &region);
}

int vm_try_attributes(int vm, __u64 gpa, __u64 size, bool private)
{
	struct kvm_memory_attributes attributes = {
		.address = gpa,
		.size = size,
		.attributes = private ? KVM_MEMORY_ATTRIBUTE_PRIVATE : 0,
	};

	return ioctl(vm, KVM_SET_MEMORY_ATTRIBUTES, &attributes);
}

void vm_add_slot(int vm, const struct slot *slot)
{
	expect_ok(vm_try_slot(vm, slot), "adding slot %u", slot->id);
	expect_ok(vm_try_attributes(vm, slot->gpa, slot->size, true),
		  "making slot %u private", slot->id);
}

void vm_delete_slot(int vm, __u32 id)
{
	struct kvm_userspace_memory_region2 region = { .slot = id };

	expect_ok(ioctl(vm, KVM_SET_USER_MEMORY_REGION2, &region),
		  "deleting slot %u", id);
}

int vm_native_file(int vm, __u64 size)
{
	struct kvm_create_guest_memfd create = { .size = size };

	return expect_ok(ioctl(vm, KVM_CREATE_GUEST_MEMFD, &create),
			 "KVM_CREATE_GUEST_MEMFD");
}

static const void *make_tables(void)
{
	static __u64 tables[TABLES_SIZE / PAGE][PAGE / sizeof(__u64)];
	const __u64 used = PTE_PRESENT | PTE_WRITE | PTE_ACCESSED;
	__u64 *pd = tables[(PD_GPA - PML4_GPA) / PAGE];

	tables[0][0] = PDPT_GPA | used;
	tables[1][0] = PD_GPA | used;
	tables[1][FINE_VA >> 30] = FINE_PD_GPA | used;
	tables[1][FAR_GPA >> 30] = FAR_GPA | used | PTE_DIRTY | PTE_LARGE;
	for (__u64 i = 0; i < PAGE / sizeof(*pd); i++)
		pd[i] = i << 21 | used | PTE_DIRTY | PTE_LARGE;
	tables[(FINE_PD_GPA - PML4_GPA) / PAGE][0] = FINE_PT_GPA | used;
	return tables;
}

void vm_load(int file, __u64 offset)
{
	file_fill(file, offset + PML4_GPA, make_tables(), TABLES_SIZE);
	file_fill(file, offset + CODE_GPA, guests_begin, CODE_SIZE);
}

void vm_load_at(char *memory)
{
	memcpy(memory + PML4_GPA, make_tables(), TABLES_SIZE);
	memcpy(memory + CODE_GPA, guests_begin, CODE_SIZE);
}
