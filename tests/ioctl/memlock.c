// SPDX-License-Identifier: GPL-2.0-only
/*
 * RLIMIT_MEMLOCK. Each test has a user of its own, so that locked memory of another test
 * doesn't count.
 */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "child.h"
#include "convert.h"
#include "device.h"
#include "kernel_log.h"
#include "poll_until.h"
#include "rights.h"
#include "touch.h"
#include "unit.h"

#define LIMIT (16 * PAGE)
#define FILE_SIZE (KIB * GIB)

/* Root opens the device: other users have no right to its node. */
static int device;

static unsigned int next_uid = 2000;

static void become_limited_user(__u64 limit)
{
	limit_locked_memory(limit);
	become_user(next_uid);
}

static void assert_full(int fd)
{
	expect_error(ENOMEM, file_allocate(fd, FILE_SIZE / 2, PAGE),
		     "a page over the limit");
}

static int new_user(void **state)
{
	(void)state;
	next_uid++;
	return 0;
}

static const struct fixture another_user = { .setup = new_user };

/* A test whose body runs as a child. No other test uses its user ids. */
#define MEMLOCK_TEST(name)						\
	static void in_child_##name(void *unused);			\
	TEST(name, &another_user)					\
	{								\
		child_run(in_child_##name, NULL);			\
	}								\
	static void in_child_##name(__attribute__((unused)) void *unused)

MEMLOCK_TEST(allocate_to_the_limit)
{
	__u64 offset;
	int fd;

	become_limited_user(LIMIT);
	fd = file_create_on(device, FILE_SIZE, 0);
	for (offset = 0; offset < LIMIT; offset += PAGE)
		expect_ok(file_allocate(fd, offset, PAGE), "page at %#llx",
			  offset);
	assert_full(fd);
	assert_int_equal(file_allocated(fd), LIMIT);
	expect_ok(file_allocate(fd, 0, LIMIT), "what is there already");

	expect_ok(file_punch(fd, 0, 4 * PAGE), "punch");
	expect_ok(file_allocate(fd, GIB, 4 * PAGE), "as many elsewhere");
	assert_full(fd);
	close(fd);

	fd = file_create_on(device, FILE_SIZE, 0);
	expect_ok(file_allocate(fd, 0, LIMIT), "all of it in a new file");
	assert_full(fd);
}

MEMLOCK_TEST(allocate_too_much_at_once)
{
	int fd;

	become_limited_user(LIMIT);
	fd = file_create_on(device, FILE_SIZE, 0);
	expect_error(ENOMEM, file_allocate(fd, 0, LIMIT + PAGE), "allocate");
	expect_between(file_allocated(fd), 0, LIMIT, "bytes allocated");
	expect_ok(file_punch(fd, 0, FILE_SIZE), "punch");
	expect_ok(file_allocate(fd, 0, LIMIT), "exactly the limit");
	assert_full(fd);
}

MEMLOCK_TEST(populate_to_the_limit)
{
	struct kvm_private_populate populate = { .size = 20 * PAGE };
	char *source = mmap(NULL, 20 * PAGE, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	int fd;

	assert_ptr_not_equal(source, MAP_FAILED);
	become_limited_user(LIMIT);
	fd = file_create_on(device, FILE_SIZE, 0);
	populate.source = (uintptr_t)source;
	expect_error(ENOMEM, file_populate(fd, &populate), "populate");
	assert_int_equal(populate.offset, LIMIT);
	assert_int_equal(populate.size, 20 * PAGE - LIMIT);
	assert_int_equal(populate.source, (uintptr_t)source + LIMIT);
	assert_int_equal(file_allocated(fd), LIMIT);

	populate = (struct kvm_private_populate){
		.size = LIMIT, .source = (uintptr_t)source,
	};
	expect_ok(file_populate(fd, &populate), "what is there already");

	/* A populate that fails for another reason leaves no charge behind. */
	expect_ok(file_punch(fd, 0, LIMIT), "punch");
	populate = (struct kvm_private_populate){ .size = LIMIT, .source = 8 };
	expect_error(EFAULT, file_populate(fd, &populate), "bad source");
	expect_ok(file_punch(fd, 0, LIMIT), "punch");
	expect_ok(file_allocate(fd, 0, LIMIT), "allocate");
	assert_full(fd);
}

/* A touch over the limit raises a signal; the log names limit and process. */
MEMLOCK_TEST(touch_over_the_limit)
{
	struct poll poll = poll_start();
	int log = kernel_log_open();
	char wanted[256];
	char *map;
	int fd;

	become_limited_user(LIMIT);
	fd = file_create_on(device, 2 * LIMIT, KVM_PRIVATE_FLAG_MMAP |
			    KVM_PRIVATE_FLAG_INIT_SHARED);
	map = file_map(fd, 2 * LIMIT);
	expect_ok(file_allocate(fd, 0, LIMIT), "to the limit");
	snprintf(wanted, sizeof(wanted),
		 "SIGBUS for process %d (memlock): its user %u has %llu kB locked, and RLIMIT_MEMLOCK of process %d (memlock), which created the file, is %llu kB",
		 getpid(), next_uid, LIMIT / KIB, getpid(), LIMIT / KIB);
	/* The log gets few such lines in a few seconds. */
	expect_sigbus(map + LIMIT, "a page over the limit");
	while (!kernel_log_has(log, wanted)) {
		if (!poll_again(&poll))
			fail_msg("not in the log: %s", wanted);
		expect_sigbus(map + LIMIT, "a page over the limit");
	}
}

MEMLOCK_TEST(two_files_share_it)
{
	int first;
	int second;

	become_limited_user(LIMIT);
	first = file_create_on(device, FILE_SIZE, 0);
	second = file_create_on(device, FILE_SIZE, 0);
	expect_ok(file_allocate(first, 0, LIMIT - PAGE), "allocate");
	expect_ok(file_allocate(second, 0, PAGE), "the last page");
	assert_full(first);
	assert_full(second);
	close(first);
	expect_ok(file_allocate(second, PAGE, LIMIT - PAGE), "what came back");
	assert_full(second);
}

MEMLOCK_TEST(limit_off_the_page)
{
	int fd;

	become_limited_user(LIMIT + PAGE - 1);
	fd = file_create_on(device, FILE_SIZE, 0);
	expect_ok(file_allocate(fd, 0, LIMIT), "the whole pages of the limit");
	assert_full(fd);
}

MEMLOCK_TEST(limit_of_nothing)
{
	int fd;

	become_limited_user(0);
	fd = file_create_on(device, FILE_SIZE, 0);
	assert_full(fd);
	expect_ok(file_punch(fd, 0, FILE_SIZE), "punch");
	assert_int_equal(file_allocated(fd), 0);
}

MEMLOCK_TEST(root_without_the_right)
{
	int fd;

	limit_locked_memory(0);
	drop_ipc_lock();
	fd = file_create_on(device, FILE_SIZE, 0);
	assert_full(fd);
}

MEMLOCK_TEST(with_the_right)
{
	int fd;

	limit_locked_memory(0);
	fd = file_create_on(device, FILE_SIZE, 0);
	expect_ok(file_allocate(fd, 0, 2 * LIMIT), "allocate");
	assert_int_equal(file_allocated(fd), 2 * LIMIT);
}

/* The right belongs to the creator, and the file keeps it. */
MEMLOCK_TEST(file_of_a_creator_with_the_right)
{
	int fd = file_create_on(device, FILE_SIZE, 0);

	become_limited_user(0);
	expect_ok(file_allocate(fd, 0, 2 * LIMIT), "allocate");
}

static void create_and_pass(void *arg)
{
	struct meeting *meeting = arg;
	int fd;

	meet_parent(meeting);
	become_limited_user(LIMIT);
	fd = file_create_on(device, FILE_SIZE, 0);
	pass_fd_to_parent(meeting, fd);
	meet_parent(meeting);
	/* The parent has filled the file by now, and root may lock any amount. */
	assert_int_equal(file_allocated(fd), LIMIT);
	assert_full(fd);
	meet_parent(meeting);
}

static void can_have_all(void *arg)
{
	int fd;

	(void)arg;
	become_limited_user(LIMIT);
	fd = file_create_on(device, FILE_SIZE, 0);
	expect_ok(file_allocate(fd, 0, LIMIT), "all of the limit");
	assert_full(fd);
}

/* The creator stays charged when another user allocates pages. */
TEST(charge_stays, &another_user)
{
	struct meeting meeting;
	pid_t pid;
	int fd;

	meeting_open(&meeting);
	pid = child_start(create_and_pass, &meeting);
	meet_child(&meeting);
	fd = take_fd_from_child(&meeting);
	expect_ok(file_allocate(fd, 0, LIMIT), "allocate by root");
	assert_full(fd);
	meet_child(&meeting);
	meet_child(&meeting);
	child_wait(pid);

	/* The creator is dead, its file isn't. */
	assert_full(fd);
	expect_ok(file_punch(fd, 0, PAGE), "punch");
	expect_ok(file_allocate(fd, 0, PAGE), "allocate");
	assert_full(fd);
	close(fd);
	child_run(can_have_all, NULL);
	meeting_close(&meeting);
}

static int setup(void **state)
{
	(void)state;
	device = device_open();
	return 0;
}

TEST_MAIN("memlock", .setup = setup)
