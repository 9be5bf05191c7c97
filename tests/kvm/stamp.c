// SPDX-License-Identifier: GPL-2.0-only
#include "device.h"
#include "stamp.h"
#include "unit.h"

static int try_fill(int fd, __u64 offset, const void *source, __u64 size)
{
	struct kvm_private_populate populate = {
		.offset = offset,
		.size = size,
		.source = (uintptr_t)source,
	};

	return file_populate(fd, &populate);
}

void file_fill(int fd, __u64 offset, const void *source, __u64 size)
{
	expect_ok(try_fill(fd, offset, source, size),
		  "KVM_PRIVATE_POPULATE at %#llx", offset);
}

int file_try_stamp(int fd, __u64 offset, __u64 size, __u64 tag)
{
	__u64 page[PAGE / sizeof(__u64)];
	__u64 at;

	for (at = offset; at < offset + size; at += PAGE) {
		for (size_t i = 0; i < ARRAY_SIZE(page); i++)
			page[i] = tag + at;
		if (try_fill(fd, at, page, PAGE))
			return -1;
	}
	return 0;
}

void file_stamp(int fd, __u64 offset, __u64 size, __u64 tag)
{
	expect_ok(file_try_stamp(fd, offset, size, tag),
		  "KVM_PRIVATE_POPULATE of a pattern");
}
