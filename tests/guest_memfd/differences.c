// SPDX-License-Identifier: GPL-2.0-only
/*
 * Where files of KVM_CREATE_GUEST_MEMFD behave differently from Linux's when
 * kvm_private provides them. Not for other KVMs.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "../kvm/stamp.h"
#include "../kvm/string_io.h"
#include "convert.h"
#include "guest.h"
#include "meminfo.h"
#include "touch.h"

#define TAG	0x5800000000000000ULL
#define GUEST_MEMFD_MAGIC 0x474d454d

/* The slot keeps the file: closing the last descriptor removes no page. */
TEST(slot_keeps_the_file, &guest_started)
{
	struct guest *g = *state;

	vcpu_call(&g->cpu, guest_fill, DATA_GPA, FILE_PAGES / 2, TAG);
	munmap(g->map, FILE_SIZE);
	g->map = NULL;
	close(g->file);
	g->file = -1;
	assert_int_equal(guest_reads(g, DATA_GPA), TAG + DATA_GPA);
	guest_writes(g, DATA_GPA + FILE_SIZE - PAGE, TAG);
	assert_int_equal(guest_reads(g, DATA_GPA + FILE_SIZE - PAGE), TAG);
	assert_int_equal(vcpu_pre_fault(&g->cpu, DATA_GPA, FILE_SIZE), 0);
}

TEST(deleted_slot_lets_it_go)
{
	__u64 before = settled_memfree();
	struct guest g;

	guest_start(&g, 64 * MIB, SHARED, NULL);
	expect_ok(fallocate(g.file, FALLOC_FL_KEEP_SIZE, 0, 64 * MIB), "allocate");
	munmap(g.map, 64 * MIB);
	g.map = NULL;
	close(g.file);
	g.file = -1;
	assert_true(meminfo_line("MemFree") < before - 64 * MIB + MEMINFO_NOISE);
	expect_ok(region_delete(g.vm, DATA_SLOT), "delete");
	wait_for_memfree(before - 2 * MEMINFO_NOISE);
	guest_stop(&g);
}

/* Linux's fail with EINVAL; memfd's succeed. */
TEST(syncing, &pair_shared)
{
	struct pair *p = *state;
	char *map = memfd_map(p->file, FILE_SIZE);

	map[0] = 1;
	expect_ok(fsync(p->file), "fsync");
	expect_ok(fdatasync(p->file), "fdatasync");
	expect_ok(msync(map, FILE_SIZE, MS_SYNC), "MS_SYNC");
	assert_int_equal(map[0], 1);
	munmap(map, FILE_SIZE);
}

TEST(tells_what_is_allocated, &pair, &pair_shared)
{
	struct pair *p = *state;
	struct stat stat;

	expect_ok(fallocate(p->file, FALLOC_FL_KEEP_SIZE, 4 * PAGE, 2 * PAGE), "allocate");
	expect_ok(fstat(p->file, &stat), "fstat");
	assert_int_equal(stat.st_blocks * 512, 2 * PAGE);
	assert_int_equal(lseek(p->file, 0, SEEK_DATA), 4 * PAGE);
	assert_int_equal(lseek(p->file, 4 * PAGE, SEEK_HOLE), 6 * PAGE);
	expect_error(ENXIO, lseek(p->file, 6 * PAGE, SEEK_DATA), "no more data");
	assert_int_equal(lseek(p->file, 0, SEEK_END), FILE_SIZE);
	expect_ok(fallocate(p->file, HOLE, 0, 2 * FILE_SIZE), "punch");
	assert_int_equal(file_allocated(p->file), 0);
}

/*
 * For a guest without private memory the attribute of a page says only whether the
 * host may touch it.
 */
TEST(converting_under_a_guest, &guest_started)
{
	struct guest *g = *state;

	vcpu_call(&g->cpu, guest_fill, DATA_GPA, FILE_PAGES, TAG);
	expect_ok(file_make_private(g->file, 0, FILE_SIZE, 0), "private");
	expect_sigbus(g->map, "private page");
	assert_int_equal(guest_reads(g, DATA_GPA), TAG + DATA_GPA);
	guest_writes(g, DATA_GPA, TAG + 1);
	assert_int_equal(vcpu_pre_fault(&g->cpu, DATA_GPA, FILE_SIZE), 0);
	expect_ok(file_make_shared(g->file, 0, PAGE, 0), "shared");
	assert_int_equal(*guest_word(g, DATA_GPA), TAG + 1);
	expect_sigbus(g->map + PAGE, "page that stays private");
	guest_writes(g, DATA_GPA + PAGE, TAG + 2);
	expect_ok(file_make_shared(g->file, PAGE, PAGE, 0), "the next one");
	assert_int_equal(*guest_word(g, DATA_GPA + PAGE), TAG + 2);
	assert_int_equal(file_shared(g->file), 2 * PAGE);
}

