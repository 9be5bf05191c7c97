// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <unistd.h>

#include "../guest_memfd/memfd.h"
#include "child.h"
#include "device.h"
#include "domain.h"
#include "kinds.h"
#include "text_file.h"
#include "unit.h"

#define PROVIDER "/sys/module/kvm/parameters/guest_memfd_provider"

static int create_private(void)
{
	int device = device_open();
	int fd = file_try_create(device, FILE_SIZE, KVM_PRIVATE_FLAG_MMAP);
	int error = errno;

	close(device);
	errno = error;
	return fd;
}

const struct kind private_file = {
	.name = "a file of kvm_private",
	.create = create_private,
	.domain_of_class = "file_only_t",
	.domain_of_other = "anon_inode_only_t",
	.role = "system_r",
};

bool has_kvm(void)
{
	return !access(PROVIDER, F_OK);
}

static bool is_provided(void)
{
	char provider[32];

	text_file_read(PROVIDER, provider, sizeof(provider));
	return !strcmp(provider, "kvm_private\n");
}

int guest_memfd_create(int *vm)
{
	*vm = memfd_vm(KVM_X86_SW_PROTECTED_VM);
	return memfd_try(*vm, FILE_SIZE, is_provided() ? MMAP : 0);
}

static int create_guest_memfd(void)
{
	int vm, fd = guest_memfd_create(&vm), error = errno;

	close(vm);
	errno = error;
	return fd;
}

static const struct kind stand_in = {
	.name = "guest_memfd of kvm_private",
	.create = create_guest_memfd,
	.domain_of_class = "anon_inode_only_t",
	.domain_of_other = "file_only_t",
	.role = "object_r",
};

/*
 * The file can't be mapped and has no ioctl. SELinux judges both calls before the
 * file refuses them.
 */
static const struct kind native = {
	.name = "Linux's guest_memfd",
	.create = create_guest_memfd,
	.domain_of_class = "anon_inode_only_t",
	.domain_of_other = "file_only_t",
	.role = "object_r",
	.map = ENODEV,
	.ioctl = ENOTTY,
};

const struct kind *guest_memfd_kind(void)
{
	return is_provided() ? &stand_in : &native;
}

struct making {
	const struct kind *kind;
	const char *domain;
	struct meeting meeting;
};

static void make(void *arg)
{
	struct making *making = arg;
	int fd;

	domain_enter(making->domain);
	fd = expect_ok(making->kind->create(), "%s", making->kind->name);
	pass_fd_to_parent(&making->meeting, fd);
}

int kind_made_by(const struct kind *kind, const char *domain)
{
	struct making making = { .kind = kind, .domain = domain };
	pid_t pid;
	int fd;

	meeting_open(&making.meeting);
	pid = child_start(make, &making);
	fd = take_fd_from_child(&making.meeting);
	child_wait(pid);
	meeting_close(&making.meeting);
	return fd;
}
