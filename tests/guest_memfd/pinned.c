// SPDX-License-Identifier: GPL-2.0-only
/*
 * The kernel reads and writes a mapping on a program's behalf, and pins its
 * pages.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "child.h"
#include "memfd.h"
#include "touch.h"

static char buffer[4 * PAGE];

TEST(by_system_calls, &pair_shared)
{
	struct pair *p = *state;
	char *map = memfd_map(p->file, 2 * FILE_SIZE);
	int memfd = memfd_create("pinned", 0);

	memset(buffer, 0x41, sizeof(buffer));
	assert_int_equal(pwrite(memfd, buffer, sizeof(buffer), 0), sizeof(buffer));
	assert_int_equal(pread(memfd, map, sizeof(buffer), 0), sizeof(buffer));
	expect_reads(map, 0x41, "what was read into it");
	memset(map, 0x42, 2 * PAGE);
	assert_int_equal(pwrite(memfd, map, sizeof(buffer), 0), sizeof(buffer));
	assert_int_equal(pread(memfd, buffer, sizeof(buffer), 0), sizeof(buffer));
	assert_int_equal(buffer[2 * PAGE - 1], 0x42);
	assert_int_equal(buffer[2 * PAGE], 0x41);
	assert_int_equal(pread(memfd, map + FILE_SIZE - PAGE, 2 * PAGE, 0), PAGE);
	expect_error(EFAULT, pread(memfd, map + FILE_SIZE, PAGE, 0), "behind the end");
	expect_error(EFAULT, pwrite(memfd, map + FILE_SIZE, PAGE, 0), "behind the end");
	close(memfd);
	munmap(map, 2 * FILE_SIZE);
}

TEST(by_system_calls_on_private_pages, &pair_mmap)
{
	struct pair *p = *state;
	char *map = memfd_map(p->file, FILE_SIZE);
	int memfd = memfd_create("pinned", 0), pipes[2];
	struct iovec vec = { map, PAGE };

	expect_ok(pipe(pipes), "pipe");
	assert_int_equal(pwrite(memfd, buffer, sizeof(buffer), 0), sizeof(buffer));
	expect_error(EFAULT, pread(memfd, map, PAGE, 0), "read into");
	expect_error(EFAULT, pwrite(memfd, map, PAGE, 0), "write from");
	expect_error(EFAULT, vmsplice(pipes[1], &vec, 1, 0), "vmsplice");
	close(pipes[0]);
	close(pipes[1]);
	close(memfd);
	munmap(map, FILE_SIZE);
}

TEST(by_another_process, &pair_shared)
{
	struct pair *p = *state;
	char *map = memfd_map(p->file, 2 * FILE_SIZE);
	struct iovec own = { buffer, sizeof(buffer) }, vec = { map, sizeof(buffer) };

	memset(buffer, 0x51, sizeof(buffer));
	assert_int_equal(process_vm_writev(getpid(), &own, 1, &vec, 1, 0), sizeof(buffer));
	expect_reads(map + sizeof(buffer) - 1, 0x51, "what was written");
	memset(map, 0x52, sizeof(buffer));
	assert_int_equal(process_vm_readv(getpid(), &own, 1, &vec, 1, 0), sizeof(buffer));
	assert_int_equal(buffer[0], 0x52);
	vec.iov_base = map + FILE_SIZE;
	expect_error(EFAULT, process_vm_readv(getpid(), &own, 1, &vec, 1, 0),
		     "behind the end");
	munmap(map, 2 * FILE_SIZE);
}

TEST(by_proc_mem, &pair_shared)
{
	struct pair *p = *state;
	char *map = memfd_map(p->file, 2 * FILE_SIZE);
	int mem = open("/proc/self/mem", O_RDWR);

	memset(buffer, 0x61, sizeof(buffer));
	assert_int_equal(pwrite(mem, buffer, PAGE, (uintptr_t)map), PAGE);
	expect_reads(map, 0x61, "what was written");
	map[1] = 0x62;
	assert_int_equal(pread(mem, buffer, PAGE, (uintptr_t)map), PAGE);
	assert_int_equal(buffer[1], 0x62);
	expect_error(EIO, pread(mem, buffer, PAGE, (uintptr_t)map + FILE_SIZE),
		     "behind the end");
	/*
	 * Elsewhere a debugger may force this, which would need a copy of the
	 * page.
	 */
	expect_ok(mprotect(map, PAGE, PROT_READ), "mprotect");
	expect_error(EIO, pwrite(mem, "c", 1, (uintptr_t)map), "by force");
	expect_reads(map, 0x61, "the file's page");
	close(mem);
	munmap(map, 2 * FILE_SIZE);
}

/* A page in a pipe stays the reader's, even when the file's is gone. */
TEST(by_a_pipe, &pair_shared)
{
	struct pair *p = *state;
	char *map = memfd_map(p->file, FILE_SIZE);
	struct iovec vec = { map, PAGE };
	int pipes[2];

	expect_ok(pipe(pipes), "pipe");
	memset(map, 0x71, PAGE);
	assert_int_equal(vmsplice(pipes[1], &vec, 1, 0), PAGE);
	map[1] = 0x72;
	expect_ok(fallocate(p->file, HOLE, 0, PAGE), "punch");
	expect_reads(map, 0, "punched while it is in the pipe");
	assert_int_equal(read(pipes[0], buffer, PAGE), PAGE);
	assert_int_equal(buffer[0], 0x71);
	assert_int_equal(buffer[1], 0x72);
	expect_reads(map, 0, "the new page");

	/* Also when the VM, the file and the mapping have gone */
	memset(map, 0x73, PAGE);
	assert_int_equal(vmsplice(pipes[1], &vec, 1, 0), PAGE);
	munmap(map, FILE_SIZE);
	close(p->file);
	p->file = dup(p->vm);
	assert_int_equal(read(pipes[0], buffer, PAGE), PAGE);
	assert_int_equal(buffer[PAGE - 1], 0x73);
	close(pipes[0]);
	close(pipes[1]);
}

TEST_MAIN("guest_memfd: pinned")
