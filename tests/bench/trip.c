// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "convert.h"
#include "device.h"
#include "guests.h"
#include "trip.h"
#include "unit.h"

/* Far from the page tables and the code, for any size */
#define TRIP_GPA	0x10000000ULL

/* The words of the guest and those of the host, different for each page */
#define GUEST_TAG	0x1111000000000000ULL
#define HOST_TAG	0x2222000000000000ULL

#define HUGE_PAGE	(2 * MIB)

static uint64_t nr_pages(const struct trip *trip)
{
	return trip->size / PAGE;
}

static void guest_must_write(struct trip *trip, uint64_t tag)
{
	bare_vm_call(&trip->vm, guest_write, TRIP_GPA, nr_pages(trip), tag,
		     trip->words);
}

static void guest_writes(struct trip *trip)
{
	guest_must_write(trip, GUEST_TAG);
}

static void guest_writes_for_host(struct trip *trip)
{
	guest_must_write(trip, HOST_TAG);
}

static void guest_reads(struct trip *trip)
{
	uint64_t bad = bare_vm_call(&trip->vm, guest_read, TRIP_GPA,
				    nr_pages(trip), HOST_TAG, trip->words);

	if (bad)
		errx(1, "%s: the guest found %lu pages other than they should be",
		     trip->way->name, bad);
}

/* The guest's private copy is behind the memory that travels. */
static void guest_copies_away(struct trip *trip)
{
	bare_vm_call(&trip->vm, guest_copy, TRIP_GPA + trip->size, TRIP_GPA, 0,
		     trip->size / sizeof(uint64_t));
}

static void guest_copies_back(struct trip *trip)
{
	bare_vm_call(&trip->vm, guest_copy, TRIP_GPA, TRIP_GPA + trip->size, 0,
		     trip->size / sizeof(uint64_t));
}

/* The host's own loop, instruction by instruction like the guests' */
static void host_writes(struct trip *trip)
{
	char *host = trip->slot.host;

	for (uint64_t at = 0; at < trip->size; at += PAGE) {
		void *to = host + at;
		uint64_t count = trip->words;

		asm volatile("rep stosq"
			     : "+D"(to), "+c"(count)
			     : "a"(HOST_TAG + TRIP_GPA + at)
			     : "memory");
	}
}

static void host_reads(struct trip *trip)
{
	const char *host = trip->slot.host;

	for (uint64_t at = 0; at < trip->size; at += PAGE) {
		const void *from = host + at;
		uint64_t count = trip->words;
		bool same;

		asm volatile("repe scasq"
			     : "+D"(from), "+c"(count), "=@cce"(same)
			     : "a"(GUEST_TAG + TRIP_GPA + at)
			     : "memory");
		if (!same)
			errx(1, "%s: the host found something else at %#lx",
			     trip->way->name, at);
	}
}

