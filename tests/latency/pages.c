// SPDX-License-Identifier: GPL-2.0-only
/* Much memory in files, in base pages and in huge ones */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "convert.h"
#include "huge.h"
#include "stretch.h"
#include "unit.h"

#define SIZE (512 * MIB)

static int create(__u32 page_shift)
{
	int device = device_open();
	int fd = expect_ok(try_create_shift(device, SIZE, KVM_PRIVATE_FLAG_MMAP |
					    KVM_PRIVATE_FLAG_INIT_SHARED,
					    page_shift), "create");

	close(device);
	return fd;
}

static int create_full(__u32 page_shift)
{
	int fd = create(page_shift);

	expect_ok(file_allocate(fd, 0, SIZE), "allocate");
	return fd;
}

static void allocate_and_free(__u32 page_shift)
{
	int fd = create(page_shift);

	expect_ok(stretch(file_allocate(fd, 0, SIZE),
			  "allocating 512 MiB in pages of 2^%u", page_shift),
		  "allocate");
	expect_ok(stretch(file_allocate(fd, 0, SIZE), "once more"), "allocate");
	assert_int_equal(stretch(lseek(fd, 0, SEEK_HOLE), "SEEK_HOLE"), SIZE);
	expect_ok(stretch(file_punch(fd, 0, SIZE), "punching them"), "punch");
	expect_ok(file_allocate(fd, 0, SIZE), "allocate");
	expect_ok(stretch(close(fd), "the end of the file"), "close");
}

static int touch_all(char *map)
{
	memset(map, 1, SIZE);
	return 0;
}

static void convert(__u32 page_shift)
{
	int fd = create_full(page_shift);
	char *map = file_map(fd, SIZE);

	stretch(touch_all(map), "touching 512 MiB in pages of 2^%u", page_shift);
	expect_ok(stretch(file_make_private(fd, 0, SIZE, 0), "to private, mapped"),
		  "to private");
	expect_ok(stretch(file_make_shared(fd, 0, SIZE, CONVERT_ZERO),
			  "to shared and zero"), "to shared");
	expect_ok(stretch(file_make_private(fd, 0, SIZE, CONVERT_PRESERVE),
			  "to private, not mapped"), "to private");
	expect_ok(stretch(file_make_shared(fd, PAGE, SIZE - PAGE, CONVERT_PRESERVE),
			  "to shared but for a page"), "to shared");
	memset(map + PAGE, 1, SIZE - PAGE);
	munmap(map, SIZE);
	close(fd);
}

static void populate(__u32 page_shift)
{
	char *source = mmap(NULL, SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			    0);
	struct kvm_private_populate args = {
		.size = SIZE, .source = (uintptr_t)source,
	};
	int device = device_open();
	int fd = expect_ok(try_create_shift(device, SIZE, 0, page_shift), "create");

	close(device);
	expect_ok(stretch(file_populate(fd, &args),
			  "populating 512 MiB in pages of 2^%u", page_shift),
		  "populate");
	munmap(source, SIZE);
	close(fd);
}

static void base_pages(void **state)
{
	(void)state;
	allocate_and_free(12);
	convert(12);
	populate(12);
}

static void huge_pages(void **state)
{
	(void)state;
	allocate_and_free(HUGE_SHIFT);
	convert(HUGE_SHIFT);
	populate(HUGE_SHIFT);
}

/* Base pages in a file of huge ones, since others of their block were there first */
static void collapse(void **state)
{
	struct kvm_private_collapse args = { .size = SIZE };
	int fd = create(HUGE_SHIFT);

	(void)state;
	for (__u64 at = 0; at < SIZE; at += HUGE_PAGE) {
		expect_ok(file_allocate(fd, at, HUGE_PAGE), "allocate");
		expect_ok(file_punch(fd, at + PAGE, HUGE_PAGE / 2), "punch");
		expect_ok(file_allocate(fd, at, HUGE_PAGE), "allocate");
	}
	expect_ok(stretch(file_collapse(fd, &args), "collapsing 512 MiB of base pages"),
		  "collapse");
	expect_ok(stretch(file_punch(fd, PAGE, SIZE - 2 * PAGE),
			  "punching all but the ends"), "punch");
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		stretch_test(base_pages),
		stretch_test(huge_pages),
		stretch_test(collapse),
	};

	return cmocka_run_group_tests_name("latency: pages", tests,
					   stretch_group_setup,
					   stretch_group_teardown);
}
