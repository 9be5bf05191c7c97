// SPDX-License-Identifier: GPL-2.0-only
/* The files of KVM_CREATE_GUEST_MEMFD, and its errors */
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "child.h"
#include "device.h"
#include "fdinfo.h"
#include "memory.h"
#include "preloaded.h"
#include "unit.h"
#include "vm.h"

static int vm, ordinary;
static unsigned int fds_before;

static void no_fd_is_left(void)
{
	assert_int_equal(open_fds(), fds_before);
}

TEST(unknown_flags)
{
	for (int bit = 0; bit < 64; bit++) {
		__u64 flag = 1ULL << bit;

		expect_error(EINVAL, guest_memfd(ordinary, PAGE, flag),
			     "an ordinary VM, bit %d", bit);
		if (flag == GUEST_MMAP)
			continue;
		expect_error(EINVAL, guest_memfd(vm, PAGE, flag), "bit %d", bit);
		expect_error(EINVAL, guest_memfd(vm, PAGE, flag | GUEST_MMAP),
			     "MMAP and bit %d", bit);
	}
	no_fd_is_left();
}

TEST(bad_sizes)
{
	static const __u64 sizes[] = {
		0, 1, PAGE - 1, PAGE + 1, 1ULL << 63, -PAGE, UINT64_MAX,
		LLONG_MAX,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(sizes); i++) {
		expect_error(EINVAL, guest_memfd(vm, sizes[i], 0), "%#llx", sizes[i]);
		expect_error(EINVAL, native_guest_memfd(vm, sizes[i], 0),
			     "%#llx, natively", sizes[i]);
	}
	no_fd_is_left();
}

/* An error of the kernel's, not a signal */
TEST(bad_pointers_fault)
{
	void *start = guarded_map(PAGE);
	struct kvm_create_guest_memfd *create =
		guarded_tail(start, sizeof(*create));

	for (const struct bad_pointer *bad = bad_pointers; bad->name; bad++) {
		int wanted = native_ioctl(vm, KVM_CREATE_GUEST_MEMFD, bad->pointer);
		int error = errno;

		if (wanted >= 0) {
			/*
			 * A pointer that is bad in the table is readable on this
			 * machine.
			 */
			close(wanted);
			continue;
		}
		expect_error(error, ioctl(vm, KVM_CREATE_GUEST_MEMFD, bad->pointer),
			     "%s", bad->name);
	}

	create->size = PAGE;
	close(expect_ok(ioctl(vm, KVM_CREATE_GUEST_MEMFD, create), "the last bytes"));
	expect_error(EFAULT, ioctl(vm, KVM_CREATE_GUEST_MEMFD, (char *)create + 1),
		     "one byte too far");
	make_read_only(start);
	close(expect_ok(ioctl(vm, KVM_CREATE_GUEST_MEMFD, create), "read-only"));
	guarded_unmap(start, PAGE);
	no_fd_is_left();
}

TEST(wrong_descriptors)
{
	static const int fds[] = { -1, 100000, INT_MIN, INT_MAX };

	for (unsigned int i = 0; i < ARRAY_SIZE(fds); i++)
		expect_error(EBADF, guest_memfd(fds[i], PAGE, 0), "%d", fds[i]);
}

struct fd_limit {
	unsigned int spare;
	int error;
};

/* The number that the next descriptor gets */
static int next_fd(void)
{
	int fd = expect_ok(dup(vm), "dup");

	close(fd);
	return fd;
}

static void create_at_limit(void *arg)
{
	const struct fd_limit *limit = arg;
	int vm = vm_create();
	struct rlimit files;
	int probe, fd;

	/* Fills the gaps: from here on all numbers are free. */
	for (unsigned int i = 0; i < 32; i++)
		expect_ok(dup(vm), "dup");
	probe = next_fd();
	files.rlim_cur = probe + limit->spare;
	files.rlim_max = files.rlim_cur;
	expect_ok(setrlimit(RLIMIT_NOFILE, &files), "setrlimit");
	fd = guest_memfd(vm, PAGE, 0);
	if (limit->error) {
		assert_int_equal(fd, -1);
		assert_int_equal(errno, limit->error);
		/* The failed call has left no descriptor. */
		for (unsigned int i = 0; i < limit->spare; i++)
			assert_int_equal(dup(vm), probe + (int)i);
		return;
	}
	assert_int_equal(fd, probe);
	assert_true(is_ours(fd));
}

/* The library needs two descriptors for a moment where KVM needs one. */
TEST(too_many_descriptors)
{
	struct fd_limit limits[] = { { 0, EMFILE }, { 1, EMFILE }, { 2, 0 } };

	for (unsigned int i = 0; i < ARRAY_SIZE(limits); i++)
		child_run(create_at_limit, &limits[i]);
}

static void bad_values_come_first(void *arg)
{
	const struct rlimit none = { 0, 0 };
	int vm = vm_create();

	(void)arg;
	expect_ok(setrlimit(RLIMIT_NOFILE, &none), "setrlimit");
	expect_error(EINVAL, guest_memfd(vm, 1, 0), "size");
	expect_error(EINVAL, guest_memfd(vm, PAGE, 1ULL << 40), "flags");
	expect_error(EFAULT, ioctl(vm, KVM_CREATE_GUEST_MEMFD, NULL), "pointer");
	expect_error(EMFILE, guest_memfd(vm, PAGE, 0), "nothing else is wrong");
}

