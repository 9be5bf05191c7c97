// SPDX-License-Identifier: GPL-2.0-only
/* Descriptors and ioctls that the library passes on */
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <termios.h>

#include "child.h"
#include "device.h"
#include "filter.h"
#include "preloaded.h"
#include "unit.h"
#include "vm.h"

/* A device whose ioctls happen to have KVM's numbers */
#define DEVICE_FD 1000

struct device_call {
	unsigned long request;
	unsigned long arg;
	int answer;
};

/* The library passes on the same call and no other, and returns its result. */
static void call_device(void *arg)
{
	const struct device_call *call = arg;
	int null = expect_ok(open("/dev/null", O_RDWR), "/dev/null");
	int result;

	expect_ok(dup2(null, DEVICE_FD), "dup2");
	answer_ioctls(DEVICE_FD, call->answer);
	errno = 0;
	result = ioctl(DEVICE_FD, call->request, call->arg);
	if (call->answer < 0) {
		assert_int_equal(errno, -call->answer);
		assert_int_equal(result, -1);
	} else {
		assert_int_equal(errno, 0);
		assert_int_equal(result, call->answer);
	}
	assert_int_equal(noted_count, 1);
	assert_int_equal(noted[0].request, call->request);
	assert_int_equal(noted[0].arg, call->arg);
}

TEST(a_device_with_the_same_numbers)
{
	static const unsigned long requests[] = {
		KVM_CREATE_GUEST_MEMFD,
		(long)(int)KVM_CREATE_GUEST_MEMFD,
		KVM_CHECK_EXTENSION,
	};
	static const unsigned long args[] = {
		0, 1, CAP_GUEST_MEMFD_FLAGS, -PAGE, 0x123456789abcdef0,
	};
	static const int answers[] = { 0, 1, 77, -EFAULT, -ENOTTY };

	for (unsigned int i = 0; i < ARRAY_SIZE(requests); i++)
		for (unsigned int j = 0; j < ARRAY_SIZE(args); j++)
			for (unsigned int k = 0; k < ARRAY_SIZE(answers); k++) {
				struct device_call call = {
					requests[i], args[j], answers[k],
				};

				child_run(call_device, &call);
			}
}

/*
 * No device, but an object without a node that knows the number of
 * KVM_CHECK_EXTENSION too. The library may query it, and do no more.
 */
static void call_object(void *arg)
{
	const int *answer = arg;
	int object = expect_ok(eventfd(0, 0), "eventfd");
	struct kvm_create_guest_memfd create = { .size = PAGE };
	int result;

	expect_ok(dup2(object, DEVICE_FD), "dup2");
	answer_ioctls(DEVICE_FD, *answer);
	result = ioctl(DEVICE_FD, KVM_CREATE_GUEST_MEMFD, &create);
	assert_int_equal(result < 0 ? -errno : result, *answer);
	assert_in_range(noted_count, 1, ARRAY_SIZE(noted));
	assert_int_equal(noted[noted_count - 1].request, KVM_CREATE_GUEST_MEMFD);
	assert_int_equal(noted[noted_count - 1].arg, (unsigned long)&create);
	for (unsigned int i = 0; i + 1 < noted_count; i++)
		assert_true(noted[i].request == KVM_CHECK_EXTENSION ||
			    noted[i].arg == -PAGE);
}

TEST(an_object_with_the_same_numbers)
{
	int answers[] = { 0, 1, 77, -EFAULT, -ENOTTY };

	for (unsigned int i = 0; i < ARRAY_SIZE(answers); i++)
		child_run(call_object, &answers[i]);
}

TEST(any_other_request)
{
	static const unsigned long requests[] = {
		0, TCGETS, FIONREAD, KVM_RUN, KVM_CREATE_VM, KVM_PRIVATE_CREATE,
		KVM_SET_MEMORY_ATTRIBUTES, 0xffffffff, UINT64_MAX,
		0x1230000000000000,
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(requests); i++) {
		struct device_call call = { requests[i], 0xfedcba9876543210, 5 };

		child_run(call_device, &call);
	}
}

static void expect_native(const char *name, int fd)
{
	struct kvm_create_guest_memfd create = { .size = PAGE };
	int wanted = native_ioctl(fd, KVM_CREATE_GUEST_MEMFD, &create);
	int error = errno;

	assert_int_equal(wanted, -1);
	expect_error(error, guest_memfd(fd, PAGE, 0), "%s", name);
	expect_error(error, guest_memfd(fd, PAGE, GUEST_MMAP), "%s, MMAP", name);

	wanted = native_capability(fd, CAP_GUEST_MEMFD_FLAGS);
	error = errno;
	assert_int_equal(capability(fd, CAP_GUEST_MEMFD_FLAGS), wanted);
	if (wanted < 0)
		assert_int_equal(errno, error);
}

TEST(every_kind_of_descriptor)
{
	int pipes[2], sockets[2];
	int vm = vm_create();
	int vcpu = expect_ok(ioctl(vm, KVM_CREATE_VCPU, 0), "KVM_CREATE_VCPU");

	expect_ok(pipe(pipes), "pipe");
	expect_ok(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), "socketpair");
	expect_native("/dev/kvm", kvm_open());
	expect_native("a vCPU", vcpu);
	expect_native("a vCPU's statistics",
		      expect_ok(ioctl(vcpu, KVM_GET_STATS_FD, NULL), "stats"));
	expect_native("/dev/kvm_private", device_open());
	expect_native("a private file", file_create(PAGE, 0));
	expect_native("a guest_memfd",
		      expect_ok(native_guest_memfd(vm, PAGE, 0), "native"));
	expect_native("a pipe", pipes[0]);
	expect_native("a socket", sockets[0]);
	expect_native("an eventfd", expect_ok(eventfd(0, 0), "eventfd"));
	expect_native("a file", expect_ok(open("/proc/self/exe", O_RDONLY), "exe"));
	expect_native("a directory", expect_ok(open("/", O_RDONLY), "/"));
	expect_native("a path", expect_ok(open("/dev/kvm", O_PATH), "O_PATH"));
	expect_native("/dev/zero", expect_ok(open("/dev/zero", O_RDWR), "zero"));
}

/* syscall() and inline system calls don't go through the library. */
TEST(system_calls_are_native)
{
	int vm = vm_create();
	int fd = expect_ok(native_guest_memfd(vm, PAGE, 0), "syscall()");

	assert_false(is_ours(fd));
	close(fd);
	close(vm);
}

int main(int argc, char **argv)
{
	(void)argc;
	preloaded(argv);
	return tests_run("others", NULL);
}
