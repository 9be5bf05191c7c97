// SPDX-License-Identifier: GPL-2.0-only
/* KVM_PRIVATE_CREATE: sizes, and the descriptor. arguments.c tries wrong arguments. */
#include <limits.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "device.h"
#include "file_table.h"
#include "unit.h"

static int device;
static unsigned int fds_before;

static int try_create(struct kvm_private_create *create)
{
	return ioctl(device, KVM_PRIVATE_CREATE, create);
}

static int count_fds(void **state)
{
	(void)state;
	fds_before = open_fds();
	return 0;
}

static int no_fd_leaked(void **state)
{
	(void)state;
	return open_fds() == fds_before ? 0 : -1;
}

static const struct fixture counted_fds = { .setup = count_fds, .teardown = no_fd_leaked };

TEST(every_good_size, &counted_fds)
{
	unsigned int shift;

	for (shift = 12; shift <= 48; shift++) {
		__u64 size = 1ULL << shift;
		int fd = file_create_on(device, size, 0);
		struct stat st;

		expect_ok(fstat(fd, &st), "fstat");
		assert_int_equal(st.st_size, size);
		assert_int_equal(st.st_blocks, 0);
		close(fd);

		close(file_create_on(device, size - PAGE ? size - PAGE : PAGE, 0));
	}
}

TEST(argument_is_unchanged, &counted_fds)
{
	struct kvm_private_create create = { .size = 3 * PAGE };
	struct kvm_private_create before = create;
	int fd = expect_ok(try_create(&create), "create");

	assert_memory_equal(&create, &before, sizeof(create));
	close(fd);
}

TEST(every_page_shift, &counted_fds)
{
	struct kvm_private_info info = { .size = sizeof(info) };
	struct kvm_private_create create = { .size = GIB };
	unsigned int shift;

	expect_ok(ioctl(device, KVM_PRIVATE_GET_INFO, &info), "GET_INFO");
	for (shift = 0; shift < 128; shift++) {
		create.page_shift = shift;
		if (shift == 0 || (shift < 64 && info.page_sizes >> shift & 1))
			close(expect_ok(try_create(&create), "shift %u", shift));
		else
			expect_error(EINVAL, try_create(&create),
				     "page_shift %u", shift);
	}
	for (shift = 5; shift < 32; shift++) {
		create.page_shift = 12 | 1U << shift;
		expect_error(EINVAL, try_create(&create), "page_shift %#x",
			     create.page_shift);
	}
	create.page_shift = UINT_MAX;
	expect_error(EINVAL, try_create(&create), "page_shift -1");
}

static void run_out_of_descriptors(void *arg)
{
	struct rlimit limit = { .rlim_cur = 64, .rlim_max = 64 };
	struct stat st;
	int last = -1;
	int fd;

	(void)arg;
	expect_ok(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
	while ((fd = file_try_create(device, PAGE, 0)) >= 0)
		last = fd;
	assert_int_equal(errno, EMFILE);
	assert_int_equal(last, 63);
	/* The table is full, and all of its descriptors work. */
	expect_ok(fstat(last, &st), "fstat");
	assert_int_equal(st.st_size, PAGE);
	close(last);
	assert_int_equal(file_create_on(device, PAGE, 0), last);
}

TEST(no_descriptor_left, &counted_fds)
{
	child_run(run_out_of_descriptors, NULL);
}

TEST(no_file_left, &counted_fds)
{
	struct file_table_attempt attempt = { .device = device, .times = 1 };

	file_table_full();
	child_run(file_table_attempt, &attempt);
	file_table_restore();
	close(file_create_on(device, PAGE, 0));
}

TEST(outlives_the_device, &counted_fds)
{
	int other = device_open();
	int fd = file_create_on(other, MIB, 0);

	close(other);
	expect_ok(file_allocate(fd, 0, MIB), "allocate");
	assert_int_equal(file_allocated(fd), MIB);
	close(fd);
}

static int setup(void **state)
{
	(void)state;
	device = device_open();
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	file_table_restore();
	return close(device);
}

TEST_MAIN("create", .setup = setup, .teardown = teardown)