static void map_anonymous(struct trip *trip)
{
	/* Aligned like the guest's addresses, or KVM couldn't map it huge */
	trip->map_size = 2 * trip->size + HUGE_PAGE;
	trip->map = mmap(NULL, trip->map_size, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (trip->map == MAP_FAILED)
		err(1, "mmap");
	if (madvise(trip->map, trip->map_size,
		    trip->way->huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE))
		err(1, "madvise");
	trip->slot.host = trip->map + -(uintptr_t)trip->map % HUGE_PAGE;
}

static void open_native(struct trip *trip)
{
	trip->slot.size = 2 * trip->size;
	trip->slot.file = vm_native_file(trip->vm.fd, trip->slot.size);
	map_anonymous(trip);
	vm_add_slot(trip->vm.fd, &trip->slot);
}

static void discard_to_shared(struct trip *trip)
{
	if (vm_try_attributes(trip->vm.fd, TRIP_GPA, trip->size, false))
		err(1, "KVM_SET_MEMORY_ATTRIBUTES, shared");
	if (fallocate(trip->slot.file, HOLE, 0, trip->size))
		err(1, "punch hole");
}

static void discard_to_private(struct trip *trip)
{
	if (vm_try_attributes(trip->vm.fd, TRIP_GPA, trip->size, true))
		err(1, "KVM_SET_MEMORY_ATTRIBUTES, private");
	if (madvise(trip->slot.host, trip->size, MADV_DONTNEED))
		err(1, "MADV_DONTNEED");
}

static void open_in_place(struct trip *trip)
{
	trip->slot.size = trip->size;
	trip->slot.file = file_create(trip->size, KVM_PRIVATE_FLAG_MMAP);
	trip->map_size = trip->size;
	trip->map = file_map(trip->slot.file, trip->size);
	trip->slot.host = trip->map;
	if (vm_try_slot(trip->vm.fd, &trip->slot))
		err(1, "KVM_SET_USER_MEMORY_REGION2");
}

static void convert_to_shared(struct trip *trip)
{
	if (file_make_shared(trip->slot.file, 0, trip->size, CONVERT_PRESERVE))
		err(1, "KVM_SET_MEMORY_ATTRIBUTES2, shared");
}

static void convert_to_private(struct trip *trip)
{
	if (file_make_private(trip->slot.file, 0, trip->size, CONVERT_PRESERVE))
		err(1, "KVM_SET_MEMORY_ATTRIBUTES2, private");
}

#define COPY_STEPS {					\
	[GUEST_WRITES]		= guest_writes,		\
	[GUEST_SAVES]		= guest_copies_away,	\
	[TO_SHARED]		= discard_to_shared,	\
	[GUEST_SHARES]		= guest_copies_back,	\
	[HOST_READS]		= host_reads,		\
	[HOST_WRITES]		= host_writes,		\
	[GUEST_FETCHES]		= guest_copies_away,	\
	[TO_PRIVATE]		= discard_to_private,	\
	[GUEST_RESTORES]	= guest_copies_back,	\
	[GUEST_READS]		= guest_reads,		\
}

/*
 * This is the least that a guest can do: it knows the content of its pages, so
 * it writes them again instead of copying.
 */
#define REFAULT_STEPS {					\
	[GUEST_WRITES]		= guest_writes,		\
	[TO_SHARED]		= discard_to_shared,	\
	[GUEST_SHARES]		= guest_writes,		\
	[HOST_READS]		= host_reads,		\
	[HOST_WRITES]		= host_writes,		\
	[TO_PRIVATE]		= discard_to_private,	\
	[GUEST_RESTORES]	= guest_writes_for_host,\
	[GUEST_READS]		= guest_reads,		\
}

const struct way ways[] = {
	{
		.name = "in place",
		.open = open_in_place,
		.steps = {
			[GUEST_WRITES]	= guest_writes,
			[TO_SHARED]	= convert_to_shared,
			[HOST_READS]	= host_reads,
			[HOST_WRITES]	= host_writes,
			[TO_PRIVATE]	= convert_to_private,
			[GUEST_READS]	= guest_reads,
		},
	},
	{ .name = "copy", .open = open_native, .steps = COPY_STEPS },
	{ .name = "copy, THP", .huge = true, .open = open_native,
	  .steps = COPY_STEPS },
	{ .name = "refault", .open = open_native, .steps = REFAULT_STEPS },
	{ .name = "refault, THP", .huge = true, .open = open_native,
	  .steps = REFAULT_STEPS },
	{ }
};

void trip_open(struct trip *trip, const struct way *way, uint64_t size,
	       unsigned int words)
{
	*trip = (struct trip){ .way = way, .size = size, .words = words };
	bare_vm_open(&trip->vm);
	trip->slot.id = 1;
	trip->slot.gpa = TRIP_GPA;
	way->open(trip);
}

void trip_close(struct trip *trip)
{
	bare_vm_close(&trip->vm);
	close(trip->slot.file);
	munmap(trip->map, trip->map_size);
}
