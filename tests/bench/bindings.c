// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cost of taking a page from one of many bindings of a file, by their
 * number. To be run with a clock that counts instructions, and with the consumer
 * of the tests:
 *
 *   scripts/vm --icount --bring build/tests/bench/bindings \
 *      --bring .../kvm_private_test.ko -- ./bindings
 *
 * Prints CSV as rows.c does.
 */
#include <err.h>
#include <stdio.h>
#include <unistd.h>
#include <x86intrin.h>

#include "../consumer/kvm_private_test.h"
#include "device.h"
#include "kmod.h"
#include "measure.h"
#include "unit.h"

#define ROUNDS	64
/* Pages from one binding, which is of one page, to the next */
#define STRIDE	4

static const unsigned int numbers[] = { 1, 64, 64000 };

static void bind_to(int consumer, int file, unsigned int slot)
{
	const struct kpt_bind bind = {
		.slot = slot, .fd = file,
		.start = slot * STRIDE, .end = slot * STRIDE + 1,
	};

	if (ioctl(consumer, KPT_BIND, &bind))
		err(1, "KPT_BIND, %u", slot);
}

static double take_page(int file, unsigned int slot)
{
	const uint64_t offset = slot * STRIDE * PAGE;
	uint64_t start;

	if (file_allocate(file, offset, PAGE))
		err(1, "fallocate");
	start = __rdtsc();
	if (file_punch(file, offset, PAGE))
		err(1, "punch hole");
	return __rdtsc() - start;
}

/*
 * Here and there, since some bindings are nearer to the tree's root than others
 */
static void report(int file, unsigned int bindings)
{
	double values[ROUNDS];

	for (unsigned int i = 0; i < ROUNDS; i++)
		values[i] = take_page(file, (uint64_t)bindings * i / ROUNDS);
	printf("kvm_private 4K,hole of a page (bindings: %u),%llu,%.1f,instructions/call,,\n",
	       bindings, GIB / MIB, median(values, ROUNDS));
}

int main(void)
{
	unsigned int bound = 0;
	int consumer, file;

	if (module_load("kvm_private_test"))
		err(1, "kvm_private_test.ko");
	consumer = open(KPT_DEVICE, O_RDWR | O_CLOEXEC);
	if (consumer < 0)
		err(1, KPT_DEVICE);
	file = file_create(GIB, 0);
	settle();
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		for (; bound < numbers[i]; bound++)
			bind_to(consumer, file, bound);
		report(file, numbers[i]);
	}
	return 0;
}
