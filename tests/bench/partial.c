// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cost of taking 4 KiB out of a large page, of converting them, and of making it
 * large again. To be run with a clock that counts instructions:
 *
 *   scripts/vm --icount --bring build/tests/bench/partial -- ./partial
 *
 * Prints CSV as rows.c does.
 */
#include <err.h>
#include <stdio.h>
#include <unistd.h>
#include <x86intrin.h>

#include "backend.h"
#include "convert.h"
#include "huge.h"
#include "measure.h"
#include "unit.h"

#define ROUNDS	6
/* Somewhere inside */
#define AT	(77 * PAGE)

enum operation { SHARE, HIDE, PUNCH, COLLAPSE, OPERATIONS };

static const char *const names[OPERATIONS] = {
	[SHARE]		= "convert 4 KiB of a page",
	[HIDE]		= "convert them back",
	[PUNCH]		= "punch 4 KiB of a page",
	[COLLAPSE]	= "fill up and collapse the page",
};

static int share(int fd, uint64_t size)
{
	(void)size;
	return file_make_shared(fd, AT, PAGE, CONVERT_PRESERVE);
}

static int hide(int fd, uint64_t size)
{
	(void)size;
	return file_make_private(fd, AT, PAGE, CONVERT_PRESERVE);
}

static int punch_part(int fd, uint64_t size)
{
	(void)size;
	return file_punch(fd, AT, PAGE);
}

static int collapse(int fd, uint64_t size)
{
	struct kvm_private_collapse collapse = { .size = size };

	return file_collapse(fd, &collapse);
}

static int (*const operations[OPERATIONS])(int fd, uint64_t size) = {
	[SHARE]		= share,
	[HIDE]		= hide,
	[PUNCH]		= punch_part,
	[COLLAPSE]	= collapse,
};

static int new_file(unsigned int page_shift, uint64_t size)
{
	uint64_t flags = KVM_PRIVATE_FLAG_MMAP;
	int device = device_open(), fd;

	if (page_shift > 12)
		flags |= KVM_PRIVATE_FLAG_HUGE_STRICT;
	fd = try_create_shift(device, size, flags, page_shift);
	if (fd < 0)
		err(1, "KVM_PRIVATE_CREATE");
	close(device);
	return fd;
}

/*
 * Returns how many of the operations succeeded: a page of 1 GiB can move only to
 * another place of that size.
 */
static unsigned int one_round(unsigned int page_shift, uint64_t size,
			      unsigned int nr_operations, double *values)
{
	int fd = new_file(page_shift, size);
	uint64_t start;
	unsigned int i;

	if (file_allocate(fd, 0, size)) {
		warn("2^%u bytes: fallocate", page_shift);
		nr_operations = 0;
	}
	for (i = 0; i < nr_operations; i++) {
		start = __rdtsc();
		if (operations[i](fd, size)) {
			warn("2^%u bytes: %s", page_shift, names[i]);
			break;
		}
		values[i * ROUNDS] = __rdtsc() - start;
	}
	close(fd);
	return i;
}

static void report(const struct backend *backend)
{
	uint64_t size = 1ULL << backend->page_shift;
	/* Base pages can't be split or collapsed. */
	unsigned int nr = size > PAGE ? OPERATIONS : COLLAPSE;
	double values[OPERATIONS * ROUNDS];

	if (size < HUGE_PAGE)
		size = HUGE_PAGE;
	for (unsigned int i = 0; i < ROUNDS; i++)
		nr = one_round(backend->page_shift, size, nr, values + i);
	for (unsigned int i = 0; i < nr; i++) {
		printf("%s,%s,%llu,%.1f,instructions/call,,\n", backend->name,
		       names[i], size / MIB,
		       median(values + i * ROUNDS, ROUNDS));
		fflush(stdout);
	}
}

int main(void)
{
	gigantic_give_back();
	settle();
	for (const struct backend *backend = backends; backend->name; backend++)
		if (backend->page_shift &&
		    backend_works(backend, 1ULL << backend->page_shift))
			report(backend);
	return 0;
}
