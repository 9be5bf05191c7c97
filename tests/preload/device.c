// SPDX-License-Identifier: GPL-2.0-only
/* Calls where /dev/kvm_private can't be opened, or in a sandbox */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "child.h"
#include "device.h"
#include "filter.h"
#include "preloaded.h"
#include "rights.h"
#include "unit.h"
#include "vm.h"

#define EMPTY_ROOT "/tmp/preload-empty"

static void no_device(void)
{
	mkdir(EMPTY_ROOT, 0755);
	expect_ok(chroot(EMPTY_ROOT), "chroot");
}

static void expect_no_file(int vm, int error)
{
	unsigned int before = open_fds();

	expect_error(error, guest_memfd(vm, PAGE, 0), "creating");
	expect_error(error, guest_memfd(vm, PAGE, GUEST_MMAP), "creating, MMAP");
	expect_error(EINVAL, guest_memfd(vm, 1, 0), "its own errors come first");
	assert_int_equal(capability(vm, CAP_GUEST_MEMFD), 1);
	assert_int_equal(capability(vm, CAP_GUEST_MEMFD_FLAGS), 0);
	assert_int_equal(open_fds(), before);
}

/* open_fds() looks at /proc, which isn't there. */
static void missing(void *arg)
{
	int vm = vm_create();

	(void)arg;
	no_device();
	expect_error(ENOENT, guest_memfd(vm, PAGE, 0), "creating");
	expect_error(ENOENT, guest_memfd(vm, PAGE, GUEST_MMAP), "creating, MMAP");
	expect_error(EINVAL, guest_memfd(vm, 1, 0), "its own errors come first");
	assert_int_equal(capability(vm, CAP_GUEST_MEMFD), 1);
	assert_int_equal(capability(vm, CAP_GUEST_MEMFD_FLAGS), 0);
}

TEST(device_is_missing)
{
	child_run(missing, NULL);
}

static void forbidden(void *arg)
{
	int vm = vm_create();

	(void)arg;
	become_user(65534);
	expect_no_file(vm, EACCES);
}

TEST(device_is_forbidden)
{
	child_run(forbidden, NULL);
}

/*
 * In a program of its own, since the library reads the setting when the program
 * starts
 */
static int with_fallback(int forbid_it)
{
	int vm = vm_create();
	int fd;

	if (forbid_it) {
		become_user(65534);
	} else {
		fd = guest_memfd(vm, PAGE, 0);
		if (fd < 0 || !is_ours(fd))
			return 2;
		close(fd);
		no_device();
	}
	if (capability(vm, CAP_GUEST_MEMFD_FLAGS))
		return 3;
	fd = guest_memfd(vm, PAGE, 0);
	if (fd < 0)
		return errno;
	/* A native file doesn't know SEEK_DATA. */
	if (lseek(fd, 0, SEEK_DATA) != -1 || errno == ENXIO)
		return 4;
	if (guest_memfd(vm, PAGE, GUEST_MMAP) != -1 || errno != EINVAL)
		return 5;
	return 0;
}

TEST(fallback_where_asked_for)
{
	assert_int_equal(run_again(true, "1", "fallback", 0), 0);
	assert_int_equal(run_again(true, "1", "fallback", 1), 0);
	/* An empty setting counts as none. */
	assert_int_equal(run_again(true, "", "fallback", 0), ENOENT);
	assert_int_equal(run_again(true, "", "fallback", 1), EACCES);
}

static void copying_forbidden(void *arg)
{
	int vm = vm_create();
	int fd;

	(void)arg;
	forbid(SYS_process_vm_readv, EPERM);
	fd = expect_ok(guest_memfd(vm, 2 * PAGE, GUEST_MMAP), "creating");
	assert_true(is_ours(fd));
	assert_int_equal(lseek(fd, 0, SEEK_END), 2 * PAGE);
}

static void duplicating_forbidden(void *arg)
{
	int vm = vm_create();
	unsigned int before = open_fds();

	(void)arg;
	forbid(SYS_dup2, EPERM);
	expect_error(EPERM, guest_memfd(vm, PAGE, 0), "creating");
	assert_int_equal(open_fds(), before);
}

TEST(in_a_sandbox)
{
	child_run(copying_forbidden, NULL);
	child_run(duplicating_forbidden, NULL);
}

int main(int argc, char **argv)
{
	preloaded(argv);
	if (argc > 2)
		return with_fallback(atoi(argv[2]));
	return tests_run("device", NULL);
}
