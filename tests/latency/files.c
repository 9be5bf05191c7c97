// SPDX-License-Identifier: GPL-2.0-only
/* Many files at once */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/klog.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "convert.h"
#include "fdinfo.h"
#include "huge.h"
#include "poison.h"
#include "stretch.h"
#include "text_file.h"
#include "unit.h"

#define FILES 100000
#define SOME 3000

#define TOTALS "/sys/class/misc/kvm_private/"
#define DUMP_TASKS "/proc/sys/vm/oom_dump_tasks"
#define LISTING "/sys/kernel/debug/kvm_private/files"

/* Actions of syslog(2), for which there are no names */
#define CONSOLE_OFF 6
#define CONSOLE_ON 7

static int device;
static int *files;

/* The longest stretch of one call, with which that of another is compared */
static __u64 with_many;

static void make_files(unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		files[i] = file_create_on(device, PAGE, KVM_PRIVATE_FLAG_MMAP |
							KVM_PRIVATE_FLAG_INIT_SHARED);
		/* The list has the files that have a page. */
		if (i % 16 == 0)
			expect_ok(file_allocate(files[i], 0, PAGE), "allocate");
	}
}

/* RCU frees a part of each file: many such parts at once take a long stretch. */
static int close_files(unsigned int nr)
{
	for (unsigned int i = 0; i < nr; i++) {
		if (close(files[i]))
			return -1;
		if (i % 100 == 0)
			usleep(10000);
	}
	return 0;
}

static int read_all(const char *path)
{
	static char text[65536];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t part = fd;

	while (part >= 0 && (part = read(fd, text, sizeof(text))) > 0)
		;
	if (fd >= 0)
		close(fd);
	return part;
}

TEST(totals, &stretch)
{
	static const char *const names[] = {
		TOTALS "allocated_4k", TOTALS "allocated_2m", TOTALS "allocated_1g",
	};

	for (unsigned int i = 0; i < ARRAY_SIZE(names); i++)
		expect_ok(stretch(read_all(names[i]), "%u files: reading %s", FILES,
				  names[i]), "reading %s", names[i]);
}

TEST(listing, &stretch)
{
	expect_ok(stretch(read_all(LISTING), "%u files: the list", FILES),
		  "reading " LISTING);
}

TEST(one_of_many, &stretch)
{
	int fd;

	fd = expect_ok(stretch(file_try_create(device, PAGE, 0),
			       "%u files: create another", FILES), "create");
	assert_int_equal(stretch(fdinfo_number(fd, "allocated-4k"),
				 "%u files: fdinfo of one", FILES), 0);
	expect_ok(stretch(close(fd), "%u files: the end of one", FILES), "close");
}

static pid_t start_victim(void)
{
	pid_t pid = expect_ok(fork(), "fork");

	if (!pid) {
		text_file_write("/proc/self/oom_score_adj", "1000");
		pause();
		_exit(1);
	}
	/* Time for the victim to write it */
	usleep(100000);
	return pid;
}

/* The module names the largest files before the OOM killer kills a task. */
static __u64 out_of_memory_with(unsigned int nr)
{
	pid_t victim = start_victim();
	int status;

	/* The kernel's own messages: neither to a serial line, nor one for each task */
	expect_ok(klogctl(CONSOLE_OFF, NULL, 0), "silence on the console");
	text_file_write(DUMP_TASKS, "0");
	expect_ok(stretch(text_file_try_write("/proc/sysrq-trigger", "f"),
			  "%u files: out of memory", nr), "sysrq");
	expect_ok(waitpid(victim, &status, 0), "waitpid");
	expect_ok(klogctl(CONSOLE_ON, NULL, 0), "the console");
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	return stretch_taken();
}

TEST(out_of_memory_with_many, &stretch)
{
	with_many = out_of_memory_with(FILES);
}

TEST(the_end, &stretch)
{
	expect_ok(stretch(close_files(FILES), "%u files: the end of all, one by one",
			  FILES), "close");
}

/* The kernel's own messages about the machine may take longer than the bound. */
TEST(out_of_memory_with_none, &stretch)
{
	expect_between(with_many, 1, out_of_memory_with(0) + STRETCH_BOUND,
		       "the longest stretch with many files");
}

/*
 * The module looks for an error in a page of the last file in all files. There are fewer
 * files here. If each step from a file to the next began at the first file, the time
 * would grow with their square.
 */
TEST(memory_error, &stretch)
{
	char *map;
	__u64 pfn;

	make_files(SOME);
	map = file_map(files[SOME - 1], PAGE);
	pfn = pfn_at(map);
	expect_ok(stretch(poison_try(pfn), "%u files: a memory error in the last",
			  SOME), "an error in pfn %#llx", pfn);
	close_files(SOME);
}

static int setup(void **state)
{
	const struct rlimit limit = { FILES + 100, FILES + 100 };

	files = calloc(FILES, sizeof(*files));
	assert_non_null(files);
	expect_ok(setrlimit(RLIMIT_NOFILE, &limit), "RLIMIT_NOFILE");
	device = device_open();
	make_files(FILES);
	return stretch_group_setup(state);
}

static int teardown(void **state)
{
	stretch_group_teardown(state);
	close(device);
	free(files);
	return 0;
}

TEST_MAIN("latency: files", .setup = setup, .teardown = teardown)
