// SPDX-License-Identifier: GPL-2.0-only
/* KVM_PRE_FAULT_MEMORY on slots of an ordinary VM */
#include <string.h>
#include <sys/ioctl.h>

#include "guest.h"
#include "meminfo.h"
#include "memory.h"
#include "touch.h"

#define TAG	0x5200000000000000ULL
#define END	(DATA_GPA + FILE_SIZE)

static int pre_fault(struct guest *guest, struct kvm_pre_fault_memory *range)
{
	int ret;

	do {
		ret = ioctl(guest->cpu.fd, KVM_PRE_FAULT_MEMORY, range);
	} while (ret && errno == EINTR);
	return ret;
}

static void expect_pre_fault(int error, struct guest *guest, __u64 gpa, __u64 size,
			     __u64 done)
{
	struct kvm_pre_fault_memory range = { .gpa = gpa, .size = size };

	expect_result(error, pre_fault(guest, &range), "%#llx from %#llx", size, gpa);
	assert_int_equal(range.gpa, gpa + done);
	assert_int_equal(range.size, size - done);
}

TEST(ranges, &guest_started)
{
	static const struct {
		__u64 gpa, size;
		int error;
		__u64 done;
	} rows[] = {
		{ DATA_GPA, 0, EINVAL, 0 },
		{ DATA_GPA, 1, EINVAL, 0 },
		{ DATA_GPA, PAGE - 1, EINVAL, 0 },
		{ DATA_GPA, PAGE + 512, EINVAL, 0 },
		{ DATA_GPA + 1, PAGE, EINVAL, 0 },
		{ DATA_GPA + 512, PAGE, EINVAL, 0 },
		{ -PAGE, PAGE, EINVAL, 0 },
		{ -PAGE, 2 * PAGE, EINVAL, 0 },
		{ DATA_GPA, -DATA_GPA, EINVAL, 0 },
		{ END, PAGE, ENOENT, 0 },
		{ END, FILE_SIZE, ENOENT, 0 },
		{ GIB, PAGE, ENOENT, 0 },
		{ 1ULL << 40, PAGE, ENOENT, 0 },
		{ END - PAGE, 2 * PAGE, 0, PAGE },
		{ DATA_GPA, 2 * FILE_SIZE, 0, FILE_SIZE },
		{ DATA_GPA, PAGE, 0, PAGE },
		{ DATA_GPA, FILE_SIZE, 0, FILE_SIZE },
		{ DATA_GPA, FILE_SIZE, 0, FILE_SIZE },
	};
	struct guest *g = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect_pre_fault(rows[i].error, g, rows[i].gpa, rows[i].size,
				 rows[i].done);
}

TEST(arguments, &guest_started)
{
	struct guest *g = *state;
	struct kvm_pre_fault_memory range = { .gpa = DATA_GPA, .size = PAGE };

	for (int bit = 0; bit < 64; bit++) {
		range.flags = 1ULL << bit;
		expect_error(EINVAL, pre_fault(g, &range), "flag %d", bit);
	}
	range.flags = 0;
	memset(range.padding, 0xff, sizeof(range.padding));
	expect_ok(pre_fault(g, &range), "padding");
	for (size_t i = 0; bad_pointers[i].name; i++)
		expect_error(EFAULT, ioctl(g->cpu.fd, KVM_PRE_FAULT_MEMORY,
					   bad_pointers[i].pointer),
			     "%s", bad_pointers[i].name);
}

/* The file has the pages then, whether they can be mapped or not. */
static void allocates(__u64 flags)
{
	const __u64 size = 64 * MIB;
	__u64 before = settled_memfree();
	struct guest guest;

	guest_start(&guest, size, flags, NULL);
	expect_pre_fault(0, &guest, DATA_GPA, size, size);
	assert_true(meminfo_line("MemFree") < before - size + MEMINFO_NOISE);
	expect_ok(fallocate(guest.file, HOLE, 0, size), "punch");
	wait_for_memfree(before - 2 * MEMINFO_NOISE);
	expect_pre_fault(0, &guest, DATA_GPA, size, size);
	assert_true(meminfo_line("MemFree") < before - size + MEMINFO_NOISE);
	guest_stop(&guest);
	wait_for_memfree(before - MEMINFO_NOISE);
}

TEST(allocates_shared_pages)
{
	allocates(SHARED);
}

TEST(allocates_private_pages)
{
	allocates(MMAP);
}

TEST(keeps_content, &guest_started)
{
	struct guest *g = *state;

	*guest_word(g, DATA_GPA) = TAG;
	expect_pre_fault(0, g, DATA_GPA, FILE_SIZE, FILE_SIZE);
	assert_int_equal(guest_reads(g, DATA_GPA), TAG);
	assert_int_equal(guest_reads(g, DATA_GPA + PAGE), 0);
	guest_writes(g, DATA_GPA, TAG + 1);
	expect_pre_fault(0, g, DATA_GPA, FILE_SIZE, FILE_SIZE);
	assert_int_equal(guest_reads(g, DATA_GPA), TAG + 1);
	assert_int_equal(*guest_word(g, DATA_GPA), TAG + 1);
}

/* Here the memory is the host address, which has to be mapped. */
TEST(file_without_flags)
{
	char *other = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct guest guest;

	guest_start(&guest, FILE_SIZE, 0, other);
	expect_pre_fault(0, &guest, DATA_GPA, FILE_SIZE, FILE_SIZE);
	munmap(other + PAGE, FILE_SIZE - PAGE);
	expect_pre_fault(0, &guest, DATA_GPA, FILE_SIZE, PAGE);
	expect_pre_fault(EFAULT, &guest, DATA_GPA + PAGE, PAGE, 0);
	guest_stop(&guest);
	munmap(other, PAGE);
	guest_start(&guest, FILE_SIZE, 0, NULL);
	expect_pre_fault(EFAULT, &guest, DATA_GPA, PAGE, 0);
	guest_stop(&guest);
}

TEST(deleted_slot, &guest_started)
{
	struct guest *g = *state;

	expect_pre_fault(0, g, DATA_GPA, FILE_SIZE, FILE_SIZE);
	expect_ok(region_delete(g->vm, DATA_SLOT), "delete");
	expect_pre_fault(ENOENT, g, DATA_GPA, FILE_SIZE, 0);
	guest_add_data(g, NULL);
	expect_pre_fault(0, g, DATA_GPA, FILE_SIZE, FILE_SIZE);
}

TEST_MAIN("guest_memfd: prefaulting")
