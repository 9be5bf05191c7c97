// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a page costs to allocate and to free, beside guest_memfd in the same
 * boot. To be run with a clock that counts instructions:
 *
 *   scripts/vm --icount --bring build/tests/bench/fallocate -- ./fallocate
 */
#include <err.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <x86intrin.h>

#include <linux/kvm_private.h>

#include "../kvm/kvm_uapi.h"
#include "measure.h"

#define PAGE_SIZE	4096ULL
#define ROUNDS		5

struct cost {
	double allocate;
	double punch;
};

static int private_file(uint64_t size)
{
	struct kvm_private_create create = { .size = size };
	int device = open(KVM_PRIVATE_DEVICE, O_RDWR);
	int fd;

	if (device < 0)
		err(1, "%s", KVM_PRIVATE_DEVICE);
	fd = ioctl(device, KVM_PRIVATE_CREATE, &create);
	if (fd < 0)
		err(1, "KVM_PRIVATE_CREATE");
	close(device);
	return fd;
}

static int native_file(uint64_t size)
{
	struct kvm_create_guest_memfd create = { .size = size };
	int kvm = open("/dev/kvm", O_RDWR);
	int vm, fd;

	if (kvm < 0)
		err(1, "/dev/kvm");
	vm = ioctl(kvm, KVM_CREATE_VM, KVM_X86_SW_PROTECTED_VM);
	if (vm < 0)
		err(1, "KVM_CREATE_VM");
	fd = ioctl(vm, KVM_CREATE_GUEST_MEMFD, &create);
	if (fd < 0)
		err(1, "KVM_CREATE_GUEST_MEMFD");
	close(vm);
	close(kvm);
	return fd;
}

static struct cost measure(int fd, uint64_t size)
{
	double allocate[ROUNDS], punch[ROUNDS], pages = size / PAGE_SIZE;
	uint64_t start, full, empty;

	for (int i = 0; i < ROUNDS; i++) {
		start = __rdtsc();
		if (fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, size))
			err(1, "fallocate");
		full = __rdtsc();
		if (fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, size))
			err(1, "punch hole");
		empty = __rdtsc();
		allocate[i] = (full - start) / pages;
		punch[i] = (empty - full) / pages;
	}
	close(fd);
	return (struct cost){ median(allocate, ROUNDS),
			      median(punch, ROUNDS) };
}

int main(void)
{
	const unsigned int sizes[] = { 16, 256, 0 };

	settle();

	puts("ticks of the time stamp counter a page (instructions with --icount)");
	puts("  MiB             guest_memfd  kvm_private  ratio");
	for (const unsigned int *mib = sizes; *mib; mib++) {
		uint64_t size = (uint64_t)*mib << 20;
		struct cost native = measure(native_file(size), size);
		struct cost ours = measure(private_file(size), size);

		printf("%5u fallocate  %11.0f %12.0f %6.2f\n", *mib,
		       native.allocate, ours.allocate,
		       ours.allocate / native.allocate);
		printf("%5u punch hole %11.0f %12.0f %6.2f\n", *mib,
		       native.punch, ours.punch, ours.punch / native.punch);
	}
	return 0;
}
