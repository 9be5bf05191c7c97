// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "take.h"

int take_fd_of(pid_t process, int number)
{
	int pidfd = syscall(SYS_pidfd_open, process, 0);
	int fd, error;

	if (pidfd < 0)
		return -1;
	fd = syscall(SYS_pidfd_getfd, pidfd, number, 0);
	error = errno;
	close(pidfd);
	errno = error;
	return fd;
}
