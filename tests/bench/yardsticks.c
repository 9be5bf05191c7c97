// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <sys/mman.h>
#include <x86intrin.h>

#include "device.h"
#include "yardsticks.h"

#define HUGE_PAGE	(2 * MIB)

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE	23
#endif

struct yardsticks yardsticks_measure(uint64_t size)
{
	char *map = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	uint64_t start, full, empty;
	char *memory;

	if (map == MAP_FAILED)
		err(1, "mmap");
	memory = map + -(uintptr_t)map % HUGE_PAGE;
	if (madvise(memory, size, MADV_HUGEPAGE))
		err(1, "MADV_HUGEPAGE");

	start = __rdtsc();
	if (madvise(memory, size, MADV_POPULATE_WRITE))
		err(1, "MADV_POPULATE_WRITE");
	full = __rdtsc();
	munmap(map, size + HUGE_PAGE);
	empty = __rdtsc();
	return (struct yardsticks){ full - start, empty - full };
}
