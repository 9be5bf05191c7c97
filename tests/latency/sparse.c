// SPDX-License-Identifier: GPL-2.0-only
/*
 * Large ranges with hardly any page in them. The time of a call on one depends on
 * the pages in it, not on its size.
 */
#include <signal.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>
#include <x86intrin.h>

#include "convert.h"
#include "huge.h"
#include "numa.h"
#include "stretch.h"
#include "unit.h"

#define SMALL (1ULL << 30)
#define LARGE (1ULL << 46)

/* How long an interruptible call may take, in microseconds */
#define PATIENCE 50000

struct operation {
	const char *name;
	int (*call)(int fd, __u64 size);
	/* The expected error, 0: none */
	int error;
	/* For huge pages, which a collapse needs */
	__u32 page_shift;
};

static int punch(int fd, __u64 size)
{
	return file_punch(fd, 0, size);
}

static int share(int fd, __u64 size)
{
	return file_make_shared(fd, 0, size, 0);
}

static int share_zeroed(int fd, __u64 size)
{
	return file_make_shared(fd, 0, size, CONVERT_ZERO);
}

static int privatize(int fd, __u64 size)
{
	return file_make_private(fd, 0, size, CONVERT_PRESERVE);
}

static int there_and_back(int fd, __u64 size)
{
	return file_make_shared(fd, PAGE, size - 2 * PAGE, 0) ?:
	       file_make_private(fd, PAGE, size - 2 * PAGE, 0);
}

static int collapse(int fd, __u64 size)
{
	struct kvm_private_collapse args = { .size = size };

	return file_collapse(fd, &args);
}

static int collapse_odd(int fd, __u64 size)
{
	struct kvm_private_collapse args = {
		.offset = PAGE, .size = size - 2 * PAGE,
	};

	return file_collapse(fd, &args);
}

static int seek_data(int fd, __u64 size)
{
	(void)size;
	return lseek(fd, 0, SEEK_DATA) < 0 ? -1 : 0;
}

static int seek_hole(int fd, __u64 size)
{
	(void)size;
	return lseek(fd, 0, SEEK_HOLE) < 0 ? -1 : 0;
}

static int set_policy(int fd, __u64 size)
{
	const __u64 nodes = NODE_0;
	struct kvm_private_set_policy policy = {
		.size = size, .mode = MPOL_BIND,
		.nodemask = (uintptr_t)&nodes, .maxnode = 64,
	};

	return ioctl(fd, KVM_PRIVATE_SET_POLICY, &policy);
}

static int populate_from_nowhere(int fd, __u64 size)
{
	struct kvm_private_populate populate = { .size = size, .source = PAGE };

	return file_populate(fd, &populate);
}

static int populate_past_memory(int fd, __u64 size)
{
	struct kvm_private_populate populate = {
		.size = size, .source = -size & -PAGE,
	};

	return file_populate(fd, &populate);
}

static const struct operation operations[] = {
	{ .name = "punch", .call = punch },
	{ .name = "punch, huge", .call = punch, .page_shift = HUGE_SHIFT },
	{ .name = "to shared", .call = share },
	{ .name = "to shared, huge", .call = share, .page_shift = HUGE_SHIFT },
	{ .name = "to shared and zero", .call = share_zeroed },
	{ .name = "to private, as it was", .call = privatize },
	{ .name = "to shared and back", .call = there_and_back },
	{ .name = "to shared and back, huge", .call = there_and_back, .page_shift = HUGE_SHIFT },
	{ .name = "SEEK_HOLE", .call = seek_hole },
	{ .name = "SET_POLICY", .call = set_policy },
	{ .name = "collapse", .call = collapse, .page_shift = HUGE_SHIFT },
	{ .name = "collapse from the middle", .call = collapse_odd, .page_shift = HUGE_SHIFT },
	{ .name = "collapse, gigantic", .call = collapse, .page_shift = GIGANTIC_SHIFT },
	{
		.name = "populate from where nothing is",
		.call = populate_from_nowhere, .error = EFAULT,
	}, {
		.name = "populate from the kernel's half",
		.call = populate_past_memory, .error = EFAULT,
	},
};

static const char *what_is_in(__u64 in_use)
{
	return in_use ? "pages at both ends" : "empty";
}

static int create(__u64 size, __u32 page_shift)
{
	int device = device_open();
	int fd = expect_ok(try_create_shift(device, size, KVM_PRIVATE_FLAG_MMAP,
					    page_shift), "create");

	close(device);
	return fd;
}

static void on_alarm(int signal)
{
	(void)signal;
}

/*
 * A call whose time grows with the size would run for minutes, unless a signal
 * interrupts it.
 */
static void set_alarm(unsigned int microseconds)
{
	const struct itimerval timer = {
		.it_value.tv_usec = microseconds,
		.it_interval.tv_usec = microseconds,
	};

	setitimer(ITIMER_REAL, &timer, NULL);
}

