// SPDX-License-Identifier: GPL-2.0-only
/* The arguments of KVM_CREATE_GUEST_MEMFD, and the files that it makes */
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include "child.h"
#include "memfd.h"
#include "memory.h"
#include "rights.h"

#define LARGEST	0x7ffffffffffff000ULL

static int vm;

static int open_vm(void **state)
{
	(void)state;
	vm = memfd_vm(ORDINARY);
	return 0;
}

static int close_vm(void **state)
{
	(void)state;
	return close(vm);
}

TEST(wrong_sizes)
{
	static const __u64 sizes[] = {
		0, 1, 511, 512, PAGE - 1, PAGE + 1, PAGE + 512, 2 * PAGE - 1,
		MIB + 8, (1ULL << 48) + 1, INT64_MAX, INT64_MAX - 1,
		1ULL << 63, (1ULL << 63) + PAGE, -PAGE, -2 * PAGE, -1, -PAGE + 1,
	};
	unsigned int fds = open_fds();

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		for (__u64 flags = 0; flags < 4; flags++)
			expect_error(EINVAL, memfd_try(vm, sizes[i], flags),
				     "size %#llx, flags %#llx", sizes[i], flags);
	assert_int_equal(open_fds(), fds);
}

TEST(right_sizes)
{
	static const __u64 sizes[] = {
		PAGE, 2 * PAGE, 3 * PAGE, MIB, 2 * MIB, GIB, GIB + PAGE,
		1ULL << 40, 1ULL << 47, 1ULL << 48, 1ULL << 52, 1ULL << 62,
		LARGEST - PAGE, LARGEST,
	};
	struct stat stat;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
		for (__u64 flags = 0; flags < 4; flags++) {
			int fd = memfd_create_for(vm, sizes[i], flags);

			expect_ok(fstat(fd, &stat), "fstat");
			assert_int_equal(stat.st_size, sizes[i]);
			close(fd);
		}
}

/* The sizes are judged after the flags, which doesn't show: both are EINVAL. */
TEST(unknown_flags)
{
	for (int bit = 2; bit < 64; bit++) {
		expect_error(EINVAL, memfd_try(vm, PAGE, 1ULL << bit), "bit %d", bit);
		expect_error(EINVAL, memfd_try(vm, PAGE, SHARED | 1ULL << bit),
			     "bit %d beside the known ones", bit);
	}
	expect_error(EINVAL, memfd_try(vm, PAGE, ~0ULL), "all bits");
}

TEST(reserved_fields_are_ignored)
{
	for (size_t i = 0; i < 6; i++) {
		struct kvm_create_guest_memfd create = { .size = PAGE };

		create.reserved[i] = ~0ULL;
		close(expect_ok(ioctl(vm, KVM_CREATE_GUEST_MEMFD, &create),
				"reserved[%zu]", i));
	}
}

TEST(bad_arguments)
{
	unsigned int fds = open_fds();
	struct kvm_create_guest_memfd *tail;
	char *page = guarded_map(PAGE);

	for (size_t i = 0; bad_pointers[i].name; i++)
		expect_error(EFAULT, ioctl(vm, KVM_CREATE_GUEST_MEMFD,
					   bad_pointers[i].pointer),
			     "%s", bad_pointers[i].name);

	tail = guarded_tail(page, sizeof(*tail));
	memset(tail, 0, sizeof(*tail));
	tail->size = PAGE;
	close(expect_ok(ioctl(vm, KVM_CREATE_GUEST_MEMFD, tail), "exact struct"));
	memmove(page + PAGE - sizeof(*tail) + 1, tail, sizeof(*tail) - 1);
	expect_error(EFAULT, ioctl(vm, KVM_CREATE_GUEST_MEMFD,
				   page + PAGE - sizeof(*tail) + 1),
		     "struct that is a byte short");
	guarded_unmap(page, PAGE);
	assert_int_equal(open_fds(), fds);
}

/* The struct is only read, and never written back. */
TEST(argument_stays_as_it_is)
{
	char *page = guarded_map(PAGE);
	struct kvm_create_guest_memfd *create = (void *)page;

	memset(page, 0x5a, PAGE);
	create->size = 4 * PAGE;
	create->flags = SHARED;
	make_read_only(page);
	close(expect_ok(ioctl(vm, KVM_CREATE_GUEST_MEMFD, create), "read-only"));
	guarded_unmap(page, PAGE);
}

