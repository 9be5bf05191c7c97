// SPDX-License-Identifier: GPL-2.0-only
/* A touch of a mapping finds a page, whose content lasts, or SIGBUS. */
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cgroup.h"
#include "child.h"
#include "convert.h"
#include "rights.h"
#include "touch.h"
#include "unit.h"

#define FILE_SIZE (16 * PAGE)
#define LIMITED_UID 5000
#define CGROUP_LIMIT (8 * MIB)

static int fd;
static char *map;

static int create(void **state)
{
	(void)state;
	fd = file_create(FILE_SIZE, KVM_PRIVATE_FLAG_MMAP);
	map = file_map(fd, FILE_SIZE);
	return 0;
}

static int destroy(void **state)
{
	(void)state;
	munmap(map, FILE_SIZE);
	return close(fd);
}

static const struct fixture file = { .setup = create, .teardown = destroy };

TEST(one_attribute_after_the_other, &file)
{
	expect_sigbus(map, "private page that isn't there");
	assert_int_equal(file_allocated(fd), 0);
	expect_ok(file_allocate(fd, 0, PAGE), "allocate");
	expect_sigbus(map, "private page");
	expect_ok(file_make_shared(fd, 0, PAGE, 0), "to shared");
	expect_reads(map, 0, "shared page");
	memset(map, 0x11, PAGE);
	expect_sigbus(map + PAGE, "the next page");
	expect_ok(file_make_private(fd, 0, PAGE, 0), "to private");
	expect_sigbus(map, "page that is private again");
	expect_sigbus(map + PAGE - 1, "its last byte");
}

/* Reading allocates too: there is no page of zeros that all files share. */
TEST(touching_allocates, &file)
{
	expect_ok(file_make_shared(fd, 0, FILE_SIZE, 0), "to shared");
	assert_int_equal(file_allocated(fd), 0);
	expect_reads(map + 3 * PAGE, 0, "hole");
	assert_int_equal(file_allocated(fd), PAGE);
	expect_reads(map + 3 * PAGE + 5, 0, "the same page");
	assert_int_equal(touch_write(map + 7 * PAGE, 1), 0);
	assert_int_equal(file_allocated(fd), 2 * PAGE);
	assert_int_equal(lseek(fd, 4 * PAGE, SEEK_DATA), 7 * PAGE);
}

TEST(unless_it_may_not, &file)
{
	int strict = file_create(FILE_SIZE, KVM_PRIVATE_FLAG_MMAP |
				 KVM_PRIVATE_FLAG_INIT_SHARED |
				 KVM_PRIVATE_FLAG_NO_AUTO_ALLOC);
	char *own = file_map(strict, FILE_SIZE);

	expect_sigbus(own, "hole that may not be filled");
	assert_int_equal(file_allocated(strict), 0);
	expect_ok(file_allocate(strict, 0, PAGE), "allocate");
	expect_reads(own, 0, "page that was allocated");
	expect_sigbus(own + PAGE, "the hole behind it");
	expect_ok(file_punch(strict, 0, PAGE), "punch");
	expect_sigbus(own, "hole that was punched");
	munmap(own, FILE_SIZE);
	close(strict);
}

TEST(a_punched_page_is_gone, &file)
{
	expect_ok(file_make_shared(fd, 0, FILE_SIZE, 0), "to shared");
	memset(map, 0x22, FILE_SIZE);
	expect_ok(file_punch(fd, 4 * PAGE, 4 * PAGE), "punch");
	assert_int_equal(file_allocated(fd), FILE_SIZE - 4 * PAGE);
	expect_reads(map + 4 * PAGE, 0, "hole");
	expect_reads(map + 8 * PAGE - 1, 0, "end of the hole");
	expect_reads(map + 4 * PAGE - 1, 0x22, "page before the hole");
	expect_reads(map + 8 * PAGE, 0x22, "page after the hole");
	assert_int_equal(file_shared(fd), FILE_SIZE);
}

