// SPDX-License-Identifier: GPL-2.0-only
/* KVM_PRIVATE_CREATE. */
#include <limits.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "child.h"
#include "device.h"
#include "file_table.h"
#include "memory.h"
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

TEST(works_from_read_only_memory, &counted_fds)
{
	void *start = guarded_map(PAGE);
	struct kvm_private_create *create =
		guarded_tail(start, sizeof(struct kvm_private_create));

	create->size = PAGE;
	make_read_only(start);
	close(expect_ok(try_create(create), "create from read-only memory"));
	guarded_unmap(start, PAGE);
}

TEST(bad_sizes, &counted_fds)
{
	static const __u64 sizes[] = {
		0, 1, 511, 512, 4095, 4097, 4608, 8191, GIB + 1, GIB - 512,
		4 * GIB + 1, LARGEST_FILE - 1, LARGEST_FILE + 2048,
		(__u64)LLONG_MAX, (__u64)LLONG_MAX + 1,
		(__u64)LLONG_MAX + 1 + PAGE, (__u64)LLONG_MAX - 4094,
		UINT64_MAX, UINT64_MAX - 4095, UINT64_MAX - 8191,
	};
	unsigned int bit;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		expect_error(EINVAL, file_try_create(device, sizes[i], 0),
			     "size %#llx", sizes[i]);
	for (bit = 0; bit < 12; bit++) {
		expect_error(EINVAL, file_try_create(device, 1ULL << bit, 0),
			     "size %#llx", 1ULL << bit);
		expect_error(EINVAL,
			     file_try_create(device, MIB + (1ULL << bit), 0),
			     "size %#llx", MIB + (1ULL << bit));
	}
}

TEST(every_flag_bit, &counted_fds)
{
	const __u64 good = KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED |
			   KVM_PRIVATE_FLAG_NO_AUTO_ALLOC |
			   KVM_PRIVATE_FLAG_HUGE_STRICT;
	unsigned int bit;

	close(file_create_on(device, PAGE, good));
	for (bit = 0; bit < 64; bit++) {
		__u64 flag = 1ULL << bit;

		if (flag & good) {
			close(file_create_on(device, PAGE, flag));
			continue;
		}
		expect_error(EINVAL, file_try_create(device, PAGE, flag),
			     "flag bit %u", bit);
		expect_error(EINVAL,
			     file_try_create(device, PAGE, flag | good),
			     "flag bit %u beside good ones", bit);
	}
	expect_error(EINVAL, file_try_create(device, PAGE, UINT64_MAX),
		     "all flags");
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

TEST(every_reserved_bit, &counted_fds)
{
	struct kvm_private_create create = { .size = PAGE };
	unsigned char *bytes = (unsigned char *)&create;
	unsigned int first = offsetof(struct kvm_private_create, pad);
	unsigned int i;

	for (i = first * 8; i < sizeof(create) * 8; i++) {
		bytes[i / 8] = 1 << i % 8;
		expect_error(EINVAL, try_create(&create), "bit %u of byte %u",
			     i % 8, i / 8);
		bytes[i / 8] = 0;
	}
	close(expect_ok(try_create(&create), "all of it zero"));
}

TEST(bad_pointers_fault, &counted_fds)
{
	const struct bad_pointer *bad;
	void *start = guarded_map(PAGE);
	struct kvm_private_create *tail;
	unsigned int mapped;

	for (bad = bad_pointers; bad->name; bad++)
		expect_error(EFAULT, try_create(bad->pointer), "%s", bad->name);
	for (mapped = 1; mapped < sizeof(*tail); mapped++) {
		struct kvm_private_create good = { .size = PAGE };

		tail = guarded_tail(start, mapped);
		memcpy(tail, &good, mapped);
		expect_error(EFAULT, try_create(tail), "%u bytes mapped", mapped);
	}
	guarded_unmap(start, PAGE);
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

TEST(not_on_a_file, &counted_fds)
{
	struct kvm_private_info info = { .size = sizeof(info) };
	int fd = file_create_on(device, PAGE, 0);

	expect_error(ENOTTY, file_try_create(fd, PAGE, 0), "CREATE on a file");
	expect_error(ENOTTY, ioctl(fd, KVM_PRIVATE_GET_INFO, &info),
		     "GET_INFO on a file");
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