/* Returns 0, or an error. */
static int call(const struct operation *operation, int fd, __u64 size)
{
	int error;

	set_alarm(PATIENCE);
	error = operation->call(fd, size) ? errno : 0;
	set_alarm(0);
	return error;
}

static __u64 time_of(const struct operation *operation, int fd, __u64 size,
		     int *error)
{
	__u64 start = __rdtsc();

	*error = call(operation, fd, size);
	return __rdtsc() - start;
}

/* The shorter of two: the first also makes the one-time preparations. */
static __u64 shorter(const struct operation *operation, __u64 size,
		     __u64 in_use, int *error)
{
	__u64 least = ~0ULL, taken;

	for (int i = 0; i < 2; i++) {
		int fd = create(size, operation->page_shift);

		if (in_use) {
			expect_ok(file_allocate(fd, 0, in_use), "the first page");
			expect_ok(file_allocate(fd, size - in_use, in_use),
				  "the last page");
		}
		taken = time_of(operation, fd, size, error);
		if (taken < least)
			least = taken;
		close(fd);
	}
	return least;
}

/* @in_use: bytes at either end */
static unsigned int compare(const struct operation *operation, __u64 in_use)
{
	int small_error, large_error;
	__u64 small = shorter(operation, SMALL, in_use, &small_error);
	__u64 large = shorter(operation, LARGE, in_use, &large_error);
	/* The store's tree has twice the levels for a file that is 65,536 times as large. */
	bool same = large <= 3 * small && small_error == operation->error &&
		    large_error == operation->error;

	print_message("# %s, %s: %llu instructions for 2^30 bytes (%s), %llu for 2^46 (%s)%s\n",
		      what_is_in(in_use),
		      operation->name, small,
		      strerrorname_np(small_error), large,
		      strerrorname_np(large_error), same ? "" : ", BY SIZE");
	return !same;
}

TEST(nothing_in_it, &stretch)
{
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(operations); i++)
		wrong += compare(&operations[i], 0);
	assert_int_equal(wrong, 0);
}

TEST(pages_at_both_ends, &stretch)
{
	static const struct operation others[] = {
		{ .name = "SEEK_DATA", .call = seek_data },
		{ .name = "SEEK_DATA, huge", .call = seek_data, .page_shift = HUGE_SHIFT },
	};
	unsigned int wrong = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(operations); i++)
		if (operations[i].page_shift != GIGANTIC_SHIFT)
			wrong += compare(&operations[i], PAGE);
	for (unsigned int i = 0; i < ARRAY_SIZE(others); i++)
		wrong += compare(&others[i], PAGE);
	assert_int_equal(wrong, 0);
}

/* The file has no page from there to its end. */
TEST(seek_to_the_end, &stretch)
{
	static const struct operation no_data = {
		.name = "SEEK_DATA", .call = seek_data, .error = ENXIO,
	};

	assert_int_equal(compare(&no_data, 0), 0);
}

static void largest(const struct operation *operation, __u64 in_use)
{
	__u64 size = LARGEST_FILE / 2;
	int fd = create(size, operation->page_shift);

	if (in_use) {
		expect_ok(file_allocate(fd, 0, in_use), "the first page");
		expect_ok(file_allocate(fd, size - in_use, in_use), "the last page");
	}
	stretch(call(operation, fd, size), "2^47 bytes, %s: %s", what_is_in(in_use),
		operation->name);
	stretch(close(fd), "2^47 bytes, %s: the end of the file after %s",
		what_is_in(in_use), operation->name);
}

TEST(stretches, &stretch)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(operations); i++) {
		largest(&operations[i], 0);
		if (operations[i].page_shift != GIGANTIC_SHIFT)
			largest(&operations[i], PAGE);
	}
}

/* Calls that allocate more than there is time for */
TEST(interrupted, &stretch)
{
	static const __u32 shifts[] = { 12, HUGE_SHIFT };

	for (unsigned int i = 0; i < ARRAY_SIZE(shifts); i++) {
		int fd = create(LARGE, shifts[i]);

		set_alarm(PATIENCE);
		expect_error(EINTR, stretch(file_allocate(fd, 0, LARGE),
					    "2^46 bytes, pages of 2^%u: allocate, interrupted",
					    shifts[i]), "allocate");
		set_alarm(0);
		assert_true(file_allocated(fd) > 0);
		expect_ok(stretch(close(fd), "2^46 bytes, pages of 2^%u: the end",
				  shifts[i]), "close");
	}
}

static int setup(void **state)
{
	struct sigaction action = { .sa_handler = on_alarm };

	sigaction(SIGALRM, &action, NULL);
	return stretch_group_setup(state);
}

TEST_MAIN("latency: sparse files", .setup = setup, .teardown = stretch_group_teardown)
