// SPDX-License-Identifier: GPL-2.0-only
#include <linux/capability.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "rights.h"
#include "unit.h"

void drop_ipc_lock(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	__u32 mask = CAP_TO_MASK(CAP_IPC_LOCK);
	unsigned int word = CAP_TO_INDEX(CAP_IPC_LOCK);

	expect_ok(syscall(SYS_capget, &header, data), "capget");
	data[word].effective &= ~mask;
	data[word].permitted &= ~mask;
	data[word].inheritable &= ~mask;
	expect_ok(syscall(SYS_capset, &header, data), "capset");
}

void become_user(unsigned int uid)
{
	expect_ok(setgid(uid), "setgid");
	expect_ok(setuid(uid), "setuid");
}

void limit_locked_memory(__u64 bytes)
{
	struct rlimit limit = { .rlim_cur = bytes, .rlim_max = bytes };

	expect_ok(setrlimit(RLIMIT_MEMLOCK, &limit), "setrlimit");
}
