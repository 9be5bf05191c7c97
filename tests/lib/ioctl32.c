// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ioctl32.h"

#define IOCTL_OF_I386 54

long ioctl32(int fd, unsigned long number, void *argument)
{
	long ret = IOCTL_OF_I386;

	asm volatile("int $0x80"
		     : "+a" (ret)
		     : "b" ((long)fd), "c" (number), "d" (argument)
		     : "memory", "r8", "r9", "r10", "r11");
	ret = (int)ret;
	if (ret < 0) {
		errno = -ret;
		return -1;
	}
	return ret;
}

bool kernel_takes_32_bit_calls(void)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		signal(SIGSEGV, SIG_DFL);
		ioctl32(-1, 0, NULL);
		_exit(0);
	}
	return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}
