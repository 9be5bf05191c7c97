// SPDX-License-Identifier: GPL-2.0-only
/*
 * The holder of the file may do this with a private page, by design. Any process that
 * gets the file may do the same: root through another process, or a user that
 * inherits it. The holder decides whether a page is private or shared; the guest
 * isn't asked.
 */
#include <linux/kcmp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "child.h"
#include "convert.h"
#include "huge.h"
#include "rights.h"
#include "stamp.h"
#include "take.h"
#include "touch.h"
#include "trial.h"

#define SIZE	(2 * HUGE_PAGE)
#define OFFSET	(3 * PAGE)
#define TAG	0x61a27ed5c0dedb00ULL
#define WORD	(TAG + OFFSET)

#define NOBODY	65534

static const char *kind;
static int fd;

static size_t look(int file)
{
	char *map = file_map(file, SIZE);
	size_t got = words_in(map + OFFSET, PAGE, WORD);

	munmap(map, SIZE);
	return got;
}

static size_t convert_and_look(int file, __u64 flags)
{
	expect_ok(file_make_shared(file, OFFSET, PAGE, flags), "sharing");
	return look(file);
}

static void expect_got(const char *who, const char *way, size_t got, size_t right)
{
	tell(kind, who, way, "%zu bytes", got);
	assert_int_equal(got, right);
}

static int create(void **state)
{
	kind = *state;
	fd = file_of_kind(kind, SIZE);
	file_stamp(fd, OFFSET, PAGE, TAG);
	return 0;
}

static int destroy(void **state)
{
	(void)state;
	return close(fd);
}

static const struct fixture mapped = KIND_FIXTURE(mapped, create, destroy);
static const struct fixture huge = KIND_FIXTURE(huge, create, destroy);

TEST(holder_converts, &mapped, &huge)
{
	expect_got("holder", "convert, keeping the content",
		   convert_and_look(fd, CONVERT_PRESERVE), PAGE);
}

TEST(holder_converts_and_clears, &mapped, &huge)
{
	expect_got("holder", "convert, clearing it",
		   convert_and_look(fd, CONVERT_ZERO), 0);
}

static void as_nobody(void *arg)
{
	(void)arg;
	become_user(NOBODY);
	expect_got("nobody", "convert, with the inherited file",
		   convert_and_look(fd, CONVERT_PRESERVE), PAGE);
}

TEST(inherited, &mapped)
{
	child_run(as_nobody, NULL);
}

static void receive(void *arg)
{
	struct meeting *meeting = arg;

	become_user(NOBODY);
	expect_got("nobody", "convert, with SCM_RIGHTS",
		   convert_and_look(take_fd_from_parent(meeting),
				    CONVERT_PRESERVE), PAGE);
}

TEST(passed, &mapped)
{
	struct meeting meeting;
	pid_t pid;

	meeting_open(&meeting);
	pid = child_start(receive, &meeting);
	pass_fd_to_child(&meeting, fd);
	child_wait(pid);
	meeting_close(&meeting);
}

static void take(void *arg)
{
	int number = *(int *)arg;

	close(number);
	fd = expect_ok(take_fd_of(getppid(), number), "pidfd_getfd");
	expect_got("root", "convert, with pidfd_getfd",
		   convert_and_look(fd, CONVERT_PRESERVE), PAGE);
}

static void try_to_take(void *arg)
{
	become_user(NOBODY);
	expect_error(EPERM, take_fd_of(getppid(), *(int *)arg), "pidfd_getfd");
	expect_got("nobody", "pidfd_getfd", 0, 0);
}

TEST(taken, &mapped)
{
	child_run(try_to_take, &fd);
	child_run(take, &fd);
}

static long compare_with_parent(int parents, int ours)
{
	return syscall(SYS_kcmp, getppid(), getpid(), KCMP_FILE, parents, ours);
}

/* The kernel scrambles which of the two addresses is the higher one. */
static void compare(void *arg)
{
	const int other = file_create(SIZE, KVM_PRIVATE_FLAG_MMAP);

	(void)arg;
	assert_int_equal(compare_with_parent(fd, fd), 0);
	assert_in_range(compare_with_parent(fd, other), 1, 2);
	tell(kind, "root", "kcmp", "0 bytes, the same file or not");
}

static void try_to_compare(void *arg)
{
	(void)arg;
	become_user(NOBODY);
	expect_error(EPERM, compare_with_parent(fd, fd), "kcmp");
	tell(kind, "nobody", "kcmp", "0 bytes, EPERM");
}

TEST(compared, &mapped)
{
	child_run(compare, NULL);
	child_run(try_to_compare, NULL);
}

TEST(holder_populates, &mapped, &huge)
{
	file_stamp(fd, OFFSET, PAGE, ~TAG);
	expect_ok(file_make_shared(fd, OFFSET, PAGE, CONVERT_PRESERVE), "sharing");
	tell(kind, "holder", "KVM_PRIVATE_POPULATE",
	     "%llu bytes changed, none got", PAGE);
	assert_int_equal(look(fd), 0);
}

TEST(holder_removes, &mapped, &huge)
{
	char *map = file_map(fd, SIZE);

	expect_ok(madvise(map + OFFSET, PAGE, MADV_REMOVE), "MADV_REMOVE");
	tell(kind, "holder", "PUNCH_HOLE, MADV_REMOVE",
	     "%llu bytes zeroed, none got", PAGE);
	assert_int_equal(convert_and_look(fd, CONVERT_PRESERVE), 0);
	expect_reads(map + OFFSET, 0, "page that was removed");
	munmap(map, SIZE);
}

TEST_MAIN("ways in: what is granted")
