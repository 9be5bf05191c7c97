// SPDX-License-Identifier: GPL-2.0-only
/*
 * kvm.gmem_in_place_conversion, as Linux 7.4 has it: only files say which pages are
 * private, and all the memory of their slots is in them. To be run with
 * kvm.gmem_attributes_cap=ATTRIBUTES_CAP, too.
 */
#include <string.h>
#include <sys/stat.h>

#include "../kvm/string_io.h"
#include "convert.h"
#include "guest.h"
#include "text_file.h"
#include "touch.h"

/* Upstream's number isn't known; this is no capability of any kernel here. */
#define ATTRIBUTES_CAP	2048

#define TAG		0x6e00000000000000ULL
#define OTHER		0x6f
#define PARAMETERS	"/sys/module/kvm/parameters/"

TEST(says_so)
{
	char text[16];
	struct stat mode;

	text_file_read(PARAMETERS "gmem_in_place_conversion", text, sizeof(text));
	assert_string_equal(text, "Y\n");
	assert_int_equal(text_file_number(PARAMETERS "gmem_attributes_cap"), ATTRIBUTES_CAP);
	expect_ok(stat(PARAMETERS "gmem_in_place_conversion", &mode), "stat");
	assert_int_equal(mode.st_mode & 0777, 0444);
	expect_ok(stat(PARAMETERS "gmem_attributes_cap", &mode), "stat");
	assert_int_equal(mode.st_mode & 0777, 0444);
}

/* @attributes: those that the VM's files can hold; the VM itself holds none. */
static void expect_capabilities(int vm, long attributes)
{
	assert_int_equal(vm_cap(vm, KVM_CAP_GUEST_MEMFD), 1);
	assert_int_equal(vm_cap(vm, KVM_CAP_GUEST_MEMFD_FLAGS), SHARED);
	assert_int_equal(vm_cap(vm, KVM_CAP_MEMORY_ATTRIBUTES), 0);
	assert_int_equal(vm_cap(vm, ATTRIBUTES_CAP), attributes);
	assert_int_equal(vm_cap(vm, ATTRIBUTES_CAP - 1), 0);
	assert_int_equal(vm_cap(vm, ATTRIBUTES_CAP + 1), 0);
	assert_int_equal(vm_cap(vm, ATTRIBUTES_CAP + (1L << 32)), 0);
	assert_int_equal(vm_cap(vm, 250), 0);
}

TEST(capabilities)
{
	int vm = memfd_vm(ORDINARY);

	assert_int_equal(system_cap(KVM_CAP_GUEST_MEMFD_FLAGS), SHARED);
	assert_int_equal(system_cap(KVM_CAP_MEMORY_ATTRIBUTES), 0);
	assert_int_equal(system_cap(ATTRIBUTES_CAP), KVM_MEMORY_ATTRIBUTE_PRIVATE);
	expect_capabilities(vm, 0);
	close(vm);
	vm = memfd_vm(KVM_X86_SW_PROTECTED_VM);
	expect_capabilities(vm, KVM_MEMORY_ATTRIBUTE_PRIVATE);
	close(vm);
}

TEST(vms_hold_no_attributes)
{
	int vm = memfd_vm(KVM_X86_SW_PROTECTED_VM);

	expect_error(EINVAL, attributes_try(vm, 0, PAGE, KVM_MEMORY_ATTRIBUTE_PRIVATE),
		     "private");
	expect_error(EINVAL, attributes_try(vm, 0, PAGE, 1), "unknown");
	expect_ok(attributes_try(vm, 0, PAGE, 0), "none");
	close(vm);
}

static char *other_memory(void)
{
	char *other = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(other, MAP_FAILED);
	memset(other, OTHER, FILE_SIZE);
	return other;
}

static void assert_never_used(char *other)
{
	for (__u64 i = 0; i < FILE_SIZE; i++)
		assert_int_equal(other[i], OTHER);
	munmap(other, FILE_SIZE);
}

/* A file for a VM of a type: of KVM_CREATE_GUEST_MEMFD, or of KVM_PRIVATE_CREATE */
static void start(struct guest *g, unsigned long type, bool own, __u64 flags, void *address)
{
	if (own)
		guest_start_with(g, type, file_create(FILE_SIZE, flags), FILE_SIZE, flags);
	else
		guest_start_bare(g, type, FILE_SIZE, flags);
	guest_add_data(g, address);
}

