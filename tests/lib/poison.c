// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include <linux/kernel-page-flags.h>

#include "device.h"
#include "poison.h"
#include "text_file.h"
#include "unit.h"

/*
 * A write injects an error as the machine check handler would report it, but
 * without the kill.
 */
#define INJECT "/sys/devices/system/memory/hard_offline_page"

/* The kernel's KPF_RESERVED, which its interface for programs doesn't name */
#define RESERVED_FLAG 32

static bool has_flag(__u64 pfn, unsigned int flag)
{
	int fd = expect_ok(open("/proc/kpageflags", O_RDONLY | O_CLOEXEC),
			   "open kpageflags");
	__u64 flags;

	assert_int_equal(pread(fd, &flags, sizeof(flags), pfn * sizeof(flags)),
			 sizeof(flags));
	close(fd);
	return flags & (1ULL << flag);
}

int poison_try(__u64 pfn)
{
	char address[32];

	snprintf(address, sizeof(address), "%#llx", pfn * PAGE);
	/*
	 * EBUSY: the kernel can do nothing about a used page whose user it
	 * doesn't know.
	 */
	return text_file_try_write(INJECT, address) && errno != EBUSY ? -1 : 0;
}

void poison_pfn(__u64 pfn)
{
	expect_ok(poison_try(pfn), "an error in pfn %#llx", pfn);
	assert_true(has_flag(pfn, KPF_HWPOISON));
}

bool pfn_is_free(__u64 pfn)
{
	return has_flag(pfn, KPF_BUDDY);
}

bool pfn_is_reserved(__u64 pfn)
{
	return has_flag(pfn, RESERVED_FLAG);
}
