// SPDX-License-Identifier: GPL-2.0-only
/* A file that is mapped again and again */
#include <sys/mman.h>
#include <unistd.h>

#include "convert.h"
#include "stretch.h"
#include "unit.h"

#define MAPPINGS 30000

/* Between two mappings, so that they don't merge */
#define STRIDE (2 * PAGE)

static int create(void)
{
	return file_create(PAGE, KVM_PRIVATE_FLAG_MMAP |
				 KVM_PRIVATE_FLAG_INIT_SHARED);
}

static char *map_often(int fd)
{
	char *start = mmap(NULL, MAPPINGS * STRIDE, PROT_NONE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	assert_ptr_not_equal(start, MAP_FAILED);
	for (__u64 i = 0; i < MAPPINGS; i++)
		assert_ptr_not_equal(mmap(start + i * STRIDE, PAGE,
					  PROT_READ | PROT_WRITE,
					  MAP_SHARED | MAP_FIXED, fd, 0),
				     MAP_FAILED);
	return start;
}

static void touch_all(char *start)
{
	for (__u64 i = 0; i < MAPPINGS; i++)
		*(volatile char *)(start + i * STRIDE) = 1;
}

TEST(touched, &stretch)
{
	int fd = create();
	char *start = map_often(fd);

	touch_all(start);
	expect_ok(stretch(file_make_private(fd, 0, PAGE, 0),
			  "%u mappings of a page: to private", MAPPINGS),
		  "to private");
	expect_ok(file_make_shared(fd, 0, PAGE, 0), "to shared");
	touch_all(start);
	expect_ok(stretch(file_punch(fd, 0, PAGE), "%u mappings of a page: punch",
			  MAPPINGS), "punch");
	munmap(start, MAPPINGS * STRIDE);
	close(fd);
}

TEST(not_touched, &stretch)
{
	int fd = create();
	char *start = map_often(fd);

	expect_ok(stretch(file_punch(fd, 0, PAGE), "%u mappings, not touched: punch", MAPPINGS),
		  "punch");
	munmap(start, MAPPINGS * STRIDE);
	close(fd);
}

TEST_MAIN("latency: mappings",
	  .setup = stretch_group_setup, .teardown = stretch_group_teardown)
