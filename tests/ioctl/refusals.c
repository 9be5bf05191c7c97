// SPDX-License-Identifier: GPL-2.0-only
/*
 * All ways to the content of a file, or to another handle on it, that a process
 * with the descriptor could try.
 */
#include <linux/fs.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "device.h"
#include "unit.h"

#define FILE_SIZE (16 * PAGE)

static int fd;
static int plain;
static int pipes[2];

/*
 * The VFS refuses some of these before it calls the file, and not always with
 * the same error. All must be refused, and none may be taken for a system call
 * that doesn't exist.
 */
static const int any_refusal[] = {
	EINVAL, ESPIPE, EBADF, EOPNOTSUPP, EXDEV, EPERM, EACCES, ENOTTY, 0,
};

static int create(void **state)
{
	(void)state;
	fd = file_create(FILE_SIZE, 0);
	plain = memfd_create("plain", MFD_CLOEXEC);
	if (plain < 0 || ftruncate(plain, FILE_SIZE) || pipe2(pipes, O_CLOEXEC))
		return -1;
	return file_allocate(fd, 0, 4 * PAGE);
}

/* The file is unchanged after each attempt. */
static int unchanged(void **state)
{
	bool same = file_allocated(fd) == 4 * PAGE &&
		lseek(fd, 0, SEEK_HOLE) == 4 * PAGE;

	(void)state;
	close(fd);
	close(plain);
	close(pipes[0]);
	close(pipes[1]);
	return same ? 0 : -1;
}

static const struct fixture file = { .setup = create, .teardown = unchanged };

TEST(reading, &file)
{
	static const int positioned[] = { EINVAL, ESPIPE, 0 };
	char buffer[64];
	struct iovec vec = { buffer, sizeof(buffer) };
	unsigned int i;

	memset(buffer, 0x77, sizeof(buffer));
	expect_error(EINVAL, read(fd, buffer, sizeof(buffer)), "read");
	expect_error(EINVAL, read(fd, buffer, 0), "read of nothing");
	expect_error(EINVAL, readv(fd, &vec, 1), "readv");
	expect_error_of(positioned, pread(fd, buffer, sizeof(buffer), 0),
			"pread");
	expect_error_of(positioned, preadv(fd, &vec, 1, 0), "preadv");
	expect_error_of(positioned, preadv2(fd, &vec, 1, 0, RWF_HIPRI),
			"preadv2");
	for (i = 0; i < sizeof(buffer); i++)
		assert_int_equal(buffer[i], 0x77);
}

TEST(writing, &file)
{
	static const int positioned[] = { EINVAL, ESPIPE, 0 };
	char buffer[64] = { 0 };
	struct iovec vec = { buffer, sizeof(buffer) };

	expect_error(EINVAL, write(fd, buffer, sizeof(buffer)), "write");
	expect_error(EINVAL, write(fd, buffer, 0), "write of nothing");
	expect_error(EINVAL, writev(fd, &vec, 1), "writev");
	expect_error_of(positioned, pwrite(fd, buffer, sizeof(buffer), 0),
			"pwrite");
	expect_error_of(positioned, pwritev(fd, &vec, 1, 0), "pwritev");
	expect_error_of(positioned, pwritev2(fd, &vec, 1, -1, RWF_APPEND),
			"pwritev2");
}

TEST(splicing, &file)
{
	char data[64] = { 0 };
	struct iovec vec = { data, sizeof(data) };
	loff_t offset = 0;

	assert_int_equal(write(pipes[1], data, sizeof(data)), sizeof(data));
	expect_error(EINVAL, splice(fd, NULL, pipes[1], NULL, 64, 0),
		     "splice out of the file");
	expect_error(EINVAL, splice(fd, &offset, pipes[1], NULL, 64, 0),
		     "splice out of the file at an offset");
	expect_error(EINVAL, splice(pipes[0], NULL, fd, NULL, 64, 0),
		     "splice into the file");
	expect_error(EINVAL, splice(pipes[0], NULL, fd, &offset, 64, 0),
		     "splice into the file at an offset");
	expect_error_of(any_refusal, tee(fd, pipes[1], 64, 0), "tee out of it");
	expect_error_of(any_refusal, tee(pipes[0], fd, 64, 0), "tee into it");
	expect_error_of(any_refusal, vmsplice(fd, &vec, 1, 0), "vmsplice");
	expect_error_of(any_refusal, vmsplice(fd, &vec, 1, SPLICE_F_GIFT),
			"vmsplice with SPLICE_F_GIFT");
	assert_int_equal(read(pipes[0], data, sizeof(data)), sizeof(data));
}

