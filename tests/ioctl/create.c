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

static void every_good_size(void **state)
{
	unsigned int shift;

	(void)state;
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

static void argument_is_unchanged(void **state)
{
	struct kvm_private_create create = { .size = 3 * PAGE };
	struct kvm_private_create before = create;
	int fd = expect_ok(try_create(&create), "create");

	(void)state;
	assert_memory_equal(&create, &before, sizeof(create));
	close(fd);
}

static void works_from_read_only_memory(void **state)
{
	void *start = guarded_map(PAGE);
	struct kvm_private_create *create =
		guarded_tail(start, sizeof(struct kvm_private_create));

	(void)state;
	create->size = PAGE;
	make_read_only(start);
	close(expect_ok(try_create(create), "create from read-only memory"));
	guarded_unmap(start, PAGE);
}

static void bad_sizes(void **state)
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

	(void)state;
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

static void every_flag_bit(void **state)
{
	const __u64 good = KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED |
			   KVM_PRIVATE_FLAG_NO_AUTO_ALLOC |
			   KVM_PRIVATE_FLAG_HUGE_STRICT;
	unsigned int bit;

	(void)state;
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

static void every_page_shift(void **state)
{
	struct kvm_private_info info = { .size = sizeof(info) };
	struct kvm_private_create create = { .size = GIB };
	unsigned int shift;

	(void)state;
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

static void every_reserved_bit(void **state)
{
	struct kvm_private_create create = { .size = PAGE };
	unsigned char *bytes = (unsigned char *)&create;
	unsigned int first = offsetof(struct kvm_private_create, pad);
	unsigned int i;

	(void)state;
	for (i = first * 8; i < sizeof(create) * 8; i++) {
		bytes[i / 8] = 1 << i % 8;
		expect_error(EINVAL, try_create(&create), "bit %u of byte %u",
			     i % 8, i / 8);
		bytes[i / 8] = 0;
	}
	close(expect_ok(try_create(&create), "all of it zero"));
}

static void bad_pointers_fault(void **state)
{
	const struct bad_pointer *bad;
	void *start = guarded_map(PAGE);
	struct kvm_private_create *tail;
	unsigned int mapped;

	(void)state;
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
	/* The table is full and what is in it is whole. */
	expect_ok(fstat(last, &st), "fstat");
	assert_int_equal(st.st_size, PAGE);
	close(last);
	assert_int_equal(file_create_on(device, PAGE, 0), last);
}

static void no_descriptor_left(void **state)
{
	(void)state;
	child_run(run_out_of_descriptors, NULL);
}

static void no_file_left(void **state)
{
	struct file_table_attempt attempt = { .device = device, .times = 1 };

	(void)state;
	file_table_full();
	child_run(file_table_attempt, &attempt);
	file_table_restore();
	close(file_create_on(device, PAGE, 0));
}

static void outlives_the_device(void **state)
{
	int other = device_open();
	int fd = file_create_on(other, MIB, 0);

	(void)state;
	close(other);
	expect_ok(file_allocate(fd, 0, MIB), "allocate");
	assert_int_equal(file_allocated(fd), MIB);
	close(fd);
}

static void not_on_a_file(void **state)
{
	struct kvm_private_info info = { .size = sizeof(info) };
	int fd = file_create_on(device, PAGE, 0);

	(void)state;
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

#define create_test(name) \
	cmocka_unit_test_setup_teardown(name, count_fds, no_fd_leaked)

int main(void)
{
	const struct CMUnitTest tests[] = {
		create_test(every_good_size),
		create_test(argument_is_unchanged),
		create_test(works_from_read_only_memory),
		create_test(bad_sizes),
		create_test(every_flag_bit),
		create_test(every_page_shift),
		create_test(every_reserved_bit),
		create_test(bad_pointers_fault),
		create_test(no_descriptor_left),
		create_test(no_file_left),
		create_test(outlives_the_device),
		create_test(not_on_a_file),
	};

	return cmocka_run_group_tests_name("create", tests, setup, teardown);
}
