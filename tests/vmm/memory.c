// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's RAM. What porting a VMM to /dev/kvm_private comes to is in this
 * file: make a private file, give it to the slot, say that all of it is
 * private, and put content into it with KVM_PRIVATE_POPULATE rather than with
 * memcpy.
 */
#include "memory.h"

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/kvm_private.h>

#include "kvm_abi.h"

#define PAGE_SIZE	4096UL

static int create_private_file(__u64 size)
{
	struct kvm_private_create create = { .size = size };
	int device, file;

	device = open(KVM_PRIVATE_DEVICE, O_RDWR | O_CLOEXEC);
	if (device < 0)
		err(1, "can't open %s; is the kvm_private module loaded, and may you use it?",
		    KVM_PRIVATE_DEVICE);

	file = ioctl(device, KVM_PRIVATE_CREATE, &create);
	if (file < 0)
		err(1, "KVM_PRIVATE_CREATE of %llu bytes", size);

	close(device);
	return file;
}

void memory_create(struct guest_memory *memory, enum memory_kind kind,
		   __u64 size)
{
	int protection = PROT_READ | PROT_WRITE;

	memory->kind = kind;
	memory->size = size;
	memory->file = -1;

	if (kind == MEMORY_PRIVATE) {
		memory->file = create_private_file(size);
		/*
		 * A slot has an address in this process even if its memory
		 * hasn't. Reserving it without any access makes sure that
		 * nothing, neither this program nor KVM, goes around the file.
		 */
		protection = PROT_NONE;
	}

	memory->address = mmap(NULL, size, protection,
			       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
			       -1, 0);
	if (memory->address == MAP_FAILED)
		err(1, "can't reserve %llu bytes of address space",
		    size);
}

static void attach_plain(struct guest_memory *memory, int vm)
{
	struct kvm_userspace_memory_region slot = {
		.memory_size = memory->size,
		.userspace_addr = (uintptr_t)memory->address,
	};

	if (ioctl(vm, KVM_SET_USER_MEMORY_REGION, &slot))
		err(1, "KVM_SET_USER_MEMORY_REGION");
}

static void attach_private(struct guest_memory *memory, int vm)
{
	struct kvm_userspace_memory_region2 slot = {
		.flags = KVM_MEM_GUEST_MEMFD,
		.memory_size = memory->size,
		.userspace_addr = (uintptr_t)memory->address,
		.guest_memfd = memory->file,
	};
	struct kvm_memory_attributes attributes = {
		.size = memory->size,
		.attributes = KVM_MEMORY_ATTRIBUTE_PRIVATE,
	};

	if (ioctl(vm, KVM_SET_USER_MEMORY_REGION2, &slot))
		err(1, "KVM_SET_USER_MEMORY_REGION2; is the patched KVM loaded?");
	if (ioctl(vm, KVM_SET_MEMORY_ATTRIBUTES, &attributes))
		err(1, "KVM_SET_MEMORY_ATTRIBUTES");
}

void memory_attach(struct guest_memory *memory, int vm)
{
	if (memory->kind == MEMORY_PRIVATE)
		attach_private(memory, vm);
	else
		attach_plain(memory, vm);
}

static void populate(struct guest_memory *memory, __u64 gpa,
		     const void *source, size_t size)
{
	struct kvm_private_populate range = {
		.offset = gpa,
		.size = size,
		.source = (uintptr_t)source,
	};

	/* The kernel moves the range on, so an interrupted call is repeated. */
	while (ioctl(memory->file, KVM_PRIVATE_POPULATE, &range)) {
		if (errno != EINTR)
			err(1, "KVM_PRIVATE_POPULATE at %#llx",
			    range.offset);
	}
}

void memory_place(struct guest_memory *memory, __u64 gpa, const void *source,
		  size_t size)
{
	size_t whole = size & ~(PAGE_SIZE - 1);
	unsigned char last[PAGE_SIZE] = { 0 };

	if (gpa > memory->size || size > memory->size - gpa)
		errx(1, "%zu bytes at %#llx don't fit into the guest; give it more --mem",
		     size, (unsigned long long)gpa);

	if (memory->kind == MEMORY_PLAIN) {
		memcpy((char *)memory->address + gpa, source, size);
		return;
	}

	if (whole)
		populate(memory, gpa, source, whole);
	if (size > whole) {
		memcpy(last, (const char *)source + whole, size - whole);
		populate(memory, gpa + whole, last, sizeof(last));
	}
}
