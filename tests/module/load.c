// SPDX-License-Identifier: GPL-2.0-only
/* Loading and unloading kvm_private through libkmod. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include <libkmod.h>

#include "child.h"
#include "convert.h"
#include "device.h"
#include "file_table.h"
#include "meminfo.h"
#include "orders.h"
#include "poll_until.h"
#include "unit.h"

#define MODULE "kvm_private"
#define ROUNDS 50

/*
 * A module that leaks at each load leaks its text, its data or its allocations:
 * many times this in 50 rounds.
 */
#define SLAB_NOISE (1 * MIB)

static struct kmod_ctx *kmod;
static struct kmod_module *module;

/* libkmod returns a negative errno; our macros want a system call's result. */
static int as_syscall(int ret)
{
	if (ret >= 0)
		return ret;
	errno = -ret;
	return -1;
}

static int load(void)
{
	return as_syscall(kmod_module_probe_insert_module(module, 0, NULL, NULL,
							  NULL, NULL));
}

static int unload(void)
{
	/* Refuses rather than waits, as rmmod does. */
	return as_syscall(kmod_module_remove_module(module, KMOD_REMOVE_NOWAIT));
}

static bool is_loaded(void)
{
	return kmod_module_get_initstate(module) == KMOD_MODULE_LIVE;
}

static bool file_mentions(const char *path, const char *word)
{
	FILE *file = fopen(path, "re");
	bool found = false;
	char line[512];

	assert_non_null(file);
	while (!found && fgets(line, sizeof(line), file))
		found = strstr(line, word);
	fclose(file);
	return found;
}

static void assert_there(void)
{
	struct stat st;
	struct poll poll = poll_start();

	assert_true(is_loaded());
	/* devtmpfs makes the node in a thread of its own. */
	while (stat(KVM_PRIVATE_DEVICE, &st))
		assert_true(poll_again(&poll));
	assert_true(S_ISCHR(st.st_mode));
	assert_true(file_mentions("/proc/misc", MODULE));
}

static void assert_nothing_left(void)
{
	struct poll poll = poll_start();

	assert_false(is_loaded());
	while (!access(KVM_PRIVATE_DEVICE, F_OK))
		assert_true(poll_again(&poll));
	assert_false(file_mentions("/proc/misc", MODULE));
	assert_false(file_mentions("/proc/filesystems", MODULE));
	assert_false(file_mentions("/proc/modules", MODULE));
	assert_false(file_mentions("/proc/slabinfo", MODULE));
	assert_false(file_mentions("/proc/kallsyms", MODULE));
	assert_int_equal(access("/sys/class/misc/" MODULE, F_OK), -1);
	assert_int_equal(access("/sys/module/" MODULE, F_OK), -1);
}

static int loaded_before(void **state)
{
	(void)state;
	return load();
}

static const struct fixture loaded = { .setup = loaded_before };

TEST(comes_and_goes, &loaded)
{
	unsigned int i;

	for (i = 0; i < ROUNDS; i++) {
		expect_ok(unload(), "unload, round %u", i);
		assert_nothing_left();
		expect_ok(load(), "load, round %u", i);
		assert_there();
	}
}

static void use(__u64 size)
{
	int device = device_open();
	int fd = file_create_on(device, LARGEST_FILE, 0);

	close(device);
	expect_ok(file_allocate(fd, 5 * GIB, size), "allocate");
	close(fd);
}

TEST(leaves_no_memory_behind, &loaded)
{
	__u64 free_before;
	__u64 slab_before;
	unsigned int i;

	/* The first round fills caches of the kernel that stay. */
	use(MIB);
	expect_ok(unload(), "unload");
	free_before = settled_memfree();
	slab_before = meminfo_line("Slab");
	for (i = 0; i < ROUNDS; i++) {
		expect_ok(load(), "load, round %u", i);
		use(4 * MIB);
		expect_ok(unload(), "unload right after close, round %u", i);
	}
	assert_nothing_left();
	wait_for_memfree(free_before - MEMINFO_NOISE);
	wait_for_meminfo_below("Slab", slab_before + SLAB_NOISE);
}

/* delete_module with O_NONBLOCK has one error for a module in use. */
static void expect_in_use(const char *by)
{
	expect_error(EAGAIN, unload(), "unload while there is %s", by);
	assert_true(is_loaded());
}

TEST(device_keeps_it, &loaded)
{
	int device = device_open();
	int copy = dup(device);

	expect_in_use("an open device");
	close(device);
	expect_in_use("a copy of the device's descriptor");
	close(copy);
	expect_ok(unload(), "unload after the last close");
	assert_nothing_left();
}

TEST(file_keeps_it, &loaded)
{
	int fd = file_create(GIB, 0);
	int copy = dup(fd);

	expect_in_use("an empty file");
	expect_ok(file_allocate(fd, 0, MIB), "allocate");
	expect_in_use("a file with pages");
	close(fd);
	expect_in_use("a copy of the descriptor");
	expect_ok(file_punch(copy, 0, MIB), "punch");
	expect_in_use("a file that had pages");
	close(copy);
	expect_ok(unload(), "unload after the last close");
	assert_nothing_left();
}

enum end { DEVICE, FD, COPY, MAPPING, NR_ENDS };

