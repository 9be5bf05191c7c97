// SPDX-License-Identifier: GPL-2.0-only
/*
 * Is a private file as good to an SEV-SNP guest as KVM's own guest_memfd?
 *
 * Usage: snp native | provided | private | rehearsal. Status 3: no SEV-SNP here. "provided" is
 * "native" where kvm_private is KVM's provider of guest_memfd.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "convert.h"
#include "huge.h"
#include "launch.h"
#include "layout.h"
#include "story.h"
#include "touch.h"
#include "unit.h"

#define NO_SNP		3

/* Enough to get many of the pages that were freed just before */
#define FREE_MEMORY	(256 * MIB)

static enum kind kind;
static bool provided;

static bool is_native(void)
{
	return kind == NATIVE;
}

static bool is_private(void)
{
	return kind != NATIVE;
}

static const struct fixture native = { .wanted = is_native };
static const struct fixture private = { .wanted = is_private };

#define FILE_FLAGS	(KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED)

static int new_file(void)
{
	return file_create(MEMORY_SIZE, FILE_FLAGS);
}

static int new_huge_file(void)
{
	int file = huge_create(MEMORY_SIZE, FILE_FLAGS);

	expect_ok(file_allocate(file, 0, MEMORY_SIZE), "allocating huge pages");
	expect_backing(file, MEMORY_SIZE / HUGE_PAGE, 0, "before the guest");
	return file;
}

/* The guest would live as well in a file that the wrong provider made. */
static void expect_provider(int file)
{
	char path[32], target[64] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
	expect_ok(readlink(path, target, sizeof(target) - 1), "readlink");
	assert_non_null(strstr(target, provided ? "[kvm_private]" : "[kvm-gmem]"));
}

static void live_once(int file)
{
	struct guest guest;

	guest_start(&guest, kind, file);
	guest_live(&guest);
	guest_end(&guest);
	if (kind == NATIVE) {
		expect_provider(guest.file);
		close(guest.file);
	}
}

TEST(guest_memfd, &native)
{
	live_once(-1);
}

TEST(private_file, &private)
{
	int file = new_file();

	live_once(file);
	close(file);
}

TEST(huge_file, &private)
{
	int file = new_huge_file();

	live_once(file);
	close(file);
}

/* The host gets the pages that the guest left behind, one by one. */
static void share_and_write(int file)
{
	char *map;

	expect_ok(file_punch(file, SOURCE_GPA, PAGE), "punching after the guest");
	expect_ok(file_make_shared(file, 0, MEMORY_SIZE, 0), "sharing after the guest");
	map = file_map(file, MEMORY_SIZE);
	for (__u64 at = 0; at < MEMORY_SIZE; at += PAGE) {
		assert_int_equal(touch_write(map + at, 0x77), 0);
		expect_reads(map + at, 0x77, "page %#llx", at);
	}
	munmap(map, MEMORY_SIZE);
}

TEST(host_after_guest, &private)
{
	int file = new_file();

	live_once(file);
	share_and_write(file);
	close(file);
}

TEST(host_after_guest_in_huge_file, &private)
{
	int file = new_huge_file();

	live_once(file);
	share_and_write(file);
	close(file);
}

/* The next guest has a key and perhaps an ASID of its own. */
static void live_twice(int file)
{
	live_once(file);
	expect_ok(file_make_shared(file, 0, MEMORY_SIZE, 0), "sharing after the guest");
	live_once(file);
	close(file);
}

TEST(guest_after_guest, &private)
{
	live_twice(new_file());
}

TEST(guest_after_guest_in_huge_file, &private)
{
	live_twice(new_huge_file());
}

/* The VM keeps the file. */
TEST(file_closed_first, &private)
{
	struct guest guest;

	guest_start(&guest, kind, new_file());
	guest_live(&guest);
	close(guest.file);
	guest_end(&guest);
}

/*
 * A page that isn't the host's yet kills this test here, or the kernel log
 * tells.
 */
TEST(free_memory)
{
	char *map = mmap(NULL, FREE_MEMORY, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	assert_ptr_not_equal(map, MAP_FAILED);
	memset(map, 0x77, FREE_MEMORY);
	munmap(map, FREE_MEMORY);
}

int main(int argc, char **argv)
{
	const char *what = argc == 2 ? argv[1] : "";

	if (!strcmp(what, "native")) {
		kind = NATIVE;
	} else if (!strcmp(what, "provided")) {
		kind = NATIVE;
		provided = true;
	} else if (!strcmp(what, "private")) {
		kind = PRIVATE;
	} else if (!strcmp(what, "rehearsal")) {
		kind = REHEARSAL;
	} else {
		fprintf(stderr, "Usage: snp native | provided | private | rehearsal\n");
		return 2;
	}
	if (kind != REHEARSAL && !snp_supported()) {
		fprintf(stderr, "KVM makes no SEV-SNP guests on this machine\n");
		return NO_SNP;
	}
	return tests_run(what, NULL);
}