TEST(order_of_errors)
{
	child_run(bad_values_come_first, NULL);
}

TEST(a_file_of_ours)
{
	struct stat status;
	int fd = expect_ok(guest_memfd(vm, 4 * PAGE, 0), "creating");

	assert_true(is_ours(fd));
	assert_int_equal(fdinfo_number(fd, "create-flags"), 0);
	expect_ok(fstat(fd, &status), "fstat");
	assert_int_equal(status.st_size, 4 * PAGE);
	expect_error(ENXIO, lseek(fd, 0, SEEK_DATA), "there is no data");
	expect_ok(file_allocate(fd, PAGE, PAGE), "fallocate");
	assert_int_equal(lseek(fd, 0, SEEK_DATA), PAGE);
	close(fd);
	no_fd_is_left();
}

TEST(a_native_file_is_another)
{
	int fd = expect_ok(native_guest_memfd(vm, 4 * PAGE, 0), "creating");

	assert_false(is_ours(fd));
	close(fd);
}

TEST(ordinary_vms_too)
{
	int fd = expect_ok(guest_memfd(ordinary, PAGE, 0), "creating");

	assert_true(is_ours(fd));
	close(fd);
}

TEST(mmap_flag)
{
	int fd = expect_ok(guest_memfd(vm, 2 * PAGE, GUEST_MMAP), "creating");
	void *map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);

	assert_int_equal(fdinfo_number(fd, "create-flags"), KVM_PRIVATE_FLAG_MMAP);
	assert_ptr_not_equal(map, MAP_FAILED);
	munmap(map, PAGE);
	close(fd);

	fd = expect_ok(guest_memfd(vm, 2 * PAGE, 0), "creating");
	map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	assert_ptr_equal(map, MAP_FAILED);
	assert_int_equal(errno, ENODEV);
	close(fd);
}

TEST(sizes)
{
	static const __u64 good[] = { PAGE, 3 * PAGE, 1ULL << 40, 1ULL << 48 };

	for (unsigned int i = 0; i < ARRAY_SIZE(good); i++) {
		int fd = expect_ok(guest_memfd(vm, good[i], 0), "%#llx", good[i]);

		assert_int_equal(lseek(fd, 0, SEEK_END), good[i]);
		close(fd);
	}
}

/* As those of guest_memfd: open after an exec, the lowest number that is free */
TEST(descriptors)
{
	int probe = next_fd();
	int first = expect_ok(guest_memfd(vm, PAGE, 0), "creating");
	int second;

	assert_int_equal(first, probe);
	probe = next_fd();
	second = expect_ok(guest_memfd(vm, PAGE, 0), "creating");
	assert_int_equal(second, probe);
	assert_int_equal(fcntl(first, F_GETFD), 0);
	assert_int_equal(fcntl(first, F_GETFL) & O_ACCMODE, O_RDWR);
	assert_int_equal(open_fds(), fds_before + 2);
	close(first);
	close(second);
}

/* KVM never looks at the reserved fields. */
TEST(reserved_is_ignored)
{
	struct kvm_create_guest_memfd create = { .size = PAGE };
	struct kvm_create_guest_memfd before;
	int fd;

	memset(create.reserved, 0xff, sizeof(create.reserved));
	before = create;
	fd = expect_ok(ioctl(vm, KVM_CREATE_GUEST_MEMFD, &create), "creating");
	assert_true(is_ours(fd));
	assert_memory_equal(&create, &before, sizeof(create));
	close(fd);
}

TEST(request_in_an_int)
{
	struct kvm_create_guest_memfd create = { .size = PAGE };
	int request = KVM_CREATE_GUEST_MEMFD;
	int fd = expect_ok(ioctl(vm, request, &create), "creating");

	assert_true(is_ours(fd));
	close(fd);
}

TEST(errno_is_left_alone)
{
	int fd;

	errno = EXDEV;
	fd = guest_memfd(vm, PAGE, 0);
	assert_int_equal(errno, EXDEV);
	assert_true(fd >= 0);
	close(fd);
	assert_int_equal(capability(vm, CAP_GUEST_MEMFD_FLAGS), GUEST_MMAP);
	assert_int_equal(errno, EXDEV);
}

static int without_library(void)
{
	int vm = vm_create();
	int fd = guest_memfd(vm, PAGE, 0);

	if (fd < 0)
		return 1;
	if (is_ours(fd))
		return 2;
	if (guest_memfd(vm, PAGE, GUEST_MMAP) != -1 || errno != EINVAL)
		return 3;
	return capability(vm, CAP_GUEST_MEMFD_FLAGS) ? 4 : 0;
}

TEST(native_without_the_library)
{
	assert_int_equal(run_again(false, NULL, "without", 0), 0);
}

static int setup(void **state)
{
	(void)state;
	vm = vm_create();
	ordinary = vm_create_ordinary();
	fds_before = open_fds();
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return without_library();
	preloaded(argv);
	return tests_run("files", &(struct fixture){ .setup = setup });
}
