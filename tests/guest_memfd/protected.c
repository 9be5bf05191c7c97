// SPDX-License-Identifier: GPL-2.0-only
/* Software-protected VMs with files of KVM_CREATE_GUEST_MEMFD */
#include <string.h>

#include "convert.h"
#include "guest.h"
#include "touch.h"

#define TAG	0x6900000000000000ULL

/* Slot 0 is common memory, slot 1 a file that was created with flags. */
static void start(struct guest *g, __u64 flags, void *address)
{
	guest_start_bare(g, KVM_X86_SW_PROTECTED_VM, FILE_SIZE, flags);
	guest_add_data(g, address ?: g->map);
}

TEST(flags)
{
	int vm = memfd_vm(KVM_X86_SW_PROTECTED_VM);

	close(memfd_create_for(vm, PAGE, 0));
	close(memfd_create_for(vm, PAGE, MMAP));
	expect_error(EINVAL, memfd_try(vm, PAGE, SHARED), "both");
	expect_error(EINVAL, memfd_try(vm, PAGE, GUEST_MEMFD_FLAG_INIT_SHARED), "shared");
	close(vm);
}

/*
 * The VM's attributes say whether an access goes to the file or to the other
 * memory.
 */
TEST(two_memories)
{
	char *other = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct guest g;

	start(&g, 0, other);
	guest_writes(&g, DATA_GPA, TAG);
	assert_int_equal(*(__u64 *)other, TAG);
	expect_ok(attributes_try(g.vm, DATA_GPA, FILE_SIZE, KVM_MEMORY_ATTRIBUTE_PRIVATE),
		  "to private");
	assert_int_equal(guest_reads(&g, DATA_GPA), 0);
	guest_writes(&g, DATA_GPA, TAG + 1);
	assert_int_equal(*(__u64 *)other, TAG);
	expect_ok(attributes_try(g.vm, DATA_GPA, FILE_SIZE, 0), "to shared");
	assert_int_equal(guest_reads(&g, DATA_GPA), TAG);
	guest_stop(&g);
	munmap(other, FILE_SIZE);
}

/* The library VMM of clients.c was written for such VMs. */
TEST(all_ram_private)
{
	char *ram = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct guest g;

	start(&g, 0, ram);
	expect_ok(attributes_try(g.vm, DATA_GPA, FILE_SIZE, KVM_MEMORY_ATTRIBUTE_PRIVATE),
		  "to private");
	vcpu_call(&g.cpu, guest_fill, DATA_GPA, FILE_PAGES, TAG);
	assert_int_equal(vcpu_call(&g.cpu, guest_check, DATA_GPA, FILE_PAGES, TAG), 0);
	for (__u64 i = 0; i < FILE_SIZE; i++)
		assert_int_equal(ram[i], 0);
	guest_stop(&g);
	munmap(ram, FILE_SIZE);
}

TEST(converted_in_place)
{
	struct guest g;

	start(&g, MMAP, NULL);
	expect_sigbus(g.map, "new file's page");
	vcpu_call(&g.cpu, guest_fill, DATA_GPA, FILE_PAGES, TAG);
	expect_ok(file_make_shared(g.file, 0, FILE_SIZE / 2, 0), "shared");
	assert_int_equal(*guest_word(&g, DATA_GPA), TAG + DATA_GPA);
	*guest_word(&g, DATA_GPA) = TAG + 1;
	assert_int_equal(guest_reads(&g, DATA_GPA), TAG + 1);
	expect_sigbus(g.map + FILE_SIZE / 2, "page that stays private");
	expect_ok(file_make_private(g.file, 0, FILE_SIZE, 0), "private");
	assert_int_equal(guest_reads(&g, DATA_GPA), TAG + 1);
	expect_sigbus(g.map, "private page");
	assert_int_equal(vcpu_pre_fault(&g.cpu, DATA_GPA, FILE_SIZE), 0);
	guest_stop(&g);
}

/*
 * Private and shared pages are both in the file, whatever memory is at the
 * address.
 */
TEST(never_the_host_address)
{
	char *other = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct guest g;

	memset(other, 0x69, FILE_SIZE);
	start(&g, MMAP, other);
	assert_int_equal(guest_reads(&g, DATA_GPA), 0);
	expect_ok(file_make_shared(g.file, 0, FILE_SIZE, 0), "shared");
	assert_int_equal(guest_reads(&g, DATA_GPA), 0);
	guest_writes(&g, DATA_GPA, TAG);
	assert_int_equal(*guest_word(&g, DATA_GPA), TAG);
	for (__u64 i = 0; i < FILE_SIZE; i++)
		assert_int_equal(other[i], 0x69);
	guest_stop(&g);
	munmap(other, FILE_SIZE);
}

TEST(foreign_files)
{
	int vm = memfd_vm(KVM_X86_SW_PROTECTED_VM), ordinary = memfd_vm(ORDINARY);
	int file = memfd_create_for(ordinary, PAGE, SHARED);
	int own = memfd_create_for(vm, PAGE, MMAP);

	expect_region(EINVAL, vm, region_of(0, 0, PAGE, file, 0), "ordinary VM's file");
	expect_region(EINVAL, ordinary, region_of(0, 0, PAGE, own, 0), "protected VM's");
	expect_region(0, vm, region_of(0, 0, PAGE, own, 0), "own");
	expect_region(EINVAL, vm, region_of(1 << 16, 0, PAGE, own, 0),
		      "second address space");
	close(own);
	close(file);
	close(ordinary);
	close(vm);
}

TEST(slot_flags)
{
	int vm = memfd_vm(KVM_X86_SW_PROTECTED_VM);
	int file = memfd_create_for(vm, PAGE, MMAP);
	struct kvm_userspace_memory_region2 region = region_of(0, 0, PAGE, file, 0);

	region.flags |= KVM_MEM_READONLY;
	expect_region(EINVAL, vm, region, "READONLY");
	region.flags = KVM_MEM_GUEST_MEMFD | KVM_MEM_LOG_DIRTY_PAGES;
	expect_region(EINVAL, vm, region, "LOG_DIRTY_PAGES");
	region.flags = KVM_MEM_READONLY;
	expect_region(0, vm, region, "READONLY, no file");
	close(file);
	close(vm);
}

TEST_MAIN("guest_memfd: protected VMs")