TEST(conversion_is_refused, &pair_shared)
{
	struct pair *p = *state;

	expect_error(EINVAL, file_make_private(p->file, 0, FILE_SIZE + PAGE, 0), "long");
	expect_error(EINVAL, file_make_private(p->file, 1, PAGE, 0), "unaligned");
	expect_error(EINVAL, file_make_private(p->file, 0, 0, 0), "empty");
	for (int bit = 0; bit < 64; bit++)
		expect_error(EINVAL, file_make_private(p->file, 0, PAGE, 1ULL << bit),
			     "flag %d", bit);
	assert_int_equal(file_shared(p->file), FILE_SIZE);
}

/* The kernel fills the pages, for a guest whose memory the host can't map. */
TEST(populating)
{
	struct guest guest;

	guest_start(&guest, FILE_SIZE, MMAP, NULL);
	file_stamp(guest.file, 0, FILE_SIZE, TAG);
	assert_int_equal(guest_reads(&guest, DATA_GPA + 3 * PAGE), TAG + 3 * PAGE);
	expect_sigbus(guest.map, "filled page");
	guest_stop(&guest);
}

/*
 * KVM's own accesses work, too, where the slot has no host address. Linux's
 * would find no memory there.
 */
TEST(emulator_needs_no_address, &guest_started)
{
	struct guest *g = *state;
	__u8 data[64];

	memset(data, 0x44, sizeof(data));
	ins(&g->cpu, DATA_GPA + PAGE - 32, data, sizeof(data));
	expect_reads(g->map + PAGE - 32, 0x44, "first byte");
	expect_reads(g->map + PAGE + 31, 0x44, "last byte");
	memset(g->map, 0x45, PAGE);
	outs(&g->cpu, DATA_GPA + PAGE - 32, data, sizeof(data));
	assert_int_equal(data[0], 0x45);
	assert_int_equal(data[63], 0x44);
}

/* The file's name tells it from the kernel's own. */
TEST(name, &pair)
{
	struct pair *p = *state;
	char path[64], target[64] = "";
	struct statfs statfs;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", p->file);
	expect_ok(readlink(path, target, sizeof(target) - 1), "readlink");
	assert_string_equal(target, "/[kvm_private] (deleted)");
	expect_ok(fstatfs(p->file, &statfs), "fstatfs");
	assert_int_not_equal(statfs.f_type, GUEST_MEMFD_MAGIC);
}

static unsigned long kernel_major(void)
{
	struct utsname name;

	expect_ok(uname(&name), "uname");
	return strtoul(name.release, NULL, 10);
}

/* Drivers' mappings aren't merged, and the kernel puts none into a core dump. */
TEST(drivers_mapping, &pair_shared)
{
	struct pair *p = *state;
	char *place = mmap(NULL, FILE_SIZE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	char *map = mmap(place, 4 * PAGE, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_FIXED, p->file, 0);

	assert_ptr_equal(map, place);
	expect_error(EINVAL, madvise(map, PAGE, MADV_DODUMP), "DODUMP");
	expect_result(kernel_major() < 7 ? 0 : EINVAL, madvise(map, PAGE, MADV_DOFORK),
		      "DOFORK");
	munmap(place + 4 * PAGE, FILE_SIZE - 4 * PAGE);
	assert_ptr_equal(mremap(map, 4 * PAGE, 8 * PAGE, 0), MAP_FAILED);
	assert_int_equal(errno, ENOMEM);
	map[0] = 0x63;
	expect_reads(map, 0x63, "mapping that didn't grow");
	munmap(map, 4 * PAGE);
}

TEST(says_so)
{
	FILE *file = fopen("/sys/module/kvm/parameters/guest_memfd_provider", "r");
	char line[64] = "";
	struct stat mode;

	assert_non_null(file);
	assert_non_null(fgets(line, sizeof(line), file));
	fclose(file);
	assert_string_equal(line, "kvm_private\n");
	expect_ok(stat("/sys/module/kvm/parameters/guest_memfd_provider", &mode), "stat");
	assert_int_equal(mode.st_mode & 0777, 0444);
}

TEST_MAIN("guest_memfd: ours differs")
