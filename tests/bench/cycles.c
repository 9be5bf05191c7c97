// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cost of the module alone, in cycles of a real processor: allocating pages,
 * looking them up for a guest, and freeing them. Beside it what a memfd costs,
 * which is what guest_memfd is made like. For tests/bench/run-cycles, which runs
 * it in a kernel that runs as a process:
 *
 *   ./cycles [MIB]...
 *
 * Prints CSV: backend, row, MiB, cycles/page: median, least, most. The first of
 * some rounds doesn't count.
 */
#include <err.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <x86intrin.h>

#include "../consumer/kvm_private_test.h"
#include "device.h"
#include "measure.h"
#include "unit.h"

#define ROUNDS	12

enum row { ALLOCATE, LOOK_UP, FREE, ROWS };

static const char *const row_names[ROWS] = { "allocate", "look up", "free" };

struct backend {
	const char *name;
	/* 0: a memfd, whose pages have no lookup for a guest */
	unsigned int page_shift;
};

static const struct backend backends[] = {
	{ "memfd", 0 },
	{ "kvm_private 4K", 12 },
	{ "kvm_private 2M", 21 },
	{ "kvm_private 1G", 30 },
};

static int consumer;

static int new_file(const struct backend *backend, uint64_t size)
{
	struct kvm_private_create create = {
		.size = size, .page_shift = backend->page_shift,
		.flags = KVM_PRIVATE_FLAG_HUGE_STRICT,
	};
	int device, fd;

	if (!backend->page_shift) {
		fd = memfd_create("cycles", MFD_CLOEXEC);
		if (fd < 0 || ftruncate(fd, size))
			err(1, "memfd");
		return fd;
	}
	device = open(KVM_PRIVATE_DEVICE, O_RDWR | O_CLOEXEC);
	fd = ioctl(device, KVM_PRIVATE_CREATE, &create);
	if (fd < 0)
		err(1, "%s: KVM_PRIVATE_CREATE", backend->name);
	close(device);
	return fd;
}

static void look_up(int fd, uint64_t size, double *cycles)
{
	const struct kpt_bind bind = { .fd = fd, .end = size / PAGE };
	const struct kpt_sweep sweep = { .end = size / PAGE };
	uint64_t start;

	if (ioctl(consumer, KPT_BIND, &bind))
		err(1, "KPT_BIND");
	start = __rdtsc();
	if (ioctl(consumer, KPT_SWEEP, &sweep))
		err(1, "KPT_SWEEP");
	*cycles = __rdtsc() - start;
	ioctl(consumer, KPT_UNBIND, 0);
}

/* Returns whether there was memory for it. */
static bool one_round(const struct backend *backend, uint64_t size,
		      double cycles[ROWS])
{
	int fd = new_file(backend, size);
	uint64_t start;
	int ret;

	start = __rdtsc();
	ret = file_allocate(fd, 0, size);
	cycles[ALLOCATE] = __rdtsc() - start;
	if (!ret && backend->page_shift)
		look_up(fd, size, &cycles[LOOK_UP]);
	start = __rdtsc();
	if (file_punch(fd, 0, size))
		err(1, "%s: punch", backend->name);
	cycles[FREE] = __rdtsc() - start;
	close(fd);
	return !ret;
}

static void report(const struct backend *backend, uint64_t size)
{
	double rounds[ROUNDS][ROWS], values[ROUNDS];
	const double pages = size / PAGE;

	for (unsigned int i = 0; i < ROUNDS; i++)
		if (!one_round(backend, size, rounds[i])) {
			warn("%s, %llu MiB, is left out", backend->name, size / MIB);
			return;
		}
	for (enum row row = 0; row < ROWS; row++) {
		if (row == LOOK_UP && !backend->page_shift)
			continue;
		for (unsigned int i = 0; i < ROUNDS; i++)
			values[i] = rounds[i][row] / pages;
		printf("%s,%s,%llu,%.1f,", backend->name, row_names[row],
		       size / MIB, median(values, ROUNDS));
		/* The values are sorted now, but for the first. */
		printf("%.1f,%.1f\n", values[1], values[ROUNDS - 1]);
	}
	fflush(stdout);
}

int main(int argc, char **argv)
{
	consumer = open(KPT_DEVICE, O_RDWR | O_CLOEXEC);
	if (consumer < 0)
		err(1, KPT_DEVICE);
	for (int i = 1; i < argc; i++) {
		uint64_t size = strtoull(argv[i], NULL, 0) * MIB;

		for (size_t n = 0; n < ARRAY_SIZE(backends); n++)
			if (size % (1ULL << backends[n].page_shift) == 0)
				report(&backends[n], size);
	}
	return 0;
}
