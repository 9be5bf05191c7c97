// SPDX-License-Identifier: GPL-2.0-only
/* The descriptor: its status, and the calls for files that it refuses */
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/xattr.h>

#include "memfd.h"

static char buffer[PAGE];

static const char *own_path(int fd)
{
	static char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return path;
}

TEST(tells, &pair, &pair_shared)
{
	struct pair *p = *state;
	struct stat stat;
	struct statx statx_buffer;

	expect_ok(fstat(p->file, &stat), "fstat");
	assert_int_equal(stat.st_size, FILE_SIZE);
	assert_int_equal(stat.st_blksize, PAGE);
	assert_int_equal(stat.st_mode, S_IFREG | 0600);
	assert_int_equal(stat.st_nlink, 1);
	assert_int_equal(stat.st_uid, 0);
	assert_int_equal(stat.st_gid, 0);
	expect_ok(statx(p->file, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &statx_buffer),
		  "statx");
	assert_int_equal(statx_buffer.stx_size, FILE_SIZE);
	assert_int_equal(statx_buffer.stx_blksize, PAGE);
}

TEST(file_system, &pair)
{
	struct pair *p = *state;
	struct statfs statfs;

	expect_ok(fstatfs(p->file, &statfs), "fstatfs");
	assert_int_equal(statfs.f_bsize, PAGE);
	assert_int_equal(statfs.f_namelen, 255);
	assert_true(statfs.f_flags & ST_NOEXEC);
}

TEST(reading_and_writing, &pair, &pair_shared)
{
	struct pair *p = *state;
	struct iovec vec = { buffer, sizeof(buffer) };
	int fd = p->file;

	expect_error(EINVAL, read(fd, buffer, sizeof(buffer)), "read");
	expect_error(EINVAL, read(fd, buffer, 0), "read nothing");
	expect_error(EINVAL, write(fd, buffer, sizeof(buffer)), "write");
	expect_error(EINVAL, write(fd, buffer, 0), "write nothing");
	expect_error(EINVAL, readv(fd, &vec, 1), "readv");
	expect_error(EINVAL, writev(fd, &vec, 1), "writev");
	expect_error(ESPIPE, pread(fd, buffer, sizeof(buffer), 0), "pread");
	expect_error(ESPIPE, pread(fd, buffer, sizeof(buffer), FILE_SIZE), "pread");
	expect_error(ESPIPE, pwrite(fd, buffer, sizeof(buffer), 0), "pwrite");
	expect_error(EINVAL, pread(fd, buffer, sizeof(buffer), -1), "pread at -1");
	expect_error(ESPIPE, preadv(fd, &vec, 1, 0), "preadv");
	expect_error(ESPIPE, pwritev(fd, &vec, 1, 0), "pwritev");
	expect_error(EINVAL, preadv2(fd, &vec, 1, -1, 0), "preadv2 at the position");
	expect_error(EINVAL, pwritev2(fd, &vec, 1, -1, 0), "pwritev2");
}

TEST(moving_data, &pair, &pair_shared)
{
	struct pair *p = *state;
	int pipes[2], memfd = memfd_create("file", 0), fd = p->file;
	loff_t offset = 0;

	expect_ok(pipe(pipes), "pipe");
	expect_ok(ftruncate(memfd, FILE_SIZE), "ftruncate");
	assert_int_equal(write(pipes[1], "x", 1), 1);

	expect_error(EINVAL, splice(fd, NULL, pipes[1], NULL, PAGE, 0), "splice from");
	expect_error(EINVAL, splice(fd, &offset, pipes[1], NULL, PAGE, 0),
		     "splice from an offset");
	expect_error(EINVAL, splice(pipes[0], NULL, fd, NULL, 1, 0), "splice to");
	expect_error(EINVAL, splice(pipes[0], NULL, fd, &offset, 1, 0),
		     "splice to an offset");
	expect_error(EINVAL, sendfile(memfd, fd, NULL, PAGE), "sendfile from");
	expect_error(ESPIPE, sendfile(memfd, fd, &offset, PAGE), "sendfile from offset");
	expect_error(EINVAL, sendfile(fd, memfd, NULL, PAGE), "sendfile to");
	expect_error(EXDEV, copy_file_range(fd, NULL, memfd, NULL, PAGE, 0),
		     "copy from");
	expect_error(EXDEV, copy_file_range(memfd, NULL, fd, NULL, PAGE, 0), "copy to");
	expect_error(EINVAL, copy_file_range(fd, NULL, fd, NULL, PAGE, 0),
		     "copy to itself");
	expect_error(EINVAL, tee(fd, pipes[1], PAGE, 0), "tee");
	expect_error(EBADF, vmsplice(fd, &(struct iovec){ buffer, PAGE }, 1, 0),
		     "vmsplice");
	close(pipes[0]);
	close(pipes[1]);
	close(memfd);
}

TEST(size_is_fixed, &pair)
{
	static const off_t sizes[] = {
		0, 1, PAGE, FILE_SIZE - 1, FILE_SIZE, FILE_SIZE + 1, 2 * FILE_SIZE,
		1LL << 62, INT64_MAX,
	};
	struct pair *p = *state;
	struct stat stat;

	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		expect_error(EINVAL, ftruncate(p->file, sizes[i]), "ftruncate to %#lx",
			     sizes[i]);
		expect_error(EINVAL, truncate(own_path(p->file), sizes[i]),
			     "truncate to %#lx", sizes[i]);
	}
	expect_error(EINVAL, ftruncate(p->file, -1), "ftruncate to -1");
	expect_ok(fstat(p->file, &stat), "fstat");
	assert_int_equal(stat.st_size, FILE_SIZE);
}

