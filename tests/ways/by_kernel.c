// SPDX-License-Identifier: GPL-2.0-only
/*
 * Ways in which the kernel reads or writes for the holder: the memory at an address
 * that it passes, or the file
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/kvm_private.h>

#include "disks.h"
#include "lists.h"
#include "loopback.h"
#include "ring.h"
#include "stack_sample.h"
#include "unit.h"

/* io_uring's results are negative errors. */
static int ring_complete(int result)
{
	if (result < 0)
		return result;
	return result == WAY_PAGE ? 0 : -EIO;
}

static int by_pipe(const struct way_target *target, unsigned char *page)
{
	int pipes[2], result;

	if (pipe(pipes))
		return -errno;
	result = complete(write(pipes[1], target->address, WAY_PAGE));
	if (!result)
		result = complete(read(pipes[0], page, WAY_PAGE));
	close(pipes[0]);
	close(pipes[1]);
	return result;
}

static int pipe_to_it(const struct way_target *target, unsigned char *page)
{
	int pipes[2], result;

	if (pipe(pipes))
		return -errno;
	result = complete(write(pipes[1], page, WAY_PAGE));
	if (!result)
		result = complete(read(pipes[0], target->address, WAY_PAGE));
	close(pipes[0]);
	close(pipes[1]);
	return result;
}

static int by_direct_write(const struct way_target *target, unsigned char *page)
{
	int direct = open(DISK_FOR_IO, O_RDWR | O_DIRECT | O_CLOEXEC), result;

	if (direct < 0)
		return -errno;
	result = complete(pwrite(direct, target->address, WAY_PAGE, 0));
	fcntl(direct, F_SETFL, 0);
	if (!result)
		result = complete(pread(direct, page, WAY_PAGE, 0));
	close(direct);
	return result;
}

static int direct_read_to_it(const struct way_target *target, unsigned char *page)
{
	int direct = open(DISK_FOR_IO, O_RDWR | O_CLOEXEC), result;

	if (direct < 0)
		return -errno;
	result = complete(pwrite(direct, page, WAY_PAGE, 0));
	if (fcntl(direct, F_SETFL, O_DIRECT))
		result = -errno;
	if (!result)
		result = complete(pread(direct, target->address, WAY_PAGE, 0));
	close(direct);
	return result;
}

/* Through a plain file, whose content is @page */
static int by_ring(const struct way_target *target, unsigned char *page,
		   struct io_uring_sqe entry, bool fixed)
{
	const bool reads_page = entry.opcode == IORING_OP_READ ||
				entry.opcode == IORING_OP_READ_FIXED;
	struct ring ring;
	int result = ring_open(&ring);

	if (result)
		return result;
	entry.fd = memfd_create("plain", MFD_CLOEXEC);
	entry.addr = (uintptr_t)target->address;
	entry.len = WAY_PAGE;
	if (reads_page)
		result = complete(pwrite(entry.fd, page, WAY_PAGE, 0));
	if (!result && fixed)
		result = ring_register_buffer(&ring, target->address, WAY_PAGE);
	if (!result)
		result = ring_complete(ring_do(&ring, &entry));
	if (!result && !reads_page)
		result = complete(pread(entry.fd, page, WAY_PAGE, 0));
	close(entry.fd);
	ring_close(&ring);
	return result;
}

static int ring_write(const struct way_target *target, unsigned char *page)
{
	return by_ring(target, page,
		       (struct io_uring_sqe){ .opcode = IORING_OP_WRITE }, false);
}

static int ring_write_fixed(const struct way_target *target, unsigned char *page)
{
	return by_ring(target, page,
		       (struct io_uring_sqe){ .opcode = IORING_OP_WRITE_FIXED },
		       true);
}

static int ring_read(const struct way_target *target, unsigned char *page)
{
	return by_ring(target, page,
		       (struct io_uring_sqe){ .opcode = IORING_OP_READ }, false);
}

static int ring_read_fixed(const struct way_target *target, unsigned char *page)
{
	return by_ring(target, page,
		       (struct io_uring_sqe){ .opcode = IORING_OP_READ_FIXED },
		       true);
}

static int ring_file(const struct way_target *target, unsigned char *page,
		     int opcode)
{
	struct io_uring_sqe entry = {
		.opcode = opcode, .fd = target->fd, .off = target->offset,
		.addr = (uintptr_t)page, .len = WAY_PAGE,
	};
	struct ring ring;
	int result = ring_open(&ring);

	if (result)
		return result;
	result = ring_complete(ring_do(&ring, &entry));
	ring_close(&ring);
	return result;
}

static int ring_file_read(const struct way_target *target, unsigned char *page)
{
	return ring_file(target, page, IORING_OP_READ);
}

static int ring_file_write(const struct way_target *target, unsigned char *page)
{
	return ring_file(target, page, IORING_OP_WRITE);
}