TEST(not_of_another_fd)
{
	struct kvm_create_guest_memfd create = { .size = PAGE };
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);
	int vcpu = expect_ok(ioctl(vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");
	int file = memfd_create_for(vm, PAGE, 0);

	expect_error(EINVAL, ioctl(kvm, KVM_CREATE_GUEST_MEMFD, &create), "/dev/kvm");
	expect_error(EINVAL, ioctl(vcpu, KVM_CREATE_GUEST_MEMFD, &create), "vCPU");
	expect_error(ENOTTY, ioctl(file, KVM_CREATE_GUEST_MEMFD, &create), "file");
	close(file);
	close(vcpu);
	close(kvm);
}

/* A VM belongs to the process that made it. */
static void try_as_another(void *arg)
{
	(void)arg;
	expect_error(EIO, memfd_try(vm, PAGE, 0), "another process");
	expect_error(EIO, memfd_try(vm, 1, -1), "whose arguments are wrong");
}

TEST(by_another_process)
{
	child_run(try_as_another, NULL);
}

static void use_up_descriptors(void *arg)
{
	struct rlimit limit = { 64, 64 };
	int fd;

	(void)arg;
	vm = memfd_vm(ORDINARY);
	expect_ok(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
	do {
		fd = memfd_try(vm, PAGE, 0);
	} while (fd >= 0 && fd < 64);
	assert_int_equal(fd, -1);
	assert_int_equal(errno, EMFILE);
	expect_error(EMFILE, memfd_try(vm, PAGE, SHARED), "once more");
	expect_error(EINVAL, memfd_try(vm, PAGE, 1ULL << 63),
		     "unknown flag and no descriptor");
	expect_error(EINVAL, memfd_try(vm, 1, 0), "bad size and no descriptor");
	close(63);
	assert_int_equal(memfd_try(vm, PAGE, 0), 63);
}

TEST(no_descriptor_left)
{
	child_run(use_up_descriptors, NULL);
}

TEST(descriptor)
{
	int lowest = dup(vm), fd;

	close(lowest);
	fd = memfd_create_for(vm, PAGE, 0);
	assert_int_equal(fd, lowest);
	assert_int_equal(fcntl(fd, F_GETFD), 0);
	assert_int_equal(fcntl(fd, F_GETFL) & O_ACCMODE, O_RDWR);
	/* The remaining flag is O_LARGEFILE, which the C library knows as 0. */
	assert_int_equal(fcntl(fd, F_GETFL) & ~O_ACCMODE, 0100000);
	close(fd);
}

TEST(files_are_different)
{
	int first = memfd_create_for(vm, PAGE, 0);
	int second = memfd_create_for(vm, 2 * PAGE, 0);
	struct stat one, two;

	expect_ok(fstat(first, &one), "fstat");
	expect_ok(fstat(second, &two), "fstat");
	assert_int_equal(one.st_dev, two.st_dev);
	assert_int_not_equal(one.st_ino, two.st_ino);
	assert_int_equal(one.st_size, PAGE);
	assert_int_equal(two.st_size, 2 * PAGE);
	close(first);
	close(second);
}

/* guest_memfd's users never needed a limit of locked memory. */
static void fill_a_file(void *arg)
{
	int fd;

	(void)arg;
	vm = memfd_vm(ORDINARY);
	limit_locked_memory(0);
	become_user(5000);
	fd = memfd_create_for(vm, 4 * MIB, SHARED);
	expect_ok(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, 4 * MIB), "fallocate");
	memset(memfd_map(fd, 4 * MIB), 1, 4 * MIB);
	close(fd);
}

TEST(without_any_right)
{
	child_run(fill_a_file, NULL);
}

/* Thousands of files: nothing adds up. */
TEST(many)
{
	int fds[500];

	for (int round = 0; round < 4; round++) {
		for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
			fds[i] = memfd_create_for(vm, 1ULL << 48, round);
		for (size_t i = 0; i < ARRAY_SIZE(fds); i++)
			close(fds[i]);
	}
}

TEST_MAIN("guest_memfd: creation", .setup = open_vm, .teardown = close_vm)
