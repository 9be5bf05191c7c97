// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every way in that needs only the file or its holder, on a page of each kind of
 * file. Here the holder wrote the page's content; guest.c has the same with a
 * guest's.
 */
#include <sys/mman.h>
#include <unistd.h>

#include "convert.h"
#include "disks.h"
#include "huge.h"
#include "stamp.h"
#include "trial.h"

#define SIZE	(2 * HUGE_PAGE)
#define OFFSET	(3 * PAGE)
#define TAG	0x5ec4e7a5c0dedb00ULL

static void stamp(struct secret *secret)
{
	secret->word = TAG + OFFSET;
	secret->target.offset = OFFSET;
	file_stamp(secret->target.fd, OFFSET, PAGE, TAG);
}

/*
 * The holder of such a file can't look at it. In guest.c a guest says that it is
 * unchanged.
 */
TEST(file_that_is_not_mapped)
{
	struct secret secret = { .kind = "plain" };
	unsigned char *nowhere = mmap(NULL, SIZE, PROT_NONE,
				      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(nowhere, MAP_FAILED);
	secret.target.fd = file_create(SIZE, 0);
	secret.target.address = nowhere + OFFSET;
	secret.target.protection = PROT_NONE;
	stamp(&secret);
	try_all_ways(&secret);
	close(secret.target.fd);
	munmap(nowhere, SIZE);
}

static void try_mapped(struct secret *secret)
{
	char *map = file_map(secret->target.fd, SIZE);

	secret->target.address = (unsigned char *)map + OFFSET;
	secret->target.protection = PROT_READ | PROT_WRITE;
	try_all_ways(secret);

	/* None of the ways that write has changed the page. */
	expect_ok(file_make_shared(secret->target.fd, OFFSET, PAGE,
				   CONVERT_PRESERVE), "sharing");
	assert_int_equal(words_in(map + OFFSET, PAGE, secret->word), PAGE);
	munmap(map, SIZE);
}

TEST(mapped_file)
{
	struct secret secret = { .kind = "mapped" };

	secret.target.fd = file_create(SIZE, KVM_PRIVATE_FLAG_MMAP);
	stamp(&secret);
	try_mapped(&secret);
	close(secret.target.fd);
}

/*
 * The page stays a part of a huge one, since no way works that would need a smaller
 * page.
 */
TEST(huge_file)
{
	struct secret secret = { .kind = "huge" };

	secret.target.fd = huge_create(SIZE, KVM_PRIVATE_FLAG_MMAP);
	stamp(&secret);
	expect_backing(secret.target.fd, 1, 0, "before");
	try_mapped(&secret);
	close(secret.target.fd);
}

TEST_MAIN("ways in: the holder", .setup = disks_group_setup)
