// SPDX-License-Identifier: GPL-2.0-only
/* VMMs that are known to use guest_memfd in ways of their own */
#include <cpuid.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>

#include "../kvm/vm.h"
#include "guest.h"
#include "touch.h"

#define TAG	0x3600000000000000ULL
#define SPARSE	(1ULL << 48)
#define LOW_SIZE	(3 * GIB)
#define HIGH_SIZE	(60 * GIB)

/*
 * One sparse file for all that a guest can address: offsets are guest physical
 * addresses.
 */
struct sparse {
	int vm;
	int file;
	char *low;
	char *high;
	struct vcpu cpu;
};

/* KVM's emulator goes by the host's address, so that the slot needs one. */
static char *add_ram(struct sparse *s, __u32 slot, __u64 gpa, __u64 size)
{
	struct kvm_userspace_memory_region2 region =
		region_of(slot, gpa, size, s->file, gpa);
	char *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, s->file, gpa);

	assert_ptr_not_equal(map, MAP_FAILED);
	region.userspace_addr = (uintptr_t)map;
	expect_region(0, s->vm, region, "RAM");
	return map;
}

static void sparse_start(struct sparse *s)
{
	s->vm = memfd_vm(ORDINARY);
	s->file = memfd_create_for(s->vm, SPARSE, SHARED);
	s->low = add_ram(s, 0, 0, LOW_SIZE);
	s->high = add_ram(s, 1, 4 * GIB, HIGH_SIZE);
	vm_load_at(s->low);
	vcpu_open(&s->cpu, s->vm, 0);
}

static void sparse_stop(struct sparse *s)
{
	vcpu_close(&s->cpu);
	munmap(s->low, LOW_SIZE);
	munmap(s->high, HIGH_SIZE);
	close(s->file);
	close(s->vm);
}

/* The word at gpa as the host finds it, through a temporary mapping */
static __u64 host_reads(struct sparse *s, __u64 gpa)
{
	char *map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, s->file, gpa);
	__u64 value;

	assert_ptr_not_equal(map, MAP_FAILED);
	value = *(__u64 *)map;
	munmap(map, PAGE);
	return value;
}

static void maps(struct sparse *s, unsigned int entry, __u64 gpa)
{
	volatile __u64 *table = (volatile __u64 *)(s->low + FINE_PT_GPA);

	table[entry] = gpa | PTE_PRESENT | PTE_WRITE | PTE_ACCESSED | PTE_DIRTY;
}

TEST(one_sparse_file)
{
	static const __u64 rows[] = {
		DATA_GPA, GIB, 3 * GIB - PAGE, 4 * GIB, 4 * GIB + PAGE, 32 * GIB,
		64 * GIB - PAGE,
	};
	struct sparse s;
	struct stat stat;

	sparse_start(&s);
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		maps(&s, i, rows[i]);
		vcpu_call(&s.cpu, guest_poke, FINE_VA + i * PAGE, TAG + rows[i], 0);
	}
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		assert_int_equal(host_reads(&s, rows[i]), TAG + rows[i]);

	/* Ballooning: the guest's free pages are punched. */
	expect_ok(fallocate(s.file, HOLE, 4 * GIB, 60 * GIB), "punch");
	assert_int_equal(vcpu_call(&s.cpu, guest_peek, FINE_VA + 3 * PAGE, 0, 0), 0);
	assert_int_equal(vcpu_call(&s.cpu, guest_peek, FINE_VA + 2 * PAGE, 0, 0),
			 TAG + rows[2]);
	expect_ok(fstat(s.file, &stat), "fstat");
	assert_int_equal(stat.st_size, SPARSE);
	sparse_stop(&s);
}

/*
 * The file goes on where the guest has no RAM, but the guest's memory doesn't.
 */
TEST(gap_of_a_sparse_file)
{
	struct sparse s;
	char *plugged;

	sparse_start(&s);
	maps(&s, 0, 3 * GIB);
	maps(&s, 1, 4 * GIB - PAGE);
	maps(&s, 2, 64 * GIB);
	for (int i = 0; i < 3; i++) {
		vcpu_enter(&s.cpu, guest_poke, &(struct kvm_regs){
			   .rdi = FINE_VA + i * PAGE, .rsi = TAG });
		vcpu_expect(&s.cpu, vcpu_run(&s.cpu), KVM_EXIT_MMIO);
		vcpu_expect(&s.cpu, vcpu_run(&s.cpu), KVM_EXIT_HLT);
	}
	assert_int_equal(host_reads(&s, 3 * GIB), 0);
	assert_int_equal(host_reads(&s, 64 * GIB), 0);

	/* Memory that is plugged in later: the same file, the next range */
	plugged = add_ram(&s, 2, 64 * GIB, GIB);
	vcpu_call(&s.cpu, guest_poke, FINE_VA + 2 * PAGE, TAG, 0);
	assert_int_equal(host_reads(&s, 64 * GIB), TAG);
	munmap(plugged, GIB);
	sparse_stop(&s);
}

