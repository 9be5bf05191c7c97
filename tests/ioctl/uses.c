// SPDX-License-Identifier: GPL-2.0-only
/*
 * System calls that work on a caller's memory: they can use a shared page like
 * any other, and find a bad address where a page is private. Each call is tried
 * before and after the same conversion.
 */
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "convert.h"
#include "touch.h"
#include "unit.h"

#define FILE_SIZE (4 * PAGE)

static int fd;
static char *map;
static int plain;
static int pipes[2];
static int sockets[2];

/* The content of the other side of each transfer */
static char ours[PAGE];

/* Returns how many bytes the call has moved, or -1 and errno. */
typedef long (*use)(char *page);

static long by_read(char *page)
{
	return pread(plain, page, PAGE, 0);
}

static long by_readv(char *page)
{
	struct iovec vec = { page, PAGE };

	return preadv(plain, &vec, 1, 0);
}

static long by_direct_read(char *page)
{
	int direct = open("/dev/shm", O_TMPFILE | O_RDWR | O_DIRECT, 0600);
	long ret;

	/*
	 * Old kernels' tmpfs has no direct IO: then the test goes without it.
	 */
	if (direct < 0)
		direct = open("/dev/shm", O_TMPFILE | O_RDWR, 0600);
	expect_ok(pwrite(direct, ours, PAGE, 0), "pwrite");
	ret = pread(direct, page, PAGE, 0);
	close(direct);
	return ret;
}

static long by_recv(char *page)
{
	assert_int_equal(send(sockets[1], ours, PAGE, 0), PAGE);
	return recv(sockets[0], page, PAGE, MSG_WAITALL);
}

static long by_pipe_read(char *page)
{
	assert_int_equal(write(pipes[1], ours, PAGE), PAGE);
	return read(pipes[0], page, PAGE);
}

static long by_process_vm_readv(char *page)
{
	struct iovec to = { page, PAGE };
	struct iovec from = { ours, PAGE };

	return process_vm_readv(getpid(), &to, 1, &from, 1, 0);
}

/*
 * The page belongs to the other process here, and is pinned instead of copied
 * to.
 */
static long by_process_vm_writev(char *page)
{
	struct iovec to = { page, PAGE };
	struct iovec from = { ours, PAGE };

	return process_vm_writev(getpid(), &from, 1, &to, 1, 0);
}

static long by_procfs_write(char *page)
{
	int memory = expect_ok(open("/proc/self/mem", O_RDWR | O_CLOEXEC),
			       "open /proc/self/mem");
	long ret = pwrite(memory, ours, PAGE, (uintptr_t)page);

	/* The result that stands for EFAULT here */
	if (ret < 0 && errno == EIO)
		errno = EFAULT;
	close(memory);
	return ret;
}

static long by_write(char *page)
{
	return pwrite(plain, page, PAGE, PAGE);
}

static long by_send(char *page)
{
	long ret = send(sockets[1], page, PAGE, 0);

	if (ret > 0)
		assert_int_equal(recv(sockets[0], ours, PAGE, MSG_WAITALL), ret);
	return ret;
}

static long by_pipe_write(char *page)
{
	long ret = write(pipes[1], page, PAGE);

	if (ret > 0)
		assert_int_equal(read(pipes[0], ours, PAGE), ret);
	return ret;
}

static long by_vmsplice(char *page)
{
	struct iovec vec = { page, PAGE };
	long ret = vmsplice(pipes[1], &vec, 1, 0);

	if (ret > 0)
		assert_int_equal(read(pipes[0], ours, PAGE), ret);
	return ret;
}

static long from_process_vm_readv(char *page)
{
	struct iovec to = { ours, PAGE };
	struct iovec from = { page, PAGE };

	return process_vm_readv(getpid(), &to, 1, &from, 1, 0);
}

static long from_process_vm_writev(char *page)
{
	struct iovec to = { ours, PAGE };
	struct iovec from = { page, PAGE };

	return process_vm_writev(getpid(), &from, 1, &to, 1, 0);
}

static long from_procfs(char *page)
{
	int memory = expect_ok(open("/proc/self/mem", O_RDONLY | O_CLOEXEC),
			       "open /proc/self/mem");
	long ret = pread(memory, ours, PAGE, (uintptr_t)page);

	if (ret < 0 && errno == EIO)
		errno = EFAULT;
	close(memory);
	return ret;
}

struct row {
	const char *name;
	use by;
};

static const struct row into_a_page[] = {
	{ "pread", by_read }, { "preadv", by_readv },
	{ "direct pread", by_direct_read }, { "recv", by_recv },
	{ "read of a pipe", by_pipe_read },
	{ "process_vm_readv into it", by_process_vm_readv },
	{ "process_vm_writev to it", by_process_vm_writev },
	{ "write to /proc/self/mem", by_procfs_write },
};

static const struct row out_of_a_page[] = {
	{ "pwrite", by_write }, { "send", by_send },
	{ "write to a pipe", by_pipe_write }, { "vmsplice", by_vmsplice },
	{ "process_vm_readv from it", from_process_vm_readv },
	{ "process_vm_writev out of it", from_process_vm_writev },
	{ "read of /proc/self/mem", from_procfs },
};

static void drain(void)
{
	char rest[PAGE];

	while (recv(sockets[0], rest, PAGE, MSG_DONTWAIT) > 0)
		;
	while (read(pipes[0], rest, PAGE) > 0)
		;
}