TEST(preserved, &file)
{
	unsigned int round;

	expect_ok(file_make_shared(fd, 0, FILE_SIZE, 0), "to shared");
	for (round = 1; round < 8; round++) {
		memset(map, round, FILE_SIZE);
		expect_ok(file_make_private(fd, round * PAGE, 4 * PAGE,
					    CONVERT_PRESERVE), "to private");
		expect_reads(map, round, "page that stayed shared");
		expect_sigbus(map + round * PAGE, "private page");
		expect_ok(file_make_shared(fd, 0, FILE_SIZE, CONVERT_PRESERVE),
			  "to shared");
		expect_reads(map + round * PAGE, round, "shared page");
		expect_reads(map + (round + 4) * PAGE - 1, round, "last byte");
	}
	assert_int_equal(file_allocated(fd), FILE_SIZE);
}

/*
 * CONVERT_ZERO zeroes shared pages, too: it says how the pages read afterwards.
 */
TEST(zeroed, &file)
{
	expect_ok(file_make_shared(fd, 0, FILE_SIZE, 0), "to shared");
	memset(map, 0x33, FILE_SIZE);
	expect_ok(file_make_shared(fd, PAGE, 2 * PAGE, CONVERT_ZERO),
		  "shared pages to shared");
	expect_reads(map, 0x33, "page before");
	expect_reads(map + PAGE, 0, "first page");
	expect_reads(map + 3 * PAGE - 1, 0, "last byte");
	expect_reads(map + 3 * PAGE, 0x33, "page after");

	expect_ok(file_make_private(fd, 8 * PAGE, PAGE, CONVERT_PRESERVE),
		  "to private");
	expect_ok(file_make_shared(fd, 7 * PAGE, 3 * PAGE, CONVERT_ZERO),
		  "mixed pages to shared");
	expect_reads(map + 7 * PAGE, 0, "shared page");
	expect_reads(map + 8 * PAGE, 0, "private page");
	expect_reads(map + 9 * PAGE, 0, "shared page");
	expect_reads(map + 10 * PAGE, 0x33, "page after");
	assert_int_equal(file_allocated(fd), FILE_SIZE);
}

TEST(two_mappings, &file)
{
	char *other = mmap(NULL, 2 * PAGE, PROT_READ, MAP_SHARED, fd, PAGE);
	unsigned char value;

	assert_ptr_not_equal(other, MAP_FAILED);
	expect_ok(file_make_shared(fd, 0, FILE_SIZE, 0), "to shared");
	memset(map, 0x44, FILE_SIZE);
	expect_reads(other, 0x44, "the other mapping");
	assert_int_equal(touch_write(other, 1), SIGSEGV);
	expect_ok(file_make_private(fd, PAGE, PAGE, 0), "to private");
	expect_sigbus(map + PAGE, "one mapping");
	assert_int_equal(touch_read(other, &value), SIGBUS);
	expect_reads(other + PAGE, 0x44, "the next page");
	munmap(other, 2 * PAGE);
}

TEST(outlives_the_descriptor, &file)
{
	int own = file_create(FILE_SIZE, KVM_PRIVATE_FLAG_MMAP);
	char *own_map = file_map(own, FILE_SIZE);

	expect_ok(file_make_shared(own, 0, FILE_SIZE / 2, 0), "to shared");
	memset(own_map, 0x55, FILE_SIZE / 2);
	close(own);
	expect_reads(own_map, 0x55, "page of a file that was closed");
	expect_sigbus(own_map + FILE_SIZE / 2, "private page of it");
	munmap(own_map, FILE_SIZE);
}

struct relatives {
	struct meeting meeting;
	int fd;
	char *map;
};

static void follow_parent(void *arg)
{
	struct relatives *relatives = arg;

	expect_reads(relatives->map, 0x66, "the parent's page");
	relatives->map[1] = 0x67;
	meet_parent(&relatives->meeting);
	/* The parent makes the page private and shared again. */
	meet_parent(&relatives->meeting);
	expect_sigbus(relatives->map, "page that the parent made private");
	meet_parent(&relatives->meeting);
	meet_parent(&relatives->meeting);
	expect_reads(relatives->map, 0x68, "page that is shared again");
	expect_ok(file_make_private(relatives->fd, 0, PAGE, 0), "to private");
	meet_parent(&relatives->meeting);
}

