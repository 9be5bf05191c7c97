// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fdinfo.h"
#include "huge.h"
#include "numa.h"
#include "touch.h"
#include "unit.h"

/* In an entry of /proc/PID/pagemap */
#define PAGEMAP_PRESENT (1ULL << 63)
#define PAGEMAP_PFN ((1ULL << 55) - 1)

int try_create_shift(int device, __u64 size, __u64 flags, __u32 page_shift)
{
	struct kvm_private_create create = {
		.size = size, .flags = flags, .page_shift = page_shift,
	};

	return ioctl(device, KVM_PRIVATE_CREATE, &create);
}

int huge_try_create(int device, __u64 size, __u64 flags)
{
	return try_create_shift(device, size, flags, HUGE_SHIFT);
}

int file_collapse(int fd, struct kvm_private_collapse *collapse)
{
	return ioctl(fd, KVM_PRIVATE_COLLAPSE, collapse);
}

static int create_on(int device, __u64 size, __u64 flags, __u32 page_shift)
{
	return expect_ok(try_create_shift(device, size, flags, page_shift),
			 "create a file of %#llx bytes with flags %#llx in pages of 2^%u bytes",
			 size, flags, page_shift);
}

static int create(__u64 size, __u64 flags, __u32 page_shift)
{
	int device = device_open();
	int fd = create_on(device, size, flags, page_shift);

	close(device);
	return fd;
}

int huge_create_on(int device, __u64 size, __u64 flags)
{
	return create_on(device, size, flags, HUGE_SHIFT);
}

int huge_create(__u64 size, __u64 flags)
{
	return create(size, flags, HUGE_SHIFT);
}

int gigantic_create(__u64 size, __u64 flags)
{
	return create(size, flags, GIGANTIC_SHIFT);
}

/*
 * How many are reserved for others, or -1. Unless @wanted is negative it is the number
 * from now on.
 */
static int reserved_gigantic(int wanted)
{
	int fd = open("/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages",
		      O_RDWR | O_CLOEXEC);
	char text[16] = "";
	int nr = -1;

	if (fd >= 0 && read(fd, text, sizeof(text) - 1) > 0)
		nr = atoi(text);
	if (wanted >= 0 && nr >= 0) {
		snprintf(text, sizeof(text), "%d", wanted);
		if (pwrite(fd, text, strlen(text), 0) < 0)
			nr = -1;
	}
	if (fd >= 0)
		close(fd);
	return nr;
}

int gigantic_give_back(void)
{
	return reserved_gigantic(0);
}

/*
 * The module's pages have the migratetype of the kernel's own pages, so the kernel's
 * next pages come where the pages of the closed file were. Without such a place they
 * would take the largest block that was freed last. A failed allocation of a gigantic
 * page removes the place, since the allocator has made it all movable.
 */
void gigantic_leave_room(void)
{
	const __u64 room = 128 * MIB;

	for (unsigned int node = 0; node < numa_nodes(); node++) {
		int fd = file_create(room, 0);

		expect_ok(numa_set_task(MPOL_BIND, 1UL << node), "set_mempolicy");
		expect_ok(file_allocate(fd, 0, room), "room on node %u", node);
		close(fd);
	}
	expect_ok(numa_set_task(MPOL_DEFAULT, 0), "set_mempolicy");
}

/*
 * The kernel looks for pages of its own first in memory that was reserved at boot:
 * init_reserved_page() of 6.1 and 6.12 leaves it unmovable. An allocation changes that,
 * so each page is allocated here once, as soon as it is given back.
 */
int gigantic_group_setup(void **state)
{
	const int nr = reserved_gigantic(-1);
	int fd = gigantic_create(1024 * GIGANTIC_PAGE,
				 KVM_PRIVATE_FLAG_HUGE_STRICT);
	__u64 all = 0;

	(void)state;
	assert_true(nr > 0);
	for (int left = nr - 1; left >= 0; left--) {
		assert_int_equal(reserved_gigantic(left), left + 1);
		while (!file_allocate(fd, all * GIGANTIC_PAGE, PAGE))
			all++;
		assert_int_equal(errno, ENOMEM);
	}
	assert_true(all > 0);
	gigantic_leave_room();
	close(fd);
	return 0;
}

__u64 file_gigantic(int fd)
{
	return fdinfo_number(fd, "allocated-1g");
}

__u64 file_huge(int fd)
{
	return fdinfo_number(fd, "allocated-2m");
}

__u64 file_small(int fd)
{
	return fdinfo_number(fd, "allocated-4k");
}

void huge_check_backing(int fd, __u64 gigantic, __u64 huge, __u64 small,
			const char *file, int line, const char *format, ...)
{
	const __u64 all = gigantic * GIGANTIC_PAGE + huge * HUGE_PAGE +
			  small * PAGE;
	char what[128];
	va_list args;

	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	unit_check_between(file_gigantic(fd) / GIGANTIC_PAGE, gigantic, gigantic,
			   file, line, "gigantic pages: %s", what);
	unit_check_between(file_huge(fd) / HUGE_PAGE, huge, huge, file, line,
			   "huge pages: %s", what);
	unit_check_between(file_small(fd) / PAGE, small, small, file, line,
			   "base pages: %s", what);
	unit_check_between(file_allocated(fd), all, all, file, line,
			   "st_blocks: %s", what);
	unit_check_between(fdinfo_numa_total(fd), all, all, file, line,
			   "bytes on all nodes: %s", what);
}

void collapse_all(int fd, __u64 size)
{
	struct kvm_private_collapse collapse = { .size = size };

	expect_ok(file_collapse(fd, &collapse), "collapse of %#llx bytes", size);
	assert_int_equal(collapse.offset, size);
	assert_int_equal(collapse.size, 0);
}

__u64 mapped_pfn(const void *address)
{
	int fd = expect_ok(open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC),
			   "open pagemap");
	const off_t where = (uintptr_t)address / PAGE * sizeof(__u64);
	__u64 entry;

	assert_int_equal(pread(fd, &entry, sizeof(entry), where), sizeof(entry));
	close(fd);
	return entry & PAGEMAP_PRESENT ? entry & PAGEMAP_PFN : 0;
}

__u64 pfn_at(const void *address)
{
	unsigned char value;
	__u64 pfn;

	assert_int_equal(touch_read(address, &value), 0);
	pfn = mapped_pfn(address);
	assert_int_not_equal(pfn, 0);
	return pfn;
}
