// SPDX-License-Identifier: GPL-2.0-only
/* Files that stand in for a guest_memfd. */
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "consumer.h"
#include "fdinfo.h"
#include "rights.h"

#define GUEST	7

static int try_create(struct consumer *c, __u64 size, __u64 flags,
		      __u64 guest_id)
{
	return ioctl(c->device, KPT_CREATE,
		     &(struct kpt_create){ size, flags, guest_id });
}

static int create(struct consumer *c, __u64 size)
{
	return expect_ok(try_create(c, size, 0, GUEST), "creating");
}

TEST(bad_arguments, &consumer_plain)
{
	struct consumer *c = *state;

	expect_error(EINVAL, try_create(c, 0, 0, GUEST), "no size");
	expect_error(EINVAL, try_create(c, PAGE + 1, 0, GUEST), "not aligned");
	expect_error(EINVAL, try_create(c, -PAGE, 0, GUEST), "too large");
	expect_error(EINVAL, try_create(c, PAGE, 0, 0), "no guest's");
	for (unsigned int bit = 2; bit < 64; bit++)
		expect_error(EINVAL, try_create(c, PAGE, 1ULL << bit, GUEST),
			     "flag %u", bit);
}

TEST(whose, &consumer_plain)
{
	struct consumer *c = *state;
	struct kpt_bind bind = { .fd = create(c, FILE_PAGES * PAGE), .end = 4 };

	expect_error(EINVAL, try_bind(c, &bind), "no particular guest");
	bind.guest_id = GUEST + 1;
	expect_error(EINVAL, try_bind(c, &bind), "another guest");
	/* Also if the range is wrong as well, or bound, another guest is the error. */
	bind.guest_id = GUEST;
	expect_ok(try_bind(c, &bind), "its guest");
	bind.slot = 1;
	expect_error(EEXIST, try_bind(c, &bind), "its guest again");
	bind.guest_id = GUEST + 1;
	expect_error(EINVAL, try_bind(c, &bind), "another guest, overlapping");
	unbind(c, 0);
	expect_error(EINVAL, try_bind(c, &bind), "another guest, afterwards");
	close(bind.fd);
}

TEST(fallocate, &consumer_plain)
{
	struct consumer *c = *state;
	int fd = create(c, FILE_PAGES * PAGE);
	const int punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
	const __u64 end = FILE_PAGES * PAGE;

	expect_error(EOPNOTSUPP, fallocate(fd, 0, 0, PAGE), "mode 0");
	expect_ok(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, end), "all");
	expect_error(EINVAL, fallocate(fd, FALLOC_FL_KEEP_SIZE, end, PAGE),
		     "past the end");
	expect_error(EINVAL, fallocate(fd, FALLOC_FL_KEEP_SIZE, end - PAGE,
				       2 * PAGE), "across the end");
	expect_error(EINVAL, fallocate(fd, punch, end - 1, PAGE), "not aligned");
	expect_error(EINVAL, fallocate(fd, punch, end, PAGE - 1), "not aligned");
	assert_int_equal(file_allocated(fd), end);
	expect_ok(fallocate(fd, punch, end, PAGE), "a hole at the end");
	expect_ok(fallocate(fd, punch, end + 7 * PAGE, PAGE), "a hole behind it");
	assert_int_equal(file_allocated(fd), end);
	expect_ok(fallocate(fd, punch, end - PAGE, 2 * PAGE), "a hole across it");
	assert_int_equal(file_allocated(fd), end - PAGE);
	expect_ok(fallocate(fd, punch, 0, 0x7ffffffffffff000), "as far as it goes");
	assert_int_equal(file_allocated(fd), 0);
	close(fd);
}

/* The invalidation of a clipped punch names the clipped range. */
TEST(hole_is_clipped, &consumer_plain)
{
	struct consumer *c = *state;
	struct kpt_bind bind = {
		.fd = create(c, FILE_PAGES * PAGE), .end = FILE_PAGES,
		.guest_id = GUEST,
	};
	const int punch = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;

	expect_ok(try_bind(c, &bind), "binding");
	expect_ok(fallocate(bind.fd, punch, 60 * PAGE, 100 * PAGE), "punching");
	expect_event(c, KPT_BEGIN, 0, 60, FILE_PAGES);
	expect_event(c, KPT_END, 0, 60, FILE_PAGES);
	expect_ok(fallocate(bind.fd, punch, FILE_PAGES * PAGE, PAGE), "punching");
	expect_no_events(c);
	close(bind.fd);
}

static void without_memlock(void *arg)
{
	struct consumer *c = arg;
	int fd;

	drop_ipc_lock();
	limit_locked_memory(PAGE);
	fd = create(c, FILE_PAGES * PAGE);
	expect_ok(fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, FILE_PAGES * PAGE),
		  "more than RLIMIT_MEMLOCK");
	expect_error(ENOMEM, file_allocate(file_create(4 * PAGE, 0), 0, 4 * PAGE),
		     "another file");
}

TEST(memlock, &consumer_plain)
{
	child_run(without_memlock, *state);
}

/* All stand-ins are on one filesystem, and keep the module. */
TEST(file_system, &consumer_plain)
{
	struct consumer *c = *state;
	int first = create(c, PAGE), second = create(c, PAGE);
	struct stat a, b;

	expect_ok(fstat(first, &a), "fstat");
	expect_ok(fstat(second, &b), "fstat");
	assert_int_equal(a.st_dev, b.st_dev);
	assert_int_not_equal(a.st_ino, b.st_ino);
	close(first);
	first = create(c, PAGE);
	expect_ok(fstat(first, &a), "fstat");
	assert_int_equal(a.st_dev, b.st_dev);
	close(first);
	close(second);
}

TEST_MAIN("kernel interface: stand-ins for guest_memfd",
	  .setup = consumer_group_setup, .teardown = consumer_group_teardown)