TEST(sending_and_copying, &file)
{
	loff_t in = 0;
	loff_t out = 0;
	int other = file_create(FILE_SIZE, 0);

	expect_error_of(any_refusal, sendfile(plain, fd, NULL, PAGE),
			"sendfile from the file");
	expect_error_of(any_refusal, sendfile(plain, fd, &in, PAGE),
			"sendfile from the file at an offset");
	expect_error_of(any_refusal, sendfile(fd, plain, NULL, PAGE),
			"sendfile to the file");
	expect_error_of(any_refusal, sendfile(pipes[1], fd, NULL, PAGE),
			"sendfile to a pipe");
	expect_error_of(any_refusal,
			copy_file_range(fd, &in, plain, &out, PAGE, 0),
			"copy_file_range from the file");
	expect_error_of(any_refusal,
			copy_file_range(plain, &in, fd, &out, PAGE, 0),
			"copy_file_range to the file");
	expect_error_of(any_refusal,
			copy_file_range(fd, &in, other, &out, PAGE, 0),
			"copy_file_range to another private file");
	out = 8 * PAGE;
	expect_error_of(any_refusal,
			copy_file_range(fd, &in, fd, &out, PAGE, 0),
			"copy_file_range within the file");
	assert_int_equal(file_allocated(other), 0);
	close(other);
}

TEST(cloning, &file)
{
	struct file_clone_range range = { .src_fd = plain, .src_length = PAGE };
	struct {
		struct file_dedupe_range head;
		struct file_dedupe_range_info info;
	} dedupe = {
		.head = { .src_length = PAGE, .dest_count = 1 },
		.info = { .dest_fd = fd, .dest_offset = 8 * PAGE },
	};

	expect_error_of(any_refusal, ioctl(fd, FICLONE, plain),
			"FICLONE to the file");
	expect_error_of(any_refusal, ioctl(plain, FICLONE, fd),
			"FICLONE from the file");
	expect_error_of(any_refusal, ioctl(fd, FICLONE, fd),
			"FICLONE onto itself");
	expect_error_of(any_refusal, ioctl(fd, FICLONERANGE, &range),
			"FICLONERANGE");
	/* This call has a result for each target in the struct. */
	if (!ioctl(fd, FIDEDUPERANGE, &dedupe))
		expect_between(dedupe.info.status, -4095, -1,
			       "status of FIDEDUPERANGE");
}

TEST(mapping, &file)
{
	static const int protections[] = {
		PROT_NONE, PROT_READ, PROT_WRITE, PROT_READ | PROT_WRITE,
		PROT_READ | PROT_EXEC, PROT_READ | PROT_WRITE | PROT_EXEC,
	};
	static const int flags[] = {
		0, MAP_POPULATE, MAP_LOCKED, MAP_NORESERVE, MAP_32BIT,
		MAP_NONBLOCK, MAP_GROWSDOWN, MAP_STACK, MAP_DENYWRITE,
	};
	static const int types[] = {
		MAP_SHARED, MAP_PRIVATE, MAP_SHARED_VALIDATE,
	};
	/*
	 * The kernel refuses some calls for their arguments before it asks the
	 * file.
	 */
	static const int refused[] = { ENODEV, EPERM, EINVAL, 0 };
	unsigned int p, f, t;

	for (p = 0; p < ARRAY_SIZE(protections); p++) {
		for (t = 0; t < ARRAY_SIZE(types); t++) {
			for (f = 0; f < ARRAY_SIZE(flags); f++) {
				void *map = mmap(NULL, PAGE, protections[p],
						 types[t] | flags[f], fd, 0);

				expect_error_of(refused,
						map == MAP_FAILED ? -1 : 0,
						"mmap with protection %#x, flags %#x",
						protections[p],
						types[t] | flags[f]);
			}
		}
	}
}

TEST(mapping_in_other_places, &file)
{
	char *area = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned int i;

	assert_ptr_not_equal(area, MAP_FAILED);
	for (i = 0; i < FILE_SIZE / PAGE; i++) {
		void *map = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, i * PAGE);

		expect_error(ENODEV, map == MAP_FAILED ? -1 : 0,
			     "mmap of page %u", i);
	}
	assert_ptr_equal(mmap(NULL, FILE_SIZE, PROT_READ, MAP_SHARED, fd, 0),
			 MAP_FAILED);
	assert_int_equal(errno, ENODEV);
	assert_ptr_equal(mmap(area, FILE_SIZE, PROT_READ | PROT_WRITE,
			      MAP_SHARED | MAP_FIXED, fd, 0), MAP_FAILED);
	assert_int_equal(errno, ENODEV);
	assert_ptr_equal(mmap(NULL, 2 * MIB, PROT_READ,
			      MAP_SHARED | MAP_HUGETLB, fd, 0), MAP_FAILED);
}