static void lead_child(struct relatives *relatives, pid_t pid)
{
	meet_child(&relatives->meeting);
	expect_reads(map + 1, 0x67, "the child's byte");
	expect_ok(file_make_private(fd, 0, PAGE, 0), "to private");
	meet_child(&relatives->meeting);
	meet_child(&relatives->meeting);
	expect_ok(file_make_shared(fd, 0, PAGE, 0), "to shared");
	map[0] = 0x68;
	meet_child(&relatives->meeting);
	meet_child(&relatives->meeting);
	expect_sigbus(map, "page that the child made private");
	child_wait(pid);
	meeting_close(&relatives->meeting);
}

TEST(across_fork, &file)
{
	struct relatives relatives = { .fd = fd, .map = map };

	expect_ok(file_make_shared(fd, 0, PAGE, 0), "to shared");
	map[0] = 0x66;
	meeting_open(&relatives.meeting);
	lead_child(&relatives, child_start(follow_parent, &relatives));
}

static void follow_with_own_mapping(void *arg)
{
	struct relatives *relatives = arg;

	meet_parent(&relatives->meeting);
	relatives->fd = take_fd_from_parent(&relatives->meeting);
	relatives->map = file_map(relatives->fd, FILE_SIZE);
	follow_parent(relatives);
}

TEST(across_processes, &file)
{
	struct relatives relatives = { .fd = -1 };
	pid_t pid;

	expect_ok(file_make_shared(fd, 0, PAGE, 0), "to shared");
	map[0] = 0x66;
	meeting_open(&relatives.meeting);
	pid = child_start(follow_with_own_mapping, &relatives);
	meet_child(&relatives.meeting);
	pass_fd_to_child(&relatives.meeting, fd);
	lead_child(&relatives, pid);
}

static void touch_to_the_limit(void *arg)
{
	int device = *(int *)arg;
	char *own;
	int file;

	limit_locked_memory(4 * PAGE);
	become_user(LIMITED_UID);
	file = file_create_on(device, FILE_SIZE, KVM_PRIVATE_FLAG_MMAP |
			      KVM_PRIVATE_FLAG_INIT_SHARED);
	own = file_map(file, FILE_SIZE);
	assert_int_equal(touch_write(own, 1), 0);
	expect_ok(file_allocate(file, PAGE, 3 * PAGE), "allocate");
	expect_reads(own + PAGE, 0, "page that is paid for");
	expect_sigbus(own + 4 * PAGE, "page over the limit");
	assert_int_equal(file_allocated(file), 4 * PAGE);
	expect_ok(file_punch(file, PAGE, PAGE), "punch");
	expect_reads(own + 4 * PAGE, 0, "page that took its place");
}

TEST(over_the_memlock_limit, &file)
{
	int device = device_open();

	child_run(touch_to_the_limit, &device);
	close(device);
}

static void touch_over_the_cgroup(void *arg)
{
	int root = cgroup_open_root();
	int file = file_create(4 * CGROUP_LIMIT, KVM_PRIVATE_FLAG_MMAP |
			       KVM_PRIVATE_FLAG_INIT_SHARED);
	char *own = file_map(file, 4 * CGROUP_LIMIT);
	__u64 offset;
	int signal = 0;

	/* Page tables and stack are there before the cgroup is full. */
	assert_int_equal(touch_write(own, 1), 0);
	expect_ok(mlockall(MCL_CURRENT), "mlockall");
	expect_ok(file_punch(file, 0, 4 * CGROUP_LIMIT), "punch");
	cgroup_enter(arg);
	for (offset = 0; offset < 4 * CGROUP_LIMIT && !signal; offset += PAGE)
		signal = touch_write(own + offset, 1);
	cgroup_leave(root);
	assert_int_equal(signal, SIGBUS);
	expect_between(offset, CGROUP_LIMIT / 2, CGROUP_LIMIT, "bytes touched");
}

TEST(over_the_cgroups_limit, &file)
{
	struct cgroup cgroup;

	cgroup_make(&cgroup, "kvm_private_touch");
	cgroup_limit(&cgroup, CGROUP_LIMIT);
	child_run(touch_over_the_cgroup, &cgroup);
	assert_int_equal(cgroup_event(&cgroup, "oom_kill"), 0);
	assert_int_not_equal(cgroup_event(&cgroup, "max"), 0);
	cgroup_remove(&cgroup);
}

TEST_MAIN("touching")
