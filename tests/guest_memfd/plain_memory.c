// SPDX-License-Identifier: GPL-2.0-only
/* An ordinary guest whose memory is a file, and the host's view of it */
#include <string.h>

#include "../kvm/string_io.h"
#include "guest.h"
#include "touch.h"

#define TAG	0x4700000000000000ULL

TEST(both_see_what_the_other_writes, &guest_started)
{
	struct guest *g = *state;

	for (__u64 gpa = DATA_GPA; gpa < DATA_GPA + FILE_SIZE; gpa += PAGE) {
		assert_int_equal(guest_reads(g, gpa), 0);
		*guest_word(g, gpa) = TAG + gpa;
		assert_int_equal(guest_reads(g, gpa), TAG + gpa);
		guest_writes(g, gpa + 8, TAG + gpa + 1);
		assert_int_equal(*guest_word(g, gpa + 8), TAG + gpa + 1);
	}
}

/* The guest allocates what it touches first, and it is zero. */
TEST(guest_comes_first, &guest_started)
{
	struct guest *g = *state;

	vcpu_call(&g->cpu, guest_fill, DATA_GPA, FILE_PAGES, TAG);
	for (__u64 gpa = DATA_GPA; gpa < DATA_GPA + FILE_SIZE; gpa += 8)
		assert_int_equal(*guest_word(g, gpa), TAG + (gpa & -PAGE));
}

static void check_with_address(void *address, const char *what)
{
	struct guest guest;

	print_message("# userspace_addr is %s\n", what);
	guest_start(&guest, FILE_SIZE, SHARED, address);
	*guest_word(&guest, DATA_GPA) = TAG;
	assert_int_equal(guest_reads(&guest, DATA_GPA), TAG);
	guest_writes(&guest, DATA_GPA + PAGE, TAG + 1);
	assert_int_equal(*guest_word(&guest, DATA_GPA + PAGE), TAG + 1);
	guest_stop(&guest);
}

