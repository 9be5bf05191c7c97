// SPDX-License-Identifier: GPL-2.0-only
/*
 * A file outlives its VM, and the KVM that made it. It still belongs to that VM:
 * no VM of the KVM that is loaded next may use it.
 */
#include "../kvm/modules.h"
#include "guest.h"

#define VMS	4
/* More VMs than had files before, in case KVM counts them from the start again */
#define LATER_VMS	(3 * VMS)
#define ROUNDS	3

static void reload(void)
{
	modules_unload_kvm();
	modules_load();
}

static void make_files(int files[VMS])
{
	int vms[VMS];
	char *map;

	for (int i = 0; i < VMS; i++) {
		vms[i] = memfd_vm(ORDINARY);
		files[i] = memfd_create_for(vms[i], FILE_SIZE, SHARED);
		expect_region(0, vms[i], region_of(0, 0, FILE_SIZE, files[i], 0), "its VM");
		map = memfd_map(files[i], FILE_SIZE);
		map[i] = i + 1;
		munmap(map, FILE_SIZE);
	}
	for (int i = 0; i < VMS; i++)
		close(vms[i]);
}

static void expect_foreign(int vm, const int *files, int nr)
{
	for (int i = 0; i < nr; i++)
		expect_region(EINVAL, vm, region_of(0, 0, FILE_SIZE, files[i], 0),
			      "a file of before");
}

/* The first reload lets a KVM that counts from 1 begin there. */
TEST(files_of_before)
{
	int files[ROUNDS * VMS];

	for (int round = 0; round < ROUNDS; round++) {
		int *made = files + round * VMS;

		reload();
		make_files(made);
		reload();
		for (int i = 0; i < LATER_VMS; i++) {
			int vm = memfd_vm(ORDINARY);
			int own = memfd_create_for(vm, FILE_SIZE, SHARED);

			expect_foreign(vm, files, (round + 1) * VMS);
			expect_region(0, vm, region_of(0, 0, FILE_SIZE, own, 0), "own file");
			close(own);
			close(vm);
		}
	}
	for (int i = 0; i < ROUNDS * VMS; i++) {
		char *map = memfd_map(files[i], FILE_SIZE);

		assert_int_equal(map[i % VMS], i % VMS + 1);
		munmap(map, FILE_SIZE);
		close(files[i]);
	}
}

TEST_MAIN("guest_memfd: reloading")
