// SPDX-License-Identifier: GPL-2.0-only
/* VMs, files, slots and mappings end in every order, and all memory comes back. */
#include <string.h>

#include "guest.h"
#include "meminfo.h"
#include "touch.h"

#define TAG	0x7500000000000000ULL
#define SIZE	(64 * MIB)

enum part { SLOT, FD, MAPPING, VCPU, VM, PARTS };

static const char *const names[] = { "slot", "fd", "mapping", "vCPU", "VM" };

static void end(struct guest *g, enum part part)
{
	switch (part) {
	case SLOT:
		expect_ok(region_delete(g->vm, DATA_SLOT), "delete");
		break;
	case FD:
		close(g->file);
		break;
	case MAPPING:
		munmap(g->map, SIZE);
		break;
	case VCPU:
		vcpu_close(&g->cpu);
		break;
	default:
		close(g->vm);
		munmap(g->low, DATA_GPA);
	}
}

static void in_order(const enum part *order)
{
	__u64 before = settled_memfree();
	struct guest g;

	print_message("# %s, %s, %s, %s, %s\n", names[order[0]], names[order[1]],
		      names[order[2]], names[order[3]], names[order[4]]);
	guest_start(&g, SIZE, SHARED, NULL);
	vcpu_call(&g.cpu, guest_fill, DATA_GPA, FILE_PAGES, TAG);
	expect_ok(fallocate(g.file, FALLOC_FL_KEEP_SIZE, 0, SIZE), "allocate");
	assert_true(meminfo_line("MemFree") < before - SIZE + MEMINFO_NOISE);
	for (int i = 0; i < PARTS; i++)
		end(&g, order[i]);
	wait_for_memfree(before - MEMINFO_NOISE);
}

/* A slot can be deleted as long as its VM exists. */
TEST(all_orders)
{
	static const enum part orders[][PARTS] = {
		{ SLOT, FD, MAPPING, VCPU, VM },
		{ FD, SLOT, MAPPING, VCPU, VM },
		{ FD, MAPPING, SLOT, VCPU, VM },
		{ FD, MAPPING, VCPU, SLOT, VM },
		{ MAPPING, FD, VCPU, SLOT, VM },
		{ VCPU, SLOT, VM, MAPPING, FD },
		{ SLOT, VM, VCPU, MAPPING, FD },
		{ SLOT, VM, FD, VCPU, MAPPING },
		{ SLOT, VM, FD, MAPPING, VCPU },
	};

	for (size_t i = 0; i < ARRAY_SIZE(orders); i++)
		in_order(orders[i]);
}

/* The VM ends with its slot still there. */
TEST(vm_goes_with_its_slot)
{
	__u64 before = settled_memfree();
	struct guest g;

	guest_start(&g, SIZE, SHARED, NULL);
	vcpu_call(&g.cpu, guest_fill, DATA_GPA, FILE_PAGES, TAG);
	vcpu_close(&g.cpu);
	close(g.vm);
	assert_int_equal(*guest_word(&g, DATA_GPA), TAG + DATA_GPA);
	g.map[SIZE - 1] = 1;
	expect_ok(fallocate(g.file, HOLE, 0, SIZE / 2), "punch");
	expect_reads(g.map, 0, "punched");
	expect_reads(g.map + SIZE - 1, 1, "not punched");
	expect_ok(fallocate(g.file, FALLOC_FL_KEEP_SIZE, 0, SIZE), "allocate");
	munmap(g.map, SIZE);
	close(g.file);
	munmap(g.low, DATA_GPA);
	wait_for_memfree(before - MEMINFO_NOISE);
}

TEST(mapping_is_last)
{
	__u64 before = settled_memfree();
	struct guest g;

	guest_start(&g, SIZE, SHARED, NULL);
	guest_writes(&g, DATA_GPA, TAG);
	memset(g.map + SIZE / 2, 1, SIZE / 2);
	close(g.file);
	vcpu_close(&g.cpu);
	close(g.vm);
	assert_int_equal(*guest_word(&g, DATA_GPA), TAG);
	memset(g.map, 2, SIZE);
	munmap(g.map, SIZE);
	munmap(g.low, DATA_GPA);
	wait_for_memfree(before - MEMINFO_NOISE);
}

TEST(vcpu_is_last)
{
	__u64 before = settled_memfree();
	struct guest g;

	guest_start(&g, SIZE, SHARED, NULL);
	memset(g.map, 1, SIZE);
	close(g.vm);
	guest_writes(&g, DATA_GPA, TAG);
	assert_int_equal(*guest_word(&g, DATA_GPA), TAG);
	munmap(g.map, SIZE);
	close(g.file);
	vcpu_close(&g.cpu);
	munmap(g.low, DATA_GPA);
	wait_for_memfree(before - MEMINFO_NOISE);
}

/* Many short lives: a leak in each adds up. */
TEST(many_lives)
{
	unsigned int fds = open_fds();
	__u64 before;
	struct guest g;

	guest_start(&g, MIB, SHARED, NULL);
	guest_stop(&g);
	before = settled_memfree();
	for (int i = 0; i < 40; i++) {
		guest_start(&g, MIB, i % 2 ? SHARED : MMAP, NULL);
		vcpu_call(&g.cpu, guest_fill, DATA_GPA, MIB / PAGE, TAG);
		if (i % 3)
			close(g.vm);
		guest_writes(&g, DATA_GPA, TAG);
		if (!(i % 3))
			close(g.vm);
		vcpu_close(&g.cpu);
		close(g.file);
		munmap(g.map, MIB);
		munmap(g.low, DATA_GPA);
	}
	wait_for_memfree(before - MEMINFO_NOISE);
	assert_int_equal(open_fds(), fds);
}

TEST_MAIN("guest_memfd: ends")