/* Up to the end of the processor's addresses, where KVM's slots end as well */
TEST(far_end_of_a_sparse_file)
{
	unsigned int bits = 0, unused;
	struct sparse s;
	__u64 end;

	assert_true(__get_cpuid(0x80000008, &bits, &unused, &unused, &unused));
	bits &= 0xff;
	end = bits < 48 ? 1ULL << bits : SPARSE;
	print_message("# %u bits of address\n", bits);

	sparse_start(&s);
	for (__u64 gpa = 128 * GIB; gpa <= end; gpa *= 2) {
		__u64 from = gpa - 2 * MIB;
		char *map = add_ram(&s, 2, from, 2 * MIB);

		assert_int_equal(vcpu_pre_fault(&s.cpu, from, 2 * MIB), 0);
		map[2 * MIB - 1] = 0x36;
		assert_int_equal(host_reads(&s, gpa - PAGE), 0);
		expect_region(EEXIST, s.vm, region_of(3, 100 * GIB, PAGE, s.file, from),
			      "range in use");
		expect_ok(region_delete(s.vm, 2), "delete");
		expect_reads(map + 2 * MIB - 1, 0x36, "last byte");
		munmap(map, 2 * MIB);
	}
	expect_region(EINVAL, s.vm, region_of(2, end, PAGE, s.file, end),
		      "behind the end");
	expect_ok(fallocate(s.file, HOLE, 0, SPARSE), "punch all");
	expect_reads(s.low + CODE_GPA, 0, "code");
	sparse_stop(&s);
}

/* The same offset range by another address: slots aren't bound to equal ones. */
TEST(far_offset_at_a_low_address)
{
	struct sparse s;

	sparse_start(&s);
	expect_region(0, s.vm, region_of(5, 3 * GIB, PAGE, s.file, (1ULL << 47) - PAGE),
		      "far offset");
	maps(&s, 0, 3 * GIB);
	vcpu_call(&s.cpu, guest_poke, FINE_VA, TAG, 0);
	assert_int_equal(host_reads(&s, (1ULL << 47) - PAGE), TAG);
	assert_int_equal(host_reads(&s, 3 * GIB), 0);
	sparse_stop(&s);
}

/*
 * A library VMM (1.12 to 1.16) takes a capability other than 0 as leave to give
 * all RAM a file and to make all of it private, whatever the VM's type. For a VM
 * without private memory it gets an error for that, as from a new kernel. If it
 * goes on its guest finds the common memory.
 */
TEST(all_ram_private)
{
	struct guest guest;
	char *ram = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	guest_start_bare(&guest, ORDINARY, FILE_SIZE, 0);
	assert_int_equal(vm_cap(guest.vm, KVM_CAP_GUEST_MEMFD), 1);
	assert_int_equal(vm_cap(guest.vm, KVM_CAP_MEMORY_ATTRIBUTES), 0);
	guest_add_data(&guest, ram);
	expect_error(system_cap(KVM_CAP_MEMORY_ATTRIBUTES) > 0 ? EINVAL : ENOTTY,
		     attributes_try(guest.vm, DATA_GPA, FILE_SIZE,
				    KVM_MEMORY_ATTRIBUTE_PRIVATE), "to private");
	memset(ram, 0x36, FILE_SIZE);
	assert_int_equal(guest_reads(&guest, DATA_GPA), 0x3636363636363636);
	guest_writes(&guest, DATA_GPA, TAG);
	assert_int_equal(*(__u64 *)ram, TAG);
	guest_stop(&guest);
	munmap(ram, FILE_SIZE);
}

/* The VM of a VMM that uses none of these */
TEST(no_file_at_all)
{
	char *ram = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct kvm_userspace_memory_region region = {
		.slot = DATA_SLOT, .guest_phys_addr = DATA_GPA,
		.memory_size = FILE_SIZE, .userspace_addr = (uintptr_t)ram,
		.flags = KVM_MEM_LOG_DIRTY_PAGES,
	};
	struct kvm_dirty_log log = { .slot = DATA_SLOT };
	__u64 bitmap[FILE_PAGES / 64] = { };
	struct guest guest;

	guest_start_bare(&guest, ORDINARY, FILE_SIZE, 0);
	expect_ok(ioctl(guest.vm, KVM_SET_USER_MEMORY_REGION, &region), "region");
	guest_writes(&guest, DATA_GPA + 3 * PAGE, TAG);
	assert_int_equal(*(__u64 *)(ram + 3 * PAGE), TAG);
	log.dirty_bitmap = bitmap;
	expect_ok(ioctl(guest.vm, KVM_GET_DIRTY_LOG, &log), "dirty log");
	assert_int_equal(bitmap[0], 1 << 3);
	guest_stop(&guest);
	munmap(ram, FILE_SIZE);
}

TEST_MAIN("guest_memfd: known clients")
