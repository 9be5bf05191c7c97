// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's RAM. All of a VMM's port to /dev/kvm_private is in this file. For
 * a guest that shares no page: create a private file, put it into the slot, mark
 * all of it private, and put content into it with KVM_PRIVATE_POPULATE rather
 * than with memcpy. For a guest that talks to its host through memory: create a
 * file that is shared and map it, put content into the mapping, make all of it
 * private, and later convert the pages that the guest asks for.
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
#include <time.h>
#include <unistd.h>

#include <linux/kvm_private.h>

#include "kvm_abi.h"

#define PAGE_SIZE	4096UL

#define IN_PLACE_FLAGS	(KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED)

/*
 * A reference that the host has to a shared page mostly goes soon: I/O ends. If
 * not, the VMM tells the guest, rather than hold up its CPU for long.
 */
#define PINNED_PAUSE_NS	5000000
#define PINNED_TRIES	20

static int create_private_file(__u64 size, __u64 flags, unsigned int page_shift)
{
	struct kvm_private_create create = {
		.size = size,
		.flags = flags,
		.page_shift = page_shift,
	};
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

/* Maps @file, or with -1 memory of this process alone */
static void *map(__u64 size, int protection, int file)
{
	int flags = file < 0 ? MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE :
			       MAP_SHARED;
	void *address = mmap(NULL, size, protection, flags, file, 0);

	if (address == MAP_FAILED)
		err(1, "can't map %llu bytes", size);
	return address;
}

void memory_create(struct guest_memory *memory, enum memory_kind kind,
		   __u64 size, unsigned int page_shift)
{
	memory->kind = kind;
	memory->size = size;
	memory->file = -1;
	memory->nr_placed = 0;

	switch (kind) {
	case MEMORY_PRIVATE:
		memory->file = create_private_file(size, 0, page_shift);
		/*
		 * A slot has an address in this process even if its memory
		 * hasn't. Reserving it without any access makes sure that
		 * neither this program nor KVM goes around the file.
		 */
		memory->address = map(size, PROT_NONE, -1);
		break;
	case MEMORY_IN_PLACE:
		memory->file = create_private_file(size, IN_PLACE_FLAGS, page_shift);
		memory->address = map(size, PROT_READ | PROT_WRITE,
				      memory->file);
		break;
	case MEMORY_PLAIN:
		memory->address = map(size, PROT_READ | PROT_WRITE, -1);
		break;
	}
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
	/* A file that can be mapped says itself which pages are private. */
	if (memory->kind == MEMORY_PRIVATE &&
	    ioctl(vm, KVM_SET_MEMORY_ATTRIBUTES, &attributes))
		err(1, "KVM_SET_MEMORY_ATTRIBUTES");
}

void memory_attach(struct guest_memory *memory, int vm)
{
	if (memory->kind == MEMORY_PLAIN)
		attach_plain(memory, vm);
	else
		attach_private(memory, vm);
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

void memory_overwrite(struct guest_memory *memory, __u64 gpa, const void *source,
		      size_t size)
{
	memcpy((char *)memory->address + gpa, source, size);
}

static void note_place(struct guest_memory *memory, __u64 gpa, size_t size)
{
	if (memory->nr_placed == MEMORY_PLACES)
		errx(1, "only %d pieces of content can be placed", MEMORY_PLACES);
	memory->placed[memory->nr_placed].gpa = gpa;
	memory->placed[memory->nr_placed].size =
		(size + PAGE_SIZE - 1) & ~(PAGE_SIZE - 1);
	memory->nr_placed++;
}

void memory_place(struct guest_memory *memory, __u64 gpa, const void *source,
		  size_t size)
{
	size_t whole = size & ~(PAGE_SIZE - 1);
	unsigned char last[PAGE_SIZE] = { 0 };

	if (gpa > memory->size || size > memory->size - gpa)
		errx(1, "%zu bytes at %#llx don't fit into the guest; give it more --mem",
		     size, (unsigned long long)gpa);

	note_place(memory, gpa, size);
	if (memory->kind != MEMORY_PRIVATE) {
		memory_overwrite(memory, gpa, source, size);
		return;
	}

	if (whole)
		populate(memory, gpa, source, whole);
	if (size > whole) {
		memcpy(last, (const char *)source + whole, size - whole);
		populate(memory, gpa + whole, last, sizeof(last));
	}
}

static int convert(struct guest_memory *memory, __u64 gpa, __u64 size,
		   bool private, __u64 flags)
{
	const struct timespec pause = { .tv_nsec = PINNED_PAUSE_NS };
	struct kvm_memory_attributes2 range = {
		.offset = gpa,
		.size = size,
		.attributes = private ? KVM_MEMORY_ATTRIBUTE_PRIVATE : 0,
		.flags = flags,
	};

	for (int tries = 1;; tries++) {
		if (!ioctl(memory->file, KVM_SET_MEMORY_ATTRIBUTES2, &range))
			return 0;
		if (errno != EAGAIN || tries == PINNED_TRIES)
			return -errno;
		nanosleep(&pause, NULL);
	}
}

void memory_launch(struct guest_memory *memory)
{
	int result;

	if (memory->kind != MEMORY_IN_PLACE)
		return;

	/* The content stays: no platform scrambles it before the guest runs. */
	result = convert(memory, 0, memory->size, true,
			 KVM_SET_MEMORY_ATTRIBUTES2_PRESERVE);
	if (result)
		errx(1, "can't make the guest's memory private: %s",
		     strerror(-result));
}

/*
 * A page keeps its content only where the platform keeps it. Neither side of a
 * portable program relies on that.
 */
int memory_convert(struct guest_memory *memory, __u64 gpa, __u64 size,
		   bool private)
{
	if (memory->kind != MEMORY_IN_PLACE)
		return -EOPNOTSUPP;
	if (gpa > memory->size || size > memory->size - gpa)
		return -EINVAL;
	return convert(memory, gpa, size, private, 0);
}
