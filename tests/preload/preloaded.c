// SPDX-License-Identifier: GPL-2.0-only
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "preloaded.h"
#include "unit.h"

static const char *library_path(void)
{
	static char path[PATH_MAX + sizeof(PRELOAD_LIBRARY) + 1];
	char self[PATH_MAX] = "";

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return NULL;
	snprintf(path, sizeof(path), "%s/" PRELOAD_LIBRARY, dirname(self));
	return path;
}

void preloaded(char **argv)
{
	const char *library = library_path();
	const char *have = getenv("LD_PRELOAD");

	if (have && strstr(have, PRELOAD_LIBRARY))
		return;
	if (!library || access(library, R_OK)) {
		printf("Bail out! " PRELOAD_LIBRARY " isn't beside the program\n");
		exit(1);
	}
	setenv("LD_PRELOAD", library, 1);
	execv("/proc/self/exe", argv);
	printf("Bail out! Can't start the program with the library\n");
	exit(1);
}

int run_again(bool library, const char *setting, const char *name, int number)
{
	char text[16];
	int status;
	pid_t pid;

	snprintf(text, sizeof(text), "%d", number);
	fflush(NULL);
	pid = expect_ok(fork(), "fork");
	if (!pid) {
		if (library)
			setenv("LD_PRELOAD", library_path(), 1);
		else
			unsetenv("LD_PRELOAD");
		if (setting)
			setenv("KVM_PRIVATE_PRELOAD_FALLBACK", setting, 1);
		execl("/proc/self/exe", "again", name, text, NULL);
		_exit(99);
	}
	expect_ok(TEMP_FAILURE_RETRY(waitpid(pid, &status, 0)), "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int guest_memfd(int vm, __u64 size, __u64 flags)
{
	struct kvm_create_guest_memfd create = { .size = size, .flags = flags };

	return ioctl(vm, KVM_CREATE_GUEST_MEMFD, &create);
}

int native_guest_memfd(int vm, __u64 size, __u64 flags)
{
	struct kvm_create_guest_memfd create = { .size = size, .flags = flags };

	return native_ioctl(vm, KVM_CREATE_GUEST_MEMFD, &create);
}

int capability(int fd, long capability)
{
	return ioctl(fd, KVM_CHECK_EXTENSION, capability);
}

int native_capability(int fd, long capability)
{
	return native_ioctl(fd, KVM_CHECK_EXTENSION, capability);
}

int kvm_open(void)
{
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC);

	if (kvm < 0)
		fail_msg("Can't open /dev/kvm: %s", strerror(errno));
	return kvm;
}

int vm_create_ordinary(void)
{
	int kvm = kvm_open();
	int vm = expect_ok(ioctl(kvm, KVM_CREATE_VM, 0), "KVM_CREATE_VM");

	close(kvm);
	return vm;
}

bool is_ours(int fd)
{
	char path[64], text[1024];
	ssize_t length;
	int info;

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	info = open(path, O_RDONLY | O_CLOEXEC);
	if (info < 0)
		return false;
	length = read(info, text, sizeof(text) - 1);
	close(info);
	text[length < 0 ? 0 : length] = '\0';
	return strstr(text, "\ncreate-flags:");
}
