// SPDX-License-Identifier: GPL-2.0-only
/* Without the provider the files are KVM's own. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "memfd.h"

/* Our ioctls don't work on it. */
TEST(native_file, &pair)
{
	struct pair *p = *state;
	char path[64], target[64] = "";

	snprintf(path, sizeof(path), "/proc/self/fd/%d", p->file);
	expect_ok(readlink(path, target, sizeof(target) - 1), "readlink");
	/* Of a file system of its own in newer kernels */
	if (strcmp(target, "/[kvm-gmem] (deleted)"))
		assert_string_equal(target, "anon_inode:[kvm-gmem]");
	assert_int_equal(fcntl(p->file, F_GETFD), 0);
	expect_error(ESPIPE, lseek(p->file, 0, SEEK_DATA), "lseek");
	expect_error(ENODEV, mmap(NULL, PAGE, PROT_READ, MAP_SHARED, p->file, 0) ==
		     MAP_FAILED ? -1 : 0, "mmap");
	expect_error(ENOTTY, ioctl(p->file, KVM_SET_MEMORY_ATTRIBUTES2, target), "ioctl");
	expect_error(EOPNOTSUPP, fallocate(p->file, 0, 0, PAGE), "no KEEP_SIZE");
	expect_ok(fallocate(p->file, FALLOC_FL_KEEP_SIZE, 0, FILE_SIZE), "allocate");
	expect_ok(fallocate(p->file, HOLE, FILE_SIZE, PAGE), "punch past the end");
}

/* A stock KVM has no such parameter. */
TEST(says_so)
{
	FILE *file = fopen("/sys/module/kvm/parameters/guest_memfd_provider", "r");
	char line[64] = "native\n";

	if (file) {
		assert_non_null(fgets(line, sizeof(line), file));
		fclose(file);
	}
	assert_string_equal(line, "native\n");
}

TEST_MAIN("guest_memfd: native")
