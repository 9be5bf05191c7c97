// SPDX-License-Identifier: GPL-2.0-only
/*
 * The TDX module doesn't give pages back. They are lost: the file counts them, and they are never
 * used again. KVM warns each time.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "fdinfo.h"
#include "guest_td.h"
#include "huge.h"
#include "poison.h"

#define FREE_OFFSET (TD_FREE_GPA - TD_GPA)
#define FAILURE TDXM_OPERAND_INVALID

static int open_log(void)
{
	int log = expect_ok(open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC), "/dev/kmsg");

	expect_ok(lseek(log, 0, SEEK_END), "to the log's end");
	return log;
}

/* The first page that the module's messages name */
static __u64 logged_pfn(int log)
{
	char record[1024], *text;
	ssize_t size;
	__u64 pfn;

	while ((size = read(log, record, sizeof(record) - 1)) > 0) {
		record[size] = 0;
		text = strstr(record, "pages from pfn ");
		if (text && sscanf(text, "pages from pfn %llx", &pfn) == 1)
			return pfn;
	}
	fail_msg("no page is lost");
	return 0;
}

static struct guest_td *make(int file, int level)
{
	struct guest_td *td = guest_td_new();

	expect_ok(guest_td_try_init(td), "KVM_TDX_INIT_VM");
	expect_ok(guest_td_try_vcpu(td), "KVM_TDX_INIT_VCPU");
	guest_td_add_slot_of(td, file, NULL);
	guest_td_launch(td);
	model_step(TDXM_STEP_ACCEPT, TD_FREE_GPA, level, 0);
	guest_td_play(td);
	/* The lost pages lead to other mistakes when the TD ends. */
	model_arm(~0ULL);
	return td;
}

static void expect_lost(int log, int file, __u64 nr)
{
	__u64 pfn = logged_pfn(log);

	assert_int_equal(fdinfo_number(file, "leaked"), nr * PAGE);
	expect_ok(file_punch(file, 0, TD_SIZE), "punch");
	assert_int_equal(file_allocated(file), 0);
	for (__u64 i = 0; i < nr; i++)
		if (pfn_is_free(pfn + i))
			fail_msg("page %llu is free", i);
	close(file);
	assert_false(pfn_is_free(pfn));
	close(log);
	model_forget();
}

static void punch(struct guest_td *td)
{
	expect_ok(file_punch(td->file, FREE_OFFSET, PAGE), "punch");
	/* The VM is of no more use. */
	assert_int_equal(guest_td_run(td), -EIO);
}

static void end(struct guest_td *td)
{
	(void)td;
}

/* @command fails once while @act takes a page from the guest. */
static void lose(enum tdxm_command command, void (*act)(struct guest_td *td))
{
	int file = file_create(TD_SIZE, 0), log = open_log();
	struct guest_td *td = make(dup(file), 1);

	model_refuse(command, FAILURE, 0, 1);
	act(td);
	guest_td_stop(td);
	expect_lost(log, file, 1);
}

TEST(not_blocked)
{
	lose(TDXM_MEM_RANGE_BLOCK, punch);
}

TEST(not_removed)
{
	lose(TDXM_MEM_PAGE_REMOVE, punch);
}

TEST(not_written_back)
{
	lose(TDXM_PHYMEM_PAGE_WBINVD, punch);
}

TEST(not_removed_with_the_slot)
{
	lose(TDXM_MEM_PAGE_REMOVE, guest_td_delete_slot);
}

TEST(not_removed_at_the_end)
{
	lose(TDXM_MEM_PAGE_REMOVE, end);
}

static const struct fixture huge = { .wanted = guest_td_maps_huge };

TEST(two_mib_not_removed, &huge)
{
	int file = huge_create(TD_SIZE, 0), log = open_log();
	struct guest_td *td = make(dup(file), 2);

	model_refuse(TDXM_MEM_PAGE_REMOVE, FAILURE, 0, 1);
	expect_ok(file_punch(td->file, FREE_OFFSET, HUGE_PAGE), "punch");
	guest_td_stop(td);
	expect_lost(log, file, HUGE_PAGES);
}

/* KVM's table has pages by themselves that the module has as one. */
TEST(two_mib_not_demoted, &huge)
{
	int file = huge_create(TD_SIZE, 0), log = open_log();
	struct guest_td *td = make(dup(file), 2);

	model_refuse(TDXM_MEM_PAGE_DEMOTE, FAILURE, 0, 1);
	punch(td);
	assert_int_equal(fdinfo_number(file, "leaked"), PAGE);
	guest_td_stop(td);
	expect_lost(log, file, HUGE_PAGES);
}

TEST_MAIN("tdx/lost")