static int send_itself(const struct way_target *target, unsigned char *page)
{
	struct loopback loopback;
	int result = loopback_open(&loopback);

	if (result)
		return result;
	result = complete(send(loopback.sender, target->address, WAY_PAGE,
			       MSG_ZEROCOPY));
	if (!result)
		result = complete(recv(loopback.receiver, page, WAY_PAGE,
				       MSG_WAITALL));
	loopback_close(&loopback);
	return result;
}

/* Into a second private file, whose page then is shared */
static int populate_another(const struct way_target *target, unsigned char *page)
{
	const int device = open(KVM_PRIVATE_DEVICE, O_RDWR | O_CLOEXEC);
	struct kvm_private_create create = {
		.size = WAY_PAGE, .flags = KVM_PRIVATE_FLAG_MMAP,
	};
	struct kvm_private_populate populate = {
		.size = WAY_PAGE, .source = (uintptr_t)target->address,
	};
	struct kvm_memory_attributes2 share = {
		.size = WAY_PAGE, .flags = KVM_SET_MEMORY_ATTRIBUTES2_PRESERVE,
	};
	const int fd = ioctl(device, KVM_PRIVATE_CREATE, &create);
	void *map;
	int result = 0;

	if (ioctl(fd, KVM_PRIVATE_POPULATE, &populate) ||
	    ioctl(fd, KVM_SET_MEMORY_ATTRIBUTES2, &share))
		result = -errno;
	map = mmap(NULL, WAY_PAGE, PROT_READ, MAP_SHARED, fd, 0);
	if (!result)
		result = touch_page(page, map);
	munmap(map, WAY_PAGE);
	close(fd);
	close(device);
	return result;
}

/* A second mapping without the file: for shared memory a size of 0 asks for one */
static int mremap_twice(const struct way_target *target, unsigned char *page)
{
	void *second = mremap(target->address, 0, WAY_PAGE, MREMAP_MAYMOVE);
	int result;

	if (second == MAP_FAILED)
		return -errno;
	result = touch_page(page, second);
	munmap(second, WAY_PAGE);
	return result;
}

static int populate_tables(const struct way_target *target, unsigned char *page)
{
	if (madvise(target->address, WAY_PAGE, MADV_POPULATE_READ))
		return -errno;
	return touch_page(page, target->address);
}

static bool is_memfd(int fd)
{
	return fcntl(fd, F_GET_SEALS) >= 0;
}

static int fault_in(int uffd, const struct way_target *target,
		    unsigned char *page)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register range = {
		.range = { (uintptr_t)target->address, WAY_PAGE },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};
	struct uffdio_copy copy = {
		.dst = (uintptr_t)target->address, .src = (uintptr_t)page,
		.len = WAY_PAGE,
	};

	/* The call fills holes, so that ordinary memory needs a hole for it. */
	if (is_memfd(target->fd) &&
	    madvise(target->address, WAY_PAGE, MADV_REMOVE))
		return -errno;
	if (ioctl(uffd, UFFDIO_API, &api) ||
	    ioctl(uffd, UFFDIO_REGISTER, &range) ||
	    ioctl(uffd, UFFDIO_COPY, &copy))
		return -errno;
	return 0;
}

static int userfault_copy(const struct way_target *target, unsigned char *page)
{
	int uffd = syscall(SYS_userfaultfd, O_CLOEXEC), result;

	if (uffd < 0)
		return -errno;
	result = fault_in(uffd, target, page);
	close(uffd);
	return result;
}

static const struct way ways[] = {
	{ "write to a pipe", WAY_READS, by_pipe },
	{ "direct write to a disk", WAY_READS, by_direct_write },
	{ "io_uring write", WAY_READS, ring_write },
	{ "io_uring registered buffer, write", WAY_READS, ring_write_fixed },
	{ "io_uring read of the file", WAY_READS, ring_file_read },
	{ "send, MSG_ZEROCOPY", WAY_READS, send_itself },
	{ "populate another file", WAY_READS, populate_another },
	{ "mremap, a second time", WAY_READS, mremap_twice },
	{ "MADV_POPULATE_READ", WAY_READS, populate_tables },
	{ "perf's sample of a stack there", WAY_READS, stack_sample },
	{ "read of a pipe to it", WAY_WRITES, pipe_to_it },
	{ "direct read of a disk to it", WAY_WRITES, direct_read_to_it },
	{ "io_uring read to it", WAY_WRITES, ring_read },
	{ "io_uring registered buffer, read", WAY_WRITES, ring_read_fixed },
	{ "io_uring write of the file", WAY_WRITES, ring_file_write },
	{ "UFFDIO_COPY", WAY_WRITES, userfault_copy },
};

const struct way_list ways_by_kernel = {
	"holder", ways, ARRAY_SIZE(ways),
};
