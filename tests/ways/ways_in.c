// SPDX-License-Identifier: GPL-2.0-only
/*
 * All attempts of a process to access memory, one function each. All of them
 * work on an ordinary memory file that is mapped.
 */
#include "ways_in.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof((array)[0]))

static sigjmp_buf after_touch;

static void touched(int signal)
{
	siglongjmp(after_touch, signal);
}

int touch_page(unsigned char *page, const unsigned char *address)
{
	struct sigaction action = { .sa_handler = touched };
	struct sigaction before_segv, before_bus;
	volatile int result;

	sigaction(SIGSEGV, &action, &before_segv);
	sigaction(SIGBUS, &action, &before_bus);
	result = sigsetjmp(after_touch, 1);
	if (!result)
		memcpy(page, address, WAY_PAGE);
	sigaction(SIGSEGV, &before_segv, NULL);
	sigaction(SIGBUS, &before_bus, NULL);
	return result;
}

int complete(ssize_t size)
{
	if (size < 0)
		return -errno;
	return size == WAY_PAGE ? 0 : -EIO;
}

static int map(const struct way_target *target, unsigned char *page, int flags)
{
	void *mapped = mmap(NULL, WAY_PAGE, PROT_READ, flags, target->fd,
			    target->offset);
	int result;

	if (mapped == MAP_FAILED)
		return -errno;
	result = touch_page(page, mapped);
	munmap(mapped, WAY_PAGE);
	return result;
}

static int map_shared(const struct way_target *target, unsigned char *page)
{
	return map(target, page, MAP_SHARED);
}

static int map_private(const struct way_target *target, unsigned char *page)
{
	return map(target, page, MAP_PRIVATE);
}

static int do_read(const struct way_target *target, unsigned char *page)
{
	if (lseek(target->fd, target->offset, SEEK_SET) < 0)
		return -errno;
	return complete(read(target->fd, page, WAY_PAGE));
}

static int do_pread(const struct way_target *target, unsigned char *page)
{
	return complete(pread(target->fd, page, WAY_PAGE, target->offset));
}

static int open_again(const struct way_target *target, unsigned char *page)
{
	char path[64];
	int fd, result;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", target->fd);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	result = complete(pread(fd, page, WAY_PAGE, target->offset));
	close(fd);
	return result;
}

static int do_splice(const struct way_target *target, unsigned char *page)
{
	off64_t offset = target->offset;
	int pipes[2], result;

	if (pipe(pipes))
		return -errno;
	result = complete(splice(target->fd, &offset, pipes[1], NULL, WAY_PAGE,
				 0));
	if (!result)
		result = complete(read(pipes[0], page, WAY_PAGE));
	close(pipes[0]);
	close(pipes[1]);
	return result;
}

static int into_file(const struct way_target *target, unsigned char *page,
		     ssize_t (*copy)(const struct way_target *target, int fd))
{
	int fd = memfd_create("copy", MFD_CLOEXEC);
	int result;

	if (fd < 0)
		return -errno;
	result = complete(copy(target, fd));
	if (!result)
		result = complete(pread(fd, page, WAY_PAGE, 0));
	close(fd);
	return result;
}

static ssize_t copy_by_sendfile(const struct way_target *target, int fd)
{
	if (lseek(target->fd, target->offset, SEEK_SET) < 0)
		return -1;
	return sendfile(fd, target->fd, NULL, WAY_PAGE);
}

static int do_sendfile(const struct way_target *target, unsigned char *page)
{
	return into_file(target, page, copy_by_sendfile);
}

static ssize_t copy_by_range(const struct way_target *target, int fd)
{
	off64_t offset = target->offset;

	return copy_file_range(target->fd, &offset, fd, NULL, WAY_PAGE, 0);
}

static int do_copy_file_range(const struct way_target *target,
			      unsigned char *page)
{
	return into_file(target, page, copy_by_range);
}

static int touch(const struct way_target *target, unsigned char *page)
{
	return touch_page(page, target->address);
}

