// SPDX-License-Identifier: GPL-2.0-only
#include <sys/mman.h>

#include "convert.h"
#include "fdinfo.h"
#include "unit.h"

int file_convert(int fd, struct kvm_memory_attributes2 *attributes)
{
	return ioctl(fd, KVM_SET_MEMORY_ATTRIBUTES2, attributes);
}

int file_make_shared(int fd, __u64 offset, __u64 size, __u64 flags)
{
	struct kvm_memory_attributes2 attributes = {
		.offset = offset, .size = size, .flags = flags,
	};

	return file_convert(fd, &attributes);
}

int file_make_private(int fd, __u64 offset, __u64 size, __u64 flags)
{
	struct kvm_memory_attributes2 attributes = {
		.offset = offset, .size = size, .flags = flags,
		.attributes = KVM_MEMORY_ATTRIBUTE_PRIVATE,
	};

	return file_convert(fd, &attributes);
}

void expect_pinned(int fd, __u64 offset, __u64 size, __u64 pinned)
{
	struct kvm_memory_attributes2 attributes = {
		.offset = offset, .size = size, .error_offset = 1,
		.attributes = KVM_MEMORY_ATTRIBUTE_PRIVATE,
	};

	expect_error(EAGAIN, file_convert(fd, &attributes),
		     "to private, %#llx pinned", pinned);
	assert_int_equal(attributes.error_offset, pinned);
}

__u64 file_shared(int fd)
{
	return fdinfo_number(fd, "shared");
}

char *file_map(int fd, __u64 size)
{
	char *map = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

	expect_ok(map == MAP_FAILED ? -1 : 0, "mmap of %#llx bytes", size);
	return map;
}
