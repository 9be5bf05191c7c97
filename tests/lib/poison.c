// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <linux/kernel-page-flags.h>

#include "device.h"
#include "poison.h"
#include "text_file.h"
#include "unit.h"

/* Injects what the machine check handler would report, but for the kill. */
#define INJECT "/sys/devices/system/memory/hard_offline_page"

static bool has_flag(__u64 frame, unsigned int flag)
{
	int fd = expect_ok(open("/proc/kpageflags", O_RDONLY | O_CLOEXEC),
			   "open kpageflags");
	__u64 flags;

	assert_int_equal(pread(fd, &flags, sizeof(flags), frame * sizeof(flags)),
			 sizeof(flags));
	close(fd);
	return flags & (1ULL << flag);
}

int poison_try(__u64 frame)
{
	char address[32];

	snprintf(address, sizeof(address), "%#llx", frame * PAGE);
	/* It can do nothing about a page in use by it knows not whom. */
	return text_file_try_write(INJECT, address) && errno != EBUSY ? -1 : 0;
}

void poison_frame(__u64 frame)
{
	expect_ok(poison_try(frame), "an error in frame %#llx", frame);
	assert_true(has_flag(frame, KPF_HWPOISON));
}

bool frame_is_free(__u64 frame)
{
	return has_flag(frame, KPF_BUDDY);
}
