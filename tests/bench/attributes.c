// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cost of knowing which pages of a 1 TiB file are private: memory and
 * time by the number of boundaries between private and shared; and the same of
 * KVM's memory attributes for a smaller guest. To be run with a clock that
 * counts instructions:
 *
 *   scripts/vm --icount --bring build/tests/bench/attributes -- ./attributes [GIB]
 *
 * GIB: how large the guests with KVM's attributes get, 16 unless given.
 */
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <x86intrin.h>

#include "bookkeeping.h"
#include "convert.h"
#include "measure.h"
#include "unit.h"

#include "../kvm/vm.h"

#define TIB	(KIB * GIB)
#define ROUNDS	64

static void print_memory(const struct bookkeeping *before,
			 const struct bookkeeping *after)
{
	printf("%12.0f%12.0f%12.0f", after->nodes - before->nodes,
	       after->group - before->group, after->slab - before->slab);
}

static void must_convert(int fd, uint64_t offset, uint64_t size, bool private)
{
	int ret = private ? file_make_private(fd, offset, size, 0) :
			    file_make_shared(fd, offset, size, 0);

	if (ret)
		err(1, "KVM_SET_MEMORY_ATTRIBUTES2 at %#lx", offset);
}

/*
 * Shared islands of one page at equal distances, two boundaries each. Scattered:
 * not in ascending order.
 */
static uint64_t island(uint64_t i, uint64_t nr, bool scattered)
{
	/* A prime larger than any nr has no divisor in common with it. */
	if (scattered)
		i = i * 2147483647 % nr;
	return TIB / nr * i & -PAGE;
}

static double make_islands(int fd, uint64_t nr, bool scattered)
{
	uint64_t start = __rdtsc();

	for (uint64_t i = 0; i < nr; i++)
		must_convert(fd, island(i, nr, scattered), PAGE, false);
	return __rdtsc() - start;
}

/*
 * In the middle between two islands. Many such places are tried: one more range
 * may or may not fit into the node there.
 */
static uint64_t between_islands(uint64_t i, uint64_t nr)
{
	uint64_t stride = TIB / (nr ?: 1);

	return (nr * i / ROUNDS * stride + stride / 2) & -PAGE;
}

struct times {
	double to_shared;
	double to_private;
	double lookup;
	double fault;
};

static uint64_t time_convert(int fd, uint64_t offset, bool private)
{
	uint64_t start = __rdtsc();

	must_convert(fd, offset, PAGE, private);
	return __rdtsc() - start;
}

static uint64_t time_fault(volatile char *page)
{
	uint64_t start = __rdtsc();

	(void)*page;
	return __rdtsc() - start;
}

static struct times measure_file(int fd, uint64_t nr_islands)
{
	double to_shared[ROUNDS], to_private[ROUNDS];
	double lookup[ROUNDS], fault[ROUNDS];
	uint64_t at;
	char *page;

	for (int i = 0; i < ROUNDS; i++) {
		at = between_islands(i, nr_islands);
		to_shared[i] = time_convert(fd, at, false);
		lookup[i] = time_convert(fd, at, false);
		page = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, at);
		if (page == MAP_FAILED)
			err(1, "mmap");
		time_fault(page);
		/* The page table stays allocated. */
		madvise(page, PAGE, MADV_DONTNEED);
		fault[i] = time_fault(page);
		munmap(page, PAGE);
		to_private[i] = time_convert(fd, at, true);
	}
	return (struct times){
		median(to_shared, ROUNDS), median(to_private, ROUNDS),
		median(lookup, ROUNDS), median(fault, ROUNDS),
	};
}

static void report_file(uint64_t boundaries, bool scattered)
{
	struct bookkeeping before, after;
	struct times times;
	double making, all;
	int fd;

	before = bookkeeping_now("maple_node");
	fd = file_create(TIB, KVM_PRIVATE_FLAG_MMAP);
	making = make_islands(fd, boundaries / 2, scattered);
	after = bookkeeping_now("maple_node");
	times = measure_file(fd, boundaries / 2);

	all = -(double)__rdtsc();
	must_convert(fd, 0, TIB, false);
	all += __rdtsc();
	close(fd);

	printf("%10lu%c", boundaries, scattered ? '*' : ' ');
	print_memory(&before, &after);
	printf("%9.0f%9.0f%9.0f%9.0f%9.0f%14.0f\n",
	       boundaries ? making / (boundaries / 2) : 0, times.to_shared,
	       times.to_private, times.lookup, times.fault, all);
	fflush(stdout);
}

static double time_attributes(int vm, uint64_t gpa, uint64_t size, bool private)
{
	uint64_t start = __rdtsc();

	if (vm_try_attributes(vm, gpa, size, private))
		err(1, "KVM_SET_MEMORY_ATTRIBUTES");
	return __rdtsc() - start;
}

static void report_kvm(uint64_t gib, uint64_t boundaries)
{
	struct slot slot = { .gpa = 4 * GIB, .size = gib * GIB };
	double to_shared[ROUNDS], to_private[ROUNDS], lookup[ROUNDS];
	uint64_t stride, at = slot.gpa + slot.size / 8 * 3 + 64 * PAGE;
	struct bookkeeping before, after;
	int vm = vm_create();
	double all;

	slot.file = vm_native_file(vm, slot.size);
	if (vm_try_slot(vm, &slot))
		err(1, "KVM_SET_USER_MEMORY_REGION2");

	before = bookkeeping_now("radix_tree_node");
	all = time_attributes(vm, slot.gpa, slot.size, true);
	for (uint64_t i = 0; i < boundaries / 2; i++) {
		stride = slot.size / (boundaries / 2) & -PAGE;
		time_attributes(vm, slot.gpa + i * stride, PAGE, false);
	}
	after = bookkeeping_now("radix_tree_node");

	for (int i = 0; i < ROUNDS; i++) {
		to_shared[i] = time_attributes(vm, at, PAGE, false);
		lookup[i] = time_attributes(vm, at, PAGE, false);
		to_private[i] = time_attributes(vm, at, PAGE, true);
	}
	close(slot.file);
	close(vm);

	printf("%5lu GiB%10lu", gib, boundaries);
	print_memory(&before, &after);
	printf("%9.0f%9.0f%9.0f%14.0f\n", median(to_shared, ROUNDS),
	       median(to_private, ROUNDS), median(lookup, ROUNDS), all);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	const uint64_t boundaries[] = { 0, 1000, 1000000 };
	uint64_t gib = argc > 1 ? strtoull(argv[1], NULL, 0) : 16;

	settle();
	bookkeeping_start();

	puts("Times are ticks of the time stamp counter (instructions with --icount), memory\n"
	     "is bytes: in nodes, slab of the cgroup, all of slab.\n\n"
	     "A file of 1 TiB; boundaries (*: not made in ascending order); memory; time: to\n"
	     "make an island (average), one page to shared, to private, shared already, a\n"
	     "fault of the host, all to shared");
	for (size_t i = 0; i < ARRAY_SIZE(boundaries); i++)
		report_file(boundaries[i], false);
	report_file(boundaries[ARRAY_SIZE(boundaries) - 1], true);

	puts("\nKVM's attributes; size; boundaries; memory; time: one page to shared, to private,\n"
	     "shared already, all to private");
	report_kvm(1, 0);
	report_kvm(gib, 0);
	report_kvm(gib, 1000);
	return 0;
}
