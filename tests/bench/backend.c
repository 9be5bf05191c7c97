// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <unistd.h>

#include "backend.h"
#include "device.h"

#include "../kvm/vm.h"

const struct backend backends[] = {
	{ "guest_memfd", 0 },
	{ "kvm_private 4K", 12 },
	{ "kvm_private 2M", 21 },
	{ "kvm_private 1G", 30 },
	{ }
};

/* With smaller pages than its name says it would be another backend. */
static int try_private_file(const struct backend *backend, int device,
			    uint64_t size)
{
	struct kvm_private_create create = {
		.size = size,
		.page_shift = backend->page_shift,
	};

	if (backend->page_shift > 12)
		create.flags = KVM_PRIVATE_FLAG_HUGE_STRICT;
	return ioctl(device, KVM_PRIVATE_CREATE, &create);
}

bool backend_works(const struct backend *backend, uint64_t size)
{
	int device, fd;
	bool works;

	if (backend->page_shift <= 12)
		return true;
	if (size < 1ULL << backend->page_shift)
		return false;
	device = device_open();
	fd = try_private_file(backend, device, size);
	works = fd >= 0 && !file_allocate(fd, 0, size);
	if (!works)
		warn("%s, %llu MiB, is left out", backend->name, size / MIB);
	close(fd);
	close(device);
	return works;
}

int backend_maker(const struct backend *backend, int vm)
{
	return backend->page_shift ? device_open() : dup(vm);
}

int backend_file(const struct backend *backend, int maker, uint64_t size)
{
	int fd;

	if (!backend->page_shift)
		return vm_native_file(maker, size);
	fd = try_private_file(backend, maker, size);
	if (fd < 0)
		err(1, "%s: KVM_PRIVATE_CREATE", backend->name);
	return fd;
}