/* The guest gets the file, whatever memory is at the slot's host address. */
TEST(any_host_address)
{
	char *other = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *none = mmap(NULL, FILE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	memset(other, 0x77, FILE_SIZE);
	check_with_address(NULL, "0");
	check_with_address(none, "memory that nobody can touch");
	check_with_address(other, "other memory");
	for (__u64 i = 0; i < FILE_SIZE; i++)
		assert_int_equal(other[i], 0x77);
	expect_ok(mprotect(other, FILE_SIZE, PROT_READ), "mprotect");
	check_with_address(other, "other memory, to read");
	munmap(other, FILE_SIZE);
	check_with_address(other, "nothing");
	munmap(none, FILE_SIZE);
}

TEST(host_address_in_the_file)
{
	struct guest guest;

	guest_start_bare(&guest, ORDINARY, FILE_SIZE, SHARED);
	guest_add_data(&guest, guest.map);
	guest_writes(&guest, DATA_GPA, TAG);
	assert_int_equal(*guest_word(&guest, DATA_GPA), TAG);
	expect_ok(madvise(guest.map, FILE_SIZE, MADV_DONTNEED), "DONTNEED");
	assert_int_equal(guest_reads(&guest, DATA_GPA), TAG);
	guest_stop(&guest);
}

TEST(host_mapping_goes, &guest_started)
{
	struct guest *g = *state;

	guest_writes(g, DATA_GPA, TAG);
	munmap(g->map, FILE_SIZE);
	assert_int_equal(guest_reads(g, DATA_GPA), TAG);
	guest_writes(g, DATA_GPA + PAGE, TAG + 1);
	g->map = memfd_map(g->file, FILE_SIZE);
	assert_int_equal(*guest_word(g, DATA_GPA), TAG);
	assert_int_equal(*guest_word(g, DATA_GPA + PAGE), TAG + 1);
	expect_ok(mprotect(g->map, FILE_SIZE, PROT_READ), "mprotect");
	guest_writes(g, DATA_GPA, TAG + 2);
	assert_int_equal(*guest_word(g, DATA_GPA), TAG + 2);
}

TEST(punched, &guest_started)
{
	struct guest *g = *state;

	vcpu_call(&g->cpu, guest_fill, DATA_GPA, FILE_PAGES, TAG);
	expect_ok(fallocate(g->file, HOLE, 4 * PAGE, 8 * PAGE), "punch");
	for (__u64 i = 0; i < FILE_PAGES; i++) {
		__u64 gpa = DATA_GPA + i * PAGE;

		assert_int_equal(guest_reads(g, gpa), i >= 4 && i < 12 ? 0 : TAG + gpa);
		assert_int_equal(*guest_word(g, gpa), i >= 4 && i < 12 ? 0 : TAG + gpa);
	}
	guest_writes(g, DATA_GPA + 5 * PAGE, TAG);
	assert_int_equal(*guest_word(g, DATA_GPA + 5 * PAGE), TAG);
	expect_ok(fallocate(g->file, HOLE, 0, 4 * FILE_SIZE), "punch past the end");
	assert_int_equal(guest_reads(g, DATA_GPA), 0);
	assert_int_equal(guest_reads(g, DATA_GPA + FILE_SIZE - 8), 0);
}

/* Without INIT_SHARED the host can't access it, but the guest has its memory. */
TEST(out_of_the_hosts_reach)
{
	char *other = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct guest guest;

	guest_start(&guest, FILE_SIZE, MMAP, other);
	assert_int_equal(guest_reads(&guest, DATA_GPA), 0);
	vcpu_call(&guest.cpu, guest_fill, DATA_GPA, FILE_PAGES, TAG);
	assert_int_equal(vcpu_call(&guest.cpu, guest_check, DATA_GPA, FILE_PAGES, TAG), 0);
	assert_int_equal(vcpu_regs(&guest.cpu).rbx, 0);
	expect_sigbus(guest.map, "a page that the guest wrote");
	for (__u64 i = 0; i < FILE_SIZE; i++)
		assert_int_equal(other[i], 0);
	expect_ok(fallocate(guest.file, HOLE, 0, PAGE), "punch");
	assert_int_equal(guest_reads(&guest, DATA_GPA), 0);
	assert_int_equal(guest_reads(&guest, DATA_GPA + PAGE), TAG + DATA_GPA + PAGE);
	guest_stop(&guest);
	munmap(other, FILE_SIZE);
}

/*
 * A file that can't be mapped is for private memory, which this guest doesn't
 * have.
 */
TEST(file_without_flags)
{
	char *other = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct guest guest;

	guest_start(&guest, FILE_SIZE, 0, other);
	memset(other, 0x61, FILE_SIZE);
	assert_int_equal(guest_reads(&guest, DATA_GPA), 0x6161616161616161);
	guest_writes(&guest, DATA_GPA + PAGE, TAG);
	assert_int_equal(*(__u64 *)(other + PAGE), TAG);
	expect_ok(fallocate(guest.file, HOLE, 0, FILE_SIZE), "punch");
	assert_int_equal(guest_reads(&guest, DATA_GPA + PAGE), TAG);
	expect_ok(madvise(other, FILE_SIZE, MADV_DONTNEED), "DONTNEED");
	assert_int_equal(guest_reads(&guest, DATA_GPA + PAGE), 0);
	guest_stop(&guest);
	munmap(other, FILE_SIZE);
}

TEST(file_without_flags_at_no_address)
{
	struct guest guest;

	guest_start(&guest, FILE_SIZE, 0, NULL);
	vcpu_enter(&guest.cpu, guest_peek, &(struct kvm_regs){ .rdi = DATA_GPA });
	vcpu_expect(&guest.cpu, vcpu_run(&guest.cpu), -EFAULT);
	guest_stop(&guest);
}

/* Each page is mapped once, but by two slots and in the other order. */
TEST(two_slots_of_one_file)
{
	const __u64 half = FILE_SIZE / 2;
	struct guest guest;

	guest_start_bare(&guest, ORDINARY, FILE_SIZE, SHARED);
	expect_region(0, guest.vm, region_of(1, DATA_GPA, half, guest.file, half), "one");
	expect_region(0, guest.vm, region_of(2, 4 * MIB, half, guest.file, 0), "two");
	for (__u64 at = 0; at < half; at += PAGE) {
		guest_writes(&guest, DATA_GPA + at, TAG + at);
		guest_writes(&guest, 4 * MIB + at, TAG + half + at);
		assert_int_equal(*(__u64 *)(guest.map + half + at), TAG + at);
		assert_int_equal(*(__u64 *)(guest.map + at), TAG + half + at);
	}
	/* A hole across the border of both slots */
	expect_ok(fallocate(guest.file, HOLE, half - PAGE, 2 * PAGE), "punch");
	assert_int_equal(guest_reads(&guest, DATA_GPA), 0);
	assert_int_equal(guest_reads(&guest, 4 * MIB + half - PAGE), 0);
	assert_int_equal(guest_reads(&guest, DATA_GPA + PAGE), TAG + PAGE);
	assert_int_equal(guest_reads(&guest, 4 * MIB + half - 2 * PAGE),
			 TAG + 2 * half - 2 * PAGE);
	guest_stop(&guest);
}

TEST(two_processors, &guest_started)
{
	struct guest *g = *state;
	struct vcpu second;

	vcpu_open(&second, g->vm, 1);
	for (__u64 gpa = DATA_GPA; gpa < DATA_GPA + FILE_SIZE; gpa += PAGE) {
		guest_writes(g, gpa, TAG + gpa);
		assert_int_equal(vcpu_call(&second, guest_peek, gpa, 0, 0), TAG + gpa);
	}
	expect_ok(fallocate(g->file, HOLE, 0, FILE_SIZE), "punch");
	assert_int_equal(vcpu_call(&second, guest_peek, DATA_GPA, 0, 0), 0);
	assert_int_equal(guest_reads(g, DATA_GPA), 0);
	vcpu_close(&second);
}

/*
 * String I/O: KVM itself reads and writes the guest's memory, by its host
 * address.
 */
TEST(kvm_reads_and_writes_it)
{
	struct guest guest;
	__u8 data[PAGE];

	guest_start_bare(&guest, ORDINARY, FILE_SIZE, SHARED);
	guest_add_data(&guest, guest.map);
	memset(data, 0x33, sizeof(data));
	ins(&guest.cpu, DATA_GPA + PAGE - 64, data, 128);
	expect_reads(guest.map + PAGE - 64, 0x33, "first byte");
	expect_reads(guest.map + PAGE + 63, 0x33, "last byte");
	expect_reads(guest.map + PAGE + 64, 0, "the byte behind it");
	memset(guest.map, 0x34, PAGE);
	outs(&guest.cpu, DATA_GPA + PAGE - 64, data, 128);
	assert_int_equal(data[63], 0x34);
	assert_int_equal(data[64], 0x33);
	guest_stop(&guest);
}

/*
 * The guest's own tables are in the file. A KVM that shadows them (without nested
 * paging) walks them, writes to them, and compares their entries.
 */
TEST(page_tables)
{
	volatile __u64 *directory, *table;
	struct guest guest;

	guest_start(&guest, FILE_SIZE, SHARED, NULL);
	directory = (volatile __u64 *)(guest.low + FINE_PD_GPA);
	table = (volatile __u64 *)guest.map;
	for (__u64 i = 0; i < 3; i++)
		table[i] = (DATA_GPA + (4 + i) * PAGE) | PTE_PRESENT | PTE_WRITE;
	directory[0] = DATA_GPA | PTE_PRESENT | PTE_WRITE;

	for (__u64 i = 0; i < 3; i++) {
		guest_writes(&guest, FINE_VA + i * PAGE, TAG + i);
		assert_int_equal(*guest_word(&guest, DATA_GPA + (4 + i) * PAGE), TAG + i);
		assert_int_equal(table[i] & (PTE_ACCESSED | PTE_DIRTY),
				 PTE_ACCESSED | PTE_DIRTY);
	}
	assert_int_equal(table[3], 0);
	guest_stop(&guest);
}

TEST_MAIN("guest_memfd: plain memory")