static int make_readable(const struct way_target *target, unsigned char *page)
{
	int result;

	if (mprotect(target->address, WAY_PAGE, PROT_READ))
		return -errno;
	result = touch_page(page, target->address);
	mprotect(target->address, WAY_PAGE, target->protection);
	return result;
}

static int proc_mem(const struct way_target *target, unsigned char *page)
{
	int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	int result;

	if (fd < 0)
		return -errno;
	result = complete(pread(fd, page, WAY_PAGE,
				(uintptr_t)target->address));
	close(fd);
	return result;
}

static int vm_readv(const struct way_target *target, unsigned char *page)
{
	struct iovec local = { .iov_base = page, .iov_len = WAY_PAGE };
	struct iovec remote = {
		.iov_base = target->address,
		.iov_len = WAY_PAGE,
	};

	return complete(process_vm_readv(getpid(), &local, 1, &remote, 1, 0));
}

static int do_vmsplice(const struct way_target *target, unsigned char *page)
{
	struct iovec from = {
		.iov_base = target->address,
		.iov_len = WAY_PAGE,
	};
	int pipes[2], result;

	if (pipe(pipes))
		return -errno;
	result = complete(vmsplice(pipes[1], &from, 1, 0));
	if (!result)
		result = complete(read(pipes[0], page, WAY_PAGE));
	close(pipes[0]);
	close(pipes[1]);
	return result;
}

static int do_write(const struct way_target *target, unsigned char *page)
{
	if (lseek(target->fd, target->offset, SEEK_SET) < 0)
		return -errno;
	return complete(write(target->fd, page, WAY_PAGE));
}

static int do_pwrite(const struct way_target *target, unsigned char *page)
{
	return complete(pwrite(target->fd, page, WAY_PAGE, target->offset));
}

static int splice_write(const struct way_target *target, unsigned char *page)
{
	off64_t offset = target->offset;
	int pipes[2], result;

	if (pipe(pipes))
		return -errno;
	result = complete(write(pipes[1], page, WAY_PAGE));
	if (!result)
		result = complete(splice(pipes[0], NULL, target->fd, &offset,
					 WAY_PAGE, 0));
	close(pipes[0]);
	close(pipes[1]);
	return result;
}

static int vm_writev(const struct way_target *target, unsigned char *page)
{
	struct iovec local = { .iov_base = page, .iov_len = WAY_PAGE };
	struct iovec remote = {
		.iov_base = target->address,
		.iov_len = WAY_PAGE,
	};

	return complete(process_vm_writev(getpid(), &local, 1, &remote, 1, 0));
}

static int proc_mem_write(const struct way_target *target, unsigned char *page)
{
	int fd = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	int result;

	if (fd < 0)
		return -errno;
	result = complete(pwrite(fd, page, WAY_PAGE,
				 (uintptr_t)target->address));
	close(fd);
	return result;
}

/*
 * The reads come first: a write through /proc/self/mem may leave bytes of ours
 * at the address, which must not pass for the guest's.
 */
const struct way ways_in[] = {
	{ "mmap shared", WAY_READS, map_shared },
	{ "mmap private", WAY_READS, map_private },
	{ "read", WAY_READS, do_read },
	{ "pread", WAY_READS, do_pread },
	{ "open /proc/self/fd", WAY_READS, open_again },
	{ "splice", WAY_READS, do_splice },
	{ "sendfile", WAY_READS, do_sendfile },
	{ "copy_file_range", WAY_READS, do_copy_file_range },
	{ "a pointer", WAY_READS, touch },
	{ "process_vm_readv", WAY_READS, vm_readv },
	{ "vmsplice", WAY_READS, do_vmsplice },
	{ "/proc/self/mem", WAY_READS, proc_mem },
	{ "mprotect, pointer", WAY_READS, make_readable },
	{ "write", WAY_WRITES, do_write },
	{ "pwrite", WAY_WRITES, do_pwrite },
	{ "splice to it", WAY_WRITES, splice_write },
	{ "process_vm_writev", WAY_WRITES, vm_writev },
	{ "/proc/self/mem write", WAY_WRITES, proc_mem_write },
};

const size_t nr_ways_in = ARRAY_SIZE(ways_in);