static void all_memory_is_in(unsigned long type, bool own, __u64 flags)
{
	char *other = other_memory();
	struct guest g;

	start(&g, type, own, flags, other);
	assert_int_equal(file_shared(g.file), flags & GUEST_MEMFD_FLAG_INIT_SHARED ?
			 FILE_SIZE : 0);
	vcpu_call(&g.cpu, guest_fill, DATA_GPA, FILE_PAGES, TAG);
	assert_int_equal(file_allocated(g.file), FILE_SIZE);
	expect_ok(file_make_shared(g.file, 0, FILE_SIZE / 2, 0), "half of it shared");
	assert_int_equal(vcpu_call(&g.cpu, guest_check, DATA_GPA, FILE_PAGES, TAG), 0);
	assert_int_equal(vcpu_regs(&g.cpu).rbx, 0);
	vcpu_call(&g.cpu, guest_fill, DATA_GPA, FILE_PAGES, TAG + 1);
	expect_ok(file_make_private(g.file, 0, FILE_SIZE, 0), "private");
	assert_int_equal(vcpu_call(&g.cpu, guest_check, DATA_GPA, FILE_PAGES, TAG + 1), 0);
	assert_int_equal(vcpu_regs(&g.cpu).rbx, 0);
	expect_ok(file_make_shared(g.file, 0, FILE_SIZE, 0), "shared");
	assert_int_equal(vcpu_pre_fault(&g.cpu, DATA_GPA, FILE_SIZE), 0);
	assert_int_equal(guest_reads(&g, DATA_GPA), TAG + 1 + DATA_GPA);
	if (g.map)
		assert_int_equal(*guest_word(&g, DATA_GPA), TAG + 1 + DATA_GPA);
	expect_ok(file_punch(g.file, 0, FILE_SIZE), "punch");
	assert_int_equal(guest_reads(&g, DATA_GPA), 0);
	guest_stop(&g);
	assert_never_used(other);
}

TEST(all_memory_is_in_the_file)
{
	static const __u64 flags[] = { 0, MMAP, SHARED, GUEST_MEMFD_FLAG_INIT_SHARED };
	static const unsigned long types[] = { ORDINARY, KVM_X86_SW_PROTECTED_VM };

	for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++)
		for (unsigned int type = 0; type < ARRAY_SIZE(types); type++)
			for (int own = 0; own < 2; own++)
				all_memory_is_in(types[type], own, flags[i]);
}

/* As on upstream a guest begins with shared memory that its VMM has filled. */
TEST(image_is_placed_and_hidden)
{
	struct guest g;

	start(&g, KVM_X86_SW_PROTECTED_VM, false, SHARED, NULL);
	for (__u64 i = 0; i < FILE_SIZE; i += sizeof(__u64))
		*guest_word(&g, DATA_GPA + i) = TAG + DATA_GPA + (i & -PAGE);
	expect_ok(file_make_private(g.file, 0, FILE_SIZE, 0), "private");
	expect_sigbus(g.map, "hidden image");
	assert_int_equal(vcpu_call(&g.cpu, guest_check, DATA_GPA, FILE_PAGES, TAG), 0);
	assert_int_equal(vcpu_regs(&g.cpu).rbx, 0);
	guest_stop(&g);
}

/* KVM's emulator works wherever the guest's accesses do. */
TEST(emulator_works_in_the_file)
{
	static const __u64 flags[] = { 0, MMAP, SHARED };
	__u8 data[64], back[64];
	struct guest g;

	memset(data, 0x44, sizeof(data));
	for (unsigned int i = 0; i < ARRAY_SIZE(flags); i++) {
		char *other = other_memory();

		start(&g, KVM_X86_SW_PROTECTED_VM, false, flags[i], other);
		ins(&g.cpu, DATA_GPA + PAGE - 32, data, sizeof(data));
		assert_int_equal(guest_reads(&g, DATA_GPA + PAGE), 0x4444444444444444);
		outs(&g.cpu, DATA_GPA + PAGE - 32, back, sizeof(back));
		assert_memory_equal(data, back, sizeof(data));
		guest_stop(&g);
		assert_never_used(other);
	}
}

/*
 * The exceptions are shared pages of a file that can't be mapped: to KVM's emulator
 * they look like a device. It uses no other memory for them.
 */
TEST(emulator_and_unmappable_shared_pages)
{
	char *other = other_memory();
	struct kvm_regs regs = {
		.rsi = DATA_GPA, .rdi = DATA_GPA, .rcx = 8, .rdx = STRING_IO_PORT,
	};
	struct guest g;

	start(&g, KVM_X86_SW_PROTECTED_VM, false, 0, other);
	expect_ok(file_make_shared(g.file, 0, FILE_SIZE, 0), "shared");
	guest_writes(&g, DATA_GPA, TAG);
	vcpu_enter(&g.cpu, guest_outs, &regs);
	vcpu_expect(&g.cpu, vcpu_run(&g.cpu), KVM_EXIT_MMIO);
	assert_int_equal(g.cpu.run->mmio.phys_addr, DATA_GPA);
	assert_false(g.cpu.run->mmio.is_write);
	guest_stop(&g);
	assert_never_used(other);
}

TEST_MAIN("guest_memfd: conversion in place")