static void expect_bad_address(const struct row *row, char *page)
{
	expect_error(EFAULT, row->by(page), "%s with a private page",
		     row->name);
	drain();
}

static int create(void **state)
{
	(void)state;
	fd = file_create(FILE_SIZE, KVM_PRIVATE_FLAG_MMAP |
			 KVM_PRIVATE_FLAG_INIT_SHARED);
	map = file_map(fd, FILE_SIZE);
	memset(map, 0, FILE_SIZE);
	plain = memfd_create("plain", MFD_CLOEXEC);
	return plain < 0 || ftruncate(plain, FILE_SIZE) ||
	       pipe2(pipes, O_CLOEXEC | O_NONBLOCK) ||
	       socketpair(AF_UNIX, SOCK_STREAM, 0, sockets);
}

static int destroy(void **state)
{
	(void)state;
	munmap(map, FILE_SIZE);
	close(fd);
	close(plain);
	close(pipes[0]);
	close(pipes[1]);
	close(sockets[0]);
	return close(sockets[1]);
}

static const struct fixture file = { .setup = create, .teardown = destroy };

TEST(calls_that_write_memory, &file)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(into_a_page); i++) {
		const struct row *row = &into_a_page[i];

		memset(ours, 'a' + i, PAGE);
		assert_int_equal(pwrite(plain, ours, PAGE, 0), PAGE);
		memset(map, 0, PAGE);
		expect_between(row->by(map), PAGE, PAGE, "%s", row->name);
		assert_memory_equal(map, ours, PAGE);

		expect_ok(file_make_private(fd, 0, PAGE, CONVERT_PRESERVE),
			  "to private after %s", row->name);
		memset(ours, 'A' + i, PAGE);
		expect_bad_address(row, map);
		expect_ok(file_make_shared(fd, 0, PAGE, CONVERT_PRESERVE),
			  "to shared");
		expect_reads(map, 'a' + i, "page after %s failed", row->name);
		expect_reads(map + PAGE - 1, 'a' + i, "its last byte");
	}
}

TEST(calls_that_read_memory, &file)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(out_of_a_page); i++) {
		const struct row *row = &out_of_a_page[i];

		memset(ours, 0, PAGE);
		memset(map, 'a' + i, PAGE);
		expect_between(row->by(map), PAGE, PAGE, "%s", row->name);
		if (row->by == by_write)
			assert_int_equal(pread(plain, ours, PAGE, PAGE), PAGE);
		assert_memory_equal(map, ours, PAGE);

		expect_ok(file_make_private(fd, 0, PAGE, 0),
			  "to private after %s", row->name);
		memset(ours, 0, PAGE);
		expect_bad_address(row, map);
		assert_int_equal(ours[0], 0);
		expect_ok(file_make_shared(fd, 0, PAGE, 0), "to shared");
	}
}

/* A transfer that begins in a shared page ends before the private one. */
TEST(calls_that_cross_over, &file)
{
	struct iovec vec = { map + PAGE, 2 * PAGE };

	expect_ok(file_make_private(fd, 2 * PAGE, PAGE, 0), "to private");
	expect_between(pread(plain, map + PAGE, 2 * PAGE, 0), PAGE, PAGE,
		       "pread");
	expect_between(pwrite(plain, map + PAGE, 2 * PAGE, 0), PAGE, PAGE,
		       "pwrite");
	expect_between(vmsplice(pipes[1], &vec, 1, 0), PAGE, PAGE, "vmsplice");
	assert_int_equal(read(pipes[0], ours, PAGE), PAGE);
	expect_ok(file_make_private(fd, 0, FILE_SIZE, 0), "all to private");
}

TEST(kernel_writes_structs, &file)
{
	struct timespec *when = (void *)map;

	expect_ok(syscall(SYS_clock_gettime, CLOCK_MONOTONIC, when), "shared");
	expect_ok(file_make_private(fd, 0, PAGE, 0), "to private");
	expect_error(EFAULT, syscall(SYS_clock_gettime, CLOCK_MONOTONIC, when),
		     "clock_gettime");
	expect_error(EFAULT, open(map, O_RDONLY), "a private path");
}

/* Calls that only look at page tables give away no content and pin no page. */
TEST(looking, &file)
{
	int pagemap = expect_ok(open("/proc/self/pagemap", O_RDONLY),
				"open pagemap");
	unsigned char resident[FILE_SIZE / PAGE];
	uint64_t entry = 0;

	expect_ok(mincore(map, FILE_SIZE, resident), "mincore");
	expect_between(pread(pagemap, &entry, sizeof(entry),
			     (uintptr_t)map / PAGE * sizeof(entry)),
		       sizeof(entry), sizeof(entry), "pagemap");
	assert_true(entry >> 63);
	expect_ok(file_make_private(fd, 0, PAGE, 0), "to private");
	expect_ok(mincore(map, FILE_SIZE, resident), "mincore");
	expect_between(pread(pagemap, &entry, sizeof(entry),
			     (uintptr_t)map / PAGE * sizeof(entry)),
		       sizeof(entry), sizeof(entry), "pagemap");
	assert_int_equal(entry >> 63, 0);
	expect_sigbus(map, "page that was looked at");
	close(pagemap);
}

TEST_MAIN("uses")
