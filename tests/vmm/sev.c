// SPDX-License-Identifier: GPL-2.0-only
#include "sev.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/ioctl.h>

int sev_command(int vm, __u32 id, void *data, __u32 *error)
{
	static int firmware = -1;
	struct kvm_sev_cmd command = { .id = id, .data = (uintptr_t)data };
	int result = 0;

	if (firmware < 0)
		firmware = open("/dev/sev", O_RDWR | O_CLOEXEC);
	if (firmware < 0)
		return errno;
	command.sev_fd = firmware;
	if (ioctl(vm, KVM_MEMORY_ENCRYPT_OP, &command))
		result = errno;
	*error = command.error;
	return result;
}
