// SPDX-License-Identifier: GPL-2.0-only
/*
 * For LD_PRELOAD: makes KVM_CREATE_GUEST_MEMFD return files of /dev/kvm_private,
 * in programs that call the C library's ioctl(). docs/kvm_private_preload.md tells
 * how that works out.
 *
 * All calls that aren't about a guest_memfd of a VM go to the kernel unchanged.
 * The library has no state but what it sets once. It makes only system calls, and
 * none that is a cancellation point, because ioctl() is none. So a program may
 * call this wherever it may call ioctl().
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/kvm.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/kvm_private.h>

/* Debian 12's <linux/kvm.h> is older than these. */
#ifndef KVM_CREATE_GUEST_MEMFD
struct kvm_create_guest_memfd {
	__u64 size;
	__u64 flags;
	__u64 reserved[6];
};

#define KVM_CREATE_GUEST_MEMFD \
	_IOWR(KVMIO, 0xd4, struct kvm_create_guest_memfd)
#endif

#ifndef KVM_CAP_GUEST_MEMFD
#define KVM_CAP_GUEST_MEMFD		234
#endif

/*
 * If this is in the environment and isn't empty, KVM's own guest_memfd is good
 * enough where the device can't be opened.
 */
#define FALLBACK_VARIABLE	"KVM_PRIVATE_PRELOAD_FALLBACK"

typedef int ioctl_function(int fd, unsigned long request, ...);

static ioctl_function *next;
static bool fallback;

/* Other preloaded libraries have their turn before the C library. */
static ioctl_function *next_ioctl(void)
{
	ioctl_function *function = __atomic_load_n(&next, __ATOMIC_RELAXED);

	if (!function) {
		*(void **)&function = dlsym(RTLD_NEXT, "ioctl");
		__atomic_store_n(&next, function, __ATOMIC_RELAXED);
	}
	return function;
}

/*
 * Before main(), and before there are threads: dlsym() takes locks, which a
 * signal handler or the child of a fork may find taken.
 */
static void __attribute__((constructor)) prepare(void)
{
	const char *value = secure_getenv(FALLBACK_VARIABLE);

	fallback = value && *value;
	next_ioctl();
}

static int kernel_ioctl(int fd, unsigned long request, unsigned long arg)
{
	return next_ioctl()(fd, request, arg);
}

/*
 * Is that a VM, and one that this process may use? KVM answers: it knows the
 * extension, and it wants to read the struct of KVM_CREATE_GUEST_MEMFD, from an
 * address that can't be read. Drivers have nodes; the library doesn't query them,
 * lest the numbers mean something to one.
 */
static bool is_vm(int fd)
{
	const unsigned long nowhere = -4096UL;
	struct stat status;

	if (fstat(fd, &status) || S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode))
		return false;
	if (kernel_ioctl(fd, KVM_CHECK_EXTENSION, KVM_CAP_USER_MEMORY) != 1)
		return false;
	return kernel_ioctl(fd, KVM_CREATE_GUEST_MEMFD, nowhere) == -1 &&
	       errno == EFAULT;
}

/*
 * The flags that a guest_memfd of this VM may have. If KVM knows none it is
 * 6.12's. With private memory such a KVM takes our files that can be mapped, and
 * without it takes no file at all.
 */
static __u64 vm_flags(int vm)
{
	int flags = kernel_ioctl(vm, KVM_CHECK_EXTENSION,
				 KVM_CAP_GUEST_MEMFD_FLAGS);

	if (flags > 0)
		return flags;
	if (kernel_ioctl(vm, KVM_CHECK_EXTENSION, KVM_CAP_GUEST_MEMFD) > 0)
		return KVM_PRIVATE_FLAG_MMAP;
	return 0;
}

/*
 * Copies as the kernel does: a bad pointer gives an error and no signal. If a
 * sandbox forbids the call, the pointer has to be good.
 */
static int copy_argument(struct kvm_create_guest_memfd *to, unsigned long from)
{
	struct iovec local = { to, sizeof(*to) };
	struct iovec remote = { (void *)from, sizeof(*to) };
	ssize_t copied = process_vm_readv(gettid(), &local, 1, &remote, 1, 0);

	if (copied == sizeof(*to))
		return 0;
	if (copied >= 0 || errno == EFAULT) {
		errno = EFAULT;
		return -1;
	}
	memcpy(to, (void *)from, sizeof(*to));
	return 0;
}

static int open_device(void)
{
	return syscall(SYS_openat, AT_FDCWD, KVM_PRIVATE_DEVICE,
		       O_RDWR | O_CLOEXEC);
}

static void close_fd(int fd)
{
	int error = errno;

	syscall(SYS_close, fd);
	errno = error;
}

static bool device_works(void)
{
	int device = open_device();

	if (device < 0)
		return false;
	close_fd(device);
	return true;
}

/*
 * Is the device missing, or forbidden to this process? Other errors would be KVM's
 * own as well.
 */
static bool device_is_missing(int error)
{
	return error == ENOENT || error == ENXIO || error == ENODEV ||
	       error == EACCES || error == EPERM;
}

static bool is_valid(int vm, const struct kvm_create_guest_memfd *wanted)
{
	return !(wanted->flags & ~vm_flags(vm)) && wanted->size &&
	       wanted->size <= LLONG_MAX &&
	       !(wanted->size % sysconf(_SC_PAGESIZE));
}

/* The reserved fields may hold anything: KVM doesn't look at them. */
static int create_on(int device, const struct kvm_create_guest_memfd *wanted)
{
	const struct kvm_private_create create = {
		.size = wanted->size,
		.flags = wanted->flags,
	};

	return kernel_ioctl(device, KVM_PRIVATE_CREATE, (unsigned long)&create);
}

/* Errors come in KVM's order: the pointer, the values, and then any shortage. */
static int create(int vm, unsigned long request, unsigned long arg)
{
	struct kvm_create_guest_memfd wanted;
	int device, file, result;

	if (copy_argument(&wanted, arg))
		return -1;
	if (!is_valid(vm, &wanted)) {
		errno = EINVAL;
		return -1;
	}

	device = open_device();
	if (device < 0) {
		if (fallback && device_is_missing(errno))
			return kernel_ioctl(vm, request, arg);
		return -1;
	}
	file = create_on(device, &wanted);
	if (file < 0) {
		close_fd(device);
		return -1;
	}

	/*
	 * A guest_memfd stays open on exec and has the lowest free number, which
	 * the device got.
	 */
	result = dup2(file, device);
	if (result < 0)
		close_fd(device);
	close_fd(file);
	return result;
}

int ioctl(int fd, unsigned long request, ...)
{
	const int error = errno;
	unsigned long arg;
	va_list args;
	int result;

	va_start(args, request);
	arg = va_arg(args, unsigned long);
	va_end(args);

	/*
	 * A program that keeps the number in an int passes it with the sign
	 * extended.
	 */
	switch ((unsigned int)request) {
	case KVM_CREATE_GUEST_MEMFD:
		result = is_vm(fd) ? create(fd, request, arg) :
				     kernel_ioctl(fd, request, arg);
		break;
	case KVM_CHECK_EXTENSION:
		result = kernel_ioctl(fd, request, arg);
		if (!result && arg == KVM_CAP_GUEST_MEMFD_FLAGS && is_vm(fd) &&
		    device_works())
			result = vm_flags(fd);
		break;
	default:
		return kernel_ioctl(fd, request, arg);
	}
	if (result >= 0)
		errno = error;
	return result;
}
