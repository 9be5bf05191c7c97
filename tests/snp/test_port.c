// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <string.h>
#include <sys/io.h>
#include <unistd.h>

#include "test_port.h"

#define PORT		0x5e0
#define FAILING		(PORT + 0x0)
#define FAILURE		(PORT + 0x4)
#define EVENT		(PORT + 0x8)
#define EVENT_COUNT	(PORT + 0xc)
#define PORTS		0x10

#define SKIP_SHIFT	16

#define VENDOR		"/sys/class/dmi/id/sys_vendor"

bool test_port_open(void)
{
	char vendor[64] = "";
	int fd = open(VENDOR, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return false;
	if (read(fd, vendor, sizeof(vendor) - 1) < 0)
		vendor[0] = 0;
	close(fd);
	return !strncmp(vendor, "QEMU", 4) && !ioperm(PORT, PORTS, 1);
}

void fail_commands(__u32 command, __u32 skip, __u32 status)
{
	outl(command, FAILING);
	outl(skip << SKIP_SHIFT | status, FAILURE);
}

void stop_failing(void)
{
	outl(0, FAILURE);
}

__u32 event_count(enum snp_event event)
{
	outl(event, EVENT);
	return inl(EVENT_COUNT);
}