/* Each remaining user keeps the module; after the last one it can go. */
static void end_in_order(const unsigned int *order)
{
	static const char *const names[] = { "device", "fd", "copy", "mapping" };
	const int device = device_open();
	const int fd = file_create_on(device, MIB, KVM_PRIVATE_FLAG_MMAP |
				      KVM_PRIVATE_FLAG_INIT_SHARED);
	const int ends[] = { device, fd, dup(fd) };
	char *map = file_map(fd, MIB);
	unsigned int i;

	memset(map, 1, MIB);
	for (i = 0; i < NR_ENDS; i++) {
		expect_in_use(names[order[i]]);
		if (order[i] == MAPPING)
			munmap(map, MIB);
		else
			close(ends[order[i]]);
	}
	expect_ok(unload(), "unload after %s, %s, %s, %s", names[order[0]],
		  names[order[1]], names[order[2]], names[order[3]]);
	assert_nothing_left();
	expect_ok(load(), "load");
}

TEST(every_order_of_ends, &loaded)
{
	unsigned int order[NR_ENDS] = { DEVICE, FD, COPY, MAPPING };
	unsigned int count = 0;

	do {
		end_in_order(order);
		count++;
	} while (next_order(order, NR_ENDS));
	assert_int_equal(count, 24);
}

static void pin_and_die(void *arg)
{
	struct meeting *meeting = arg;
	int fd = file_create(GIB, 0);

	expect_ok(file_allocate(fd, 0, MIB), "allocate");
	meet_parent(meeting);
	meet_parent(meeting);
}

TEST(other_process_keeps_it, &loaded)
{
	struct meeting meeting;
	pid_t pid;

	meeting_open(&meeting);
	pid = child_start(pin_and_die, &meeting);
	meet_child(&meeting);
	expect_in_use("a file of another process");
	meet_child(&meeting);
	child_wait(pid);
	expect_ok(unload(), "unload after it has died");
	assert_nothing_left();
	meeting_close(&meeting);
}

TEST(lost_descriptor_keeps_it, &loaded)
{
	struct meeting meeting;
	int fd = file_create(GIB, 0);

	meeting_open(&meeting);
	pass_fd_to_child(&meeting, fd);
	close(fd);
	expect_in_use("a descriptor on its way through a socket");
	meeting_close(&meeting);
	expect_ok(unload(), "unload after the socket has gone");
	assert_nothing_left();
}

static void fail_to_create(void *arg)
{
	struct rlimit limit = { 0 };
	unsigned int i;

	expect_ok(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
	for (i = 0; i < ROUNDS; i++)
		expect_error(EMFILE, file_try_create(*(int *)arg, PAGE, 0),
			     "create without a descriptor left");
}

TEST(failures_keep_nothing, &loaded)
{
	int device = device_open();
	struct file_table_attempt attempt = {
		.device = device, .times = ROUNDS,
	};
	unsigned int i;

	child_run(fail_to_create, &device);
	file_table_full();
	child_run(file_table_attempt, &attempt);
	file_table_restore();
	for (i = 0; i < ROUNDS; i++) {
		expect_error(EINVAL, file_try_create(device, PAGE, ~0ULL),
			     "create with every flag");
		expect_error(EFAULT, ioctl(device, KVM_PRIVATE_CREATE, NULL),
			     "create from NULL");
	}
	close(device);
	expect_ok(unload(), "unload after calls that failed");
	assert_nothing_left();
}

TEST(path_to_a_file, &loaded)
{
	int fd = file_create(GIB, 0);
	char path[64];
	int handle;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	handle = open(path, O_PATH | O_CLOEXEC);
	expect_ok(handle, "open %s with O_PATH", path);
	expect_ok(file_allocate(fd, 0, MIB), "allocate");
	close(fd);
	/*
	 * The handle leads to the inode, and is no private file. The module may
	 * or may not be kept by it; the calls below must be safe in any case.
	 */
	if (unload())
		assert_int_equal(errno, EAGAIN);
	expect_error(EBADF, file_allocate(handle, 0, PAGE), "allocate");
	close(handle);
	if (is_loaded())
		expect_ok(unload(), "unload after the last close");
	assert_nothing_left();
}

TEST(loading_twice, &loaded)
{
	assert_int_equal(kmod_module_insert_module(module, 0, NULL), -EEXIST);
	assert_there();
}

static int setup(void **state)
{
	(void)state;
	kmod = kmod_new(NULL, NULL);
	if (!kmod || kmod_module_new_from_name(kmod, MODULE, &module)) {
		print_error("libkmod doesn't know " MODULE
			    ": run depmod after installing it\n");
		return -1;
	}
	/* The test provokes refusals, which needn't be reported on stderr. */
	kmod_set_log_priority(kmod, LOG_CRIT);
	/* libkmod has read the module's place by now, or never will. */
	if (!kmod_module_get_path(module)) {
		print_error("the running kernel's modules lack " MODULE "\n");
		return -1;
	}
	return load();
}

static int teardown(void **state)
{
	int ret = load();

	(void)state;
	file_table_restore();
	kmod_module_unref(module);
	kmod_unref(kmod);
	return ret;
}

TEST_MAIN("load", .setup = setup, .teardown = teardown)
