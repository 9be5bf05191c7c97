// SPDX-License-Identifier: GPL-2.0-only
#include <dirent.h>
#include <sys/stat.h>
#include <unistd.h>

#include "device.h"
#include "unit.h"

int device_open(void)
{
	return expect_ok(open(KVM_PRIVATE_DEVICE, O_RDWR | O_CLOEXEC),
			 "open %s (is kvm_private loaded, and are you root?)",
			 KVM_PRIVATE_DEVICE);
}

int file_try_create(int device, __u64 size, __u64 flags)
{
	struct kvm_private_create create = { .size = size, .flags = flags };

	return ioctl(device, KVM_PRIVATE_CREATE, &create);
}

int file_create_on(int device, __u64 size, __u64 flags)
{
	return expect_ok(file_try_create(device, size, flags),
			 "create a file of %#llx bytes with flags %#llx",
			 size, flags);
}

int file_create(__u64 size, __u64 flags)
{
	int device = device_open();
	int fd = file_create_on(device, size, flags);

	close(device);
	return fd;
}

int file_allocate(int fd, __u64 offset, __u64 size)
{
	return fallocate(fd, 0, offset, size);
}

int file_punch(int fd, __u64 offset, __u64 size)
{
	return fallocate(fd, HOLE, offset, size);
}

int file_populate(int fd, struct kvm_private_populate *populate)
{
	return ioctl(fd, KVM_PRIVATE_POPULATE, populate);
}

__u64 file_allocated(int fd)
{
	struct stat st;

	expect_ok(fstat(fd, &st), "fstat");
	return st.st_blocks * 512ULL;
}

bool fd_is_open(int fd)
{
	return fcntl(fd, F_GETFD) != -1;
}

unsigned int open_fds(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}
