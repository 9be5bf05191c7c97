// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory and processors that are to go offline. Private pages can't be moved away:
 * their memory stays online, the kernel says so at once, and the pages keep their
 * place.
 */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "convert.h"
#include "huge.h"
#include "numa.h"
#include "text_file.h"
#include "touch.h"
#include "unit.h"
#include "workers.h"

#define MEMORY "/sys/devices/system/memory/"
#define PROCESSOR "/sys/devices/system/cpu/cpu1/online"

#define SHARED (KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED)

/* The file's size on node 1, less than a kernel needs there itself */
#define FILE_SIZE (128 * HUGE_PAGE)

static __u64 block_size(void)
{
	char text[32];

	text_file_read(MEMORY "block_size_bytes", text, sizeof(text));
	return strtoull(text, NULL, 16);
}

/*
 * Returns whether the page kept its memory online (EBUSY). A memory block
 * with holes can't go offline anyway, which is EINVAL.
 */
static bool expect_stays(char *page)
{
	const __u64 pfn = pfn_at(page);
	char path[128], state[16];
	bool busy;

	snprintf(path, sizeof(path), MEMORY "memory%llu/state",
		 pfn * PAGE / block_size());
	expect_error_of(((const int[]){ EBUSY, EINVAL, 0 }),
			text_file_try_write(path, "offline"), "%s", path);
	busy = errno == EBUSY;
	text_file_read(path, state, sizeof(state));
	assert_string_equal(state, "online\n");
	assert_int_equal(pfn_at(page), pfn);
	expect_reads(page, 'x', "the page");
	return busy;
}

static void expect_all_stay(int fd, char *map)
{
	unsigned int busy = 0;

	for (__u64 offset = 0; offset < FILE_SIZE; offset += 16 * HUGE_PAGE)
		busy += expect_stays(map + offset);
	assert_int_not_equal(busy, 0);
	assert_int_equal(file_allocated(fd), FILE_SIZE);
}

TEST(memory)
{
	static const __u32 shifts[] = { 0, HUGE_SHIFT };

	for (size_t i = 0; i < ARRAY_SIZE(shifts); i++) {
		int device = device_open();
		int fd = expect_ok(try_create_shift(device, FILE_SIZE, SHARED,
						    shifts[i]), "create");
		char *map = file_map(fd, FILE_SIZE);

		/* The node that a host may want to unplug */
		expect_ok(numa_bind(map, FILE_SIZE, MPOL_BIND, NODE_1, 0),
			  "mbind");
		memset(map, 'x', FILE_SIZE);
		assert_int_equal(file_on_node(fd, 1), FILE_SIZE);
		expect_all_stay(fd, map);
		for (__u64 offset = 0; offset < FILE_SIZE; offset += HUGE_PAGE)
			expect_ok(file_make_private(fd, offset + PAGE,
						    HUGE_PAGE - PAGE, 0),
				  "convert");
		expect_all_stay(fd, map);
		munmap(map, FILE_SIZE);
		close(fd);
		close(device);
	}
}

static void stay_on(int processor)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(processor, &set);
	sched_setaffinity(0, sizeof(set), &set);
}

/* Any node will do: the kernel chooses another processor when this one goes. */
static void allocate_and_free(struct worker *w)
{
	const int fd = *(const int *)w->arg;
	const __u64 half = FILE_SIZE / 2 * (w->seed % 2);

	if (!w->calls)
		stay_on(w->seed % 2);
	worker_note(w, "allocate", file_allocate(fd, half, FILE_SIZE / 2), NULL);
	worker_note(w, "punch", file_punch(fd, half, FILE_SIZE / 2), NULL);
}

static void switch_processor(struct worker *w)
{
	worker_note(w, "offline", text_file_try_write(PROCESSOR, "0"), NULL);
	worker_note(w, "online", text_file_try_write(PROCESSOR, "1"), NULL);
}

TEST(processor)
{
	int fd = file_create(FILE_SIZE, 0);
	struct worker workers[] = {
		{ .one_call = allocate_and_free, .arg = &fd, .seed = 0 },
		{ .one_call = allocate_and_free, .arg = &fd, .seed = 1 },
		{ .one_call = switch_processor },
	};

	workers_run(workers, ARRAY_SIZE(workers), 3);
	assert_int_equal(file_allocated(fd), 0);
	expect_ok(file_allocate(fd, 0, FILE_SIZE), "afterwards");
	close(fd);
}

TEST_MAIN("hotplug", .setup = numa_group_setup)