TEST(attributes_are_fixed, &pair)
{
	struct pair *p = *state;
	const struct timespec times[2] = { { .tv_sec = 1 }, { .tv_sec = 2 } };
	const char *path = own_path(p->file);

	expect_error(EINVAL, fchmod(p->file, 0666), "fchmod");
	expect_error(EINVAL, fchmod(p->file, 0600), "fchmod to what it is");
	expect_error(EINVAL, chmod(path, 0666), "chmod");
	expect_error(EINVAL, fchown(p->file, 1, 1), "fchown");
	expect_error(EINVAL, fchown(p->file, 0, 0), "fchown to who has it");
	expect_error(EINVAL, chown(path, 1, 1), "chown");
	expect_error(EINVAL, futimens(p->file, times), "futimens");
	expect_error(EINVAL, futimens(p->file, NULL), "futimens to now");
	expect_error(EINVAL, utimensat(AT_FDCWD, path, times, 0), "utimensat");
}

TEST(extended_attributes, &pair)
{
	struct pair *p = *state;

	expect_error(EOPNOTSUPP, fsetxattr(p->file, "user.x", "y", 1, 0), "fsetxattr");
	expect_error(EOPNOTSUPP, fgetxattr(p->file, "user.x", buffer, 1), "fgetxattr");
	expect_error(EOPNOTSUPP, fremovexattr(p->file, "user.x"), "fremovexattr");
	expect_error(EOPNOTSUPP, fsetxattr(p->file, "trusted.x", "y", 1, 0), "trusted");
}

/*
 * The file can't be opened a second time: a file that is opened again has no
 * VM.
 */
TEST(opening_again, &pair, &pair_shared)
{
	static const struct {
		const char *what;
		int flags;
	} rows[] = {
		{ "O_RDONLY", O_RDONLY }, { "O_RDWR", O_RDWR }, { "O_WRONLY", O_WRONLY },
		{ "O_TRUNC", O_RDWR | O_TRUNC }, { "O_APPEND", O_RDWR | O_APPEND },
		{ "O_CREAT", O_RDWR | O_CREAT },
	};
	struct pair *p = *state;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		expect_error(ENXIO, open(own_path(p->file), rows[i].flags, 0600),
			     "%s", rows[i].what);
}

TEST(syncing_and_locking, &pair)
{
	struct pair *p = *state;
	struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

	expect_ok(sync_file_range(p->file, 0, PAGE, 0), "sync_file_range");
	expect_ok(flock(p->file, LOCK_EX | LOCK_NB), "flock");
	expect_ok(fcntl(p->file, F_SETLK, &lock), "F_SETLK");
	expect_error(EINVAL, fcntl(p->file, F_GET_SEALS), "F_GET_SEALS");
	expect_error(EINVAL, fcntl(p->file, F_ADD_SEALS, 1), "F_ADD_SEALS");
	expect_error(EBADF, fcntl(p->file, F_SETPIPE_SZ, PAGE), "F_SETPIPE_SZ");
	assert_int_equal(posix_fadvise(p->file, 0, 0, POSIX_FADV_DONTNEED), 0);
	assert_int_equal(posix_fadvise(p->file, 0, 0, POSIX_FADV_WILLNEED), 0);
}

TEST(as_a_directory_or_program, &pair)
{
	struct pair *p = *state;
	char *const none[] = { NULL };

	expect_error(ENOTDIR, openat(p->file, "x", O_RDONLY), "openat");
	expect_error(ENOTDIR, fchdir(p->file), "fchdir");
	expect_error(ENOTDIR, syscall(SYS_getdents64, p->file, buffer, PAGE), "getdents");
	expect_error(EACCES, fexecve(p->file, none, none), "fexecve");
	expect_error(EXDEV, linkat(AT_FDCWD, own_path(p->file), AT_FDCWD, "/tmp/link",
				   AT_SYMLINK_FOLLOW), "linkat");
}

TEST(waiting, &pair)
{
	struct pair *p = *state;
	int epoll = epoll_create1(0);
	struct epoll_event event = { .events = EPOLLIN };

	expect_error(EPERM, epoll_ctl(epoll, EPOLL_CTL_ADD, p->file, &event), "epoll");
	close(epoll);
}

TEST(unknown_ioctls, &pair)
{
	struct pair *p = *state;

	expect_error(ENOTTY, ioctl(p->file, KVM_GET_API_VERSION, 0), "KVM's");
	expect_error(ENOTTY, ioctl(p->file, KVM_RUN, 0), "KVM_RUN");
	expect_error(ENOTTY, ioctl(p->file, KVM_CHECK_EXTENSION, 234), "extension");
	expect_error(ENOTTY, ioctl(p->file, 0, 0), "0");
	expect_error(ENOTTY, ioctl(p->file, 0x5401, buffer), "TCGETS");
}

TEST_MAIN("guest_memfd: the file")
