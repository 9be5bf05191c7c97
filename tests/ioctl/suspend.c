// SPDX-License-Identifier: GPL-2.0-only
/* A machine that goes to sleep with its memory powered */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "convert.h"
#include "text_file.h"
#include "touch.h"
#include "unit.h"

#define STATE "/sys/power/state"
/*
 * Where the kernel stops on its way and comes back by itself, and after how
 * long
 */
#define TEST_LEVEL "/sys/power/pm_test"
#define TEST_DELAY "/sys/module/suspend/parameters/pm_test_delay"

/* All of the way to sleep and back, but for the firmware's part. */
TEST(suspend)
{
	int fd = file_create(MIB, KVM_PRIVATE_FLAG_MMAP |
			     KVM_PRIVATE_FLAG_INIT_SHARED);
	char *map = file_map(fd, MIB);

	memset(map, 0x5a, MIB);
	expect_ok(file_make_private(fd, PAGE, PAGE, CONVERT_PRESERVE), "convert");
	text_file_write(TEST_LEVEL, "core");
	text_file_write(TEST_DELAY, "0");
	text_file_write(STATE, "mem");
	text_file_write(TEST_LEVEL, "none");
	expect_reads(map, 0x5a, "a shared page");
	expect_sigbus(map + PAGE, "a private page");
	expect_ok(file_make_shared(fd, PAGE, PAGE, CONVERT_PRESERVE), "convert");
	expect_reads(map + PAGE, 0x5a, "what was private");
	munmap(map, MIB);
	close(fd);
}

TEST_MAIN("suspend")