TEST(resizing, &file)
{
	struct stat st;

	expect_error(EINVAL, ftruncate(fd, 0), "ftruncate to 0");
	expect_error(EINVAL, ftruncate(fd, PAGE), "ftruncate to less");
	expect_error(EINVAL, ftruncate(fd, FILE_SIZE), "to the same size");
	expect_error(EINVAL, ftruncate(fd, 2 * FILE_SIZE), "ftruncate to more");
	expect_error(EINVAL, ftruncate(fd, -1), "ftruncate to -1");
	expect_ok(fstat(fd, &st), "fstat");
	assert_int_equal(st.st_size, FILE_SIZE);
}

TEST(changing_the_inode, &file)
{
	struct timespec times[2] = { { 0 } };
	struct stat before;
	struct stat after;

	expect_ok(fstat(fd, &before), "fstat");
	expect_error_of(any_refusal, fchmod(fd, 0777), "fchmod");
	expect_error_of(any_refusal, fchmod(fd, before.st_mode & 07777),
			"fchmod to the same mode");
	expect_error_of(any_refusal, fchown(fd, 1, 1), "fchown");
	expect_error_of(any_refusal, futimens(fd, times), "futimens");
	expect_error_of(any_refusal, fsetxattr(fd, "user.a", "b", 1, 0),
			"fsetxattr");
	expect_ok(fstat(fd, &after), "fstat");
	assert_int_equal(after.st_mode, before.st_mode);
	assert_int_equal(after.st_uid, before.st_uid);
	assert_int_equal(after.st_mtime, before.st_mtime);
}

TEST(reopening, &file)
{
	static const int modes[] = {
		O_RDONLY, O_WRONLY, O_RDWR, O_RDWR | O_TRUNC, O_RDONLY | O_TRUNC,
		O_RDWR | O_APPEND, O_RDWR | O_CREAT, O_RDWR | O_DIRECT,
	};
	static const int refused[] = {
		ENXIO, ENODEV, EACCES, EPERM, EINVAL, 0,
	};
	char path[64];
	unsigned int i;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	for (i = 0; i < ARRAY_SIZE(modes); i++)
		expect_error_of(refused,
				open(path, modes[i], 0600), "open with %#x",
				modes[i]);
	expect_error_of(any_refusal, truncate(path, 0), "truncate by path");
	expect_error_of(any_refusal, truncate(path, PAGE), "truncate by path");
	expect_error_of(any_refusal, chmod(path, 0777), "chmod by path");
	expect_error_of(any_refusal,
			linkat(AT_FDCWD, path, AT_FDCWD, "kvm_private_link",
			       AT_SYMLINK_FOLLOW), "linkat");
}

TEST(running, &file)
{
	static const int refused[] = {
		EACCES, EPERM, ENOEXEC, EINVAL, ETXTBSY, 0,
	};
	char *arguments[2] = { "file", NULL };
	char *nothing[1] = { NULL };

	expect_error_of(refused,
			syscall(SYS_execveat, fd, "", arguments, nothing,
				AT_EMPTY_PATH), "execveat");
	expect_error_of(refused, syscall(SYS_finit_module, fd, "", 0),
			"finit_module");
}

TEST(sealing, &file)
{
	expect_error_of(any_refusal, fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE),
			"F_ADD_SEALS");
	expect_error_of(any_refusal, fcntl(fd, F_GET_SEALS), "F_GET_SEALS");
	expect_error_of(any_refusal, fcntl(fd, F_SETPIPE_SZ, PAGE),
			"F_SETPIPE_SZ");
	expect_error_of(any_refusal, fcntl(fd, F_SETFL, O_DIRECT), "O_DIRECT");
}

/* Advice and flushing give no access: they may succeed, but change nothing. */
TEST(harmless_calls, &file)
{
	posix_fadvise(fd, 0, FILE_SIZE, POSIX_FADV_WILLNEED);
	posix_fadvise(fd, 0, FILE_SIZE, POSIX_FADV_DONTNEED);
	readahead(fd, 0, FILE_SIZE);
	sync_file_range(fd, 0, FILE_SIZE, SYNC_FILE_RANGE_WRITE);
	expect_ok(fsync(fd), "fsync");
	expect_ok(fdatasync(fd), "fdatasync");
	syncfs(fd);
	assert_int_equal(file_allocated(fd), 4 * PAGE);
}

TEST_MAIN("refusals")
