// SPDX-License-Identifier: GPL-2.0-only
/*
 * The limit for all files together, and how much each file has of it. No other
 * program has private memory meanwhile.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/param.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "convert.h"
#include "huge.h"
#include "kernel_log.h"
#include "meminfo.h"
#include "poll_until.h"
#include "text_file.h"
#include "touch.h"
#include "unit.h"
#include "workers.h"

#define PARAMETER "/sys/module/kvm_private/parameters/limit"
#define DEVICE "/sys/class/misc/kvm_private/"
#define FILES_LIST "/sys/kernel/debug/kvm_private/files"

#define LIMIT (64 * PAGE)
#define SHARED (KVM_PRIVATE_FLAG_MMAP | KVM_PRIVATE_FLAG_INIT_SHARED)

static void set_limit(__u64 bytes)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu\n", bytes);
	text_file_write(PARAMETER, text);
	assert_int_equal(text_file_number(PARAMETER), bytes);
}

static __u64 all_allocated(void)
{
	return text_file_number(DEVICE "allocated_4k") +
	       text_file_number(DEVICE "allocated_2m") +
	       text_file_number(DEVICE "allocated_1g");
}

static int no_limit(void **state)
{
	(void)state;
	set_limit(0);
	return 0;
}

static const struct fixture limited = { .teardown = no_limit };

TEST(parameter, &limited)
{
	static const struct {
		const char *text;
		__u64 bytes;
	} good[] = {
		{ "4096", PAGE }, { "1M\n", MIB }, { "3G", 3 * GIB },
		{ "0x10000", 65536 }, { "4097", PAGE }, { "0", 0 },
		{ "0x100e", PAGE }, { "0x40K", 64 * KIB }, { "010000", PAGE },
		{ "4k", PAGE }, { "0\n", 0 }, { "0G", 0 },
		/* The largest of each kind */
		{ "15E", 15ULL << 60 }, { "16383P", 16383ULL << 50 },
		{ "18446744073709551615", -PAGE },
		{ "0xffffffffffffffff\n", -PAGE },
	};
	static const char *const bad[] = {
		"", "\n", "x", "-1", "1Q", "1M 2", "1.5G", "M",
		"+1M", " 1M", "1M\n\n", "1\nM", "1MM", "1MiB", "0x", "0xG",
		"8192 ", "099999",
		/* A value below a page would be neither a limit nor 0. */
		"1", "4095\n", "3K", "0x1E",
		/*
		 * Too large for 64 bits: they would wrap to 0, to a page, to any
		 * number.
		 */
		"16E", "32E", "16384P", "17E", "0x1000000000000001K",
		"18446744073709551616", "18446744073709555712",
		"99999999999999999999", "0x10000000000001000",
		"100000000000000000000000000000000000000000",
	};

	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		text_file_write(PARAMETER, good[i].text);
		assert_int_equal(text_file_number(PARAMETER), good[i].bytes);
	}
	set_limit(MIB);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		/* Writing no bytes doesn't reach the kernel's parameter at all. */
		if (*bad[i])
			expect_error(EINVAL, text_file_try_write(PARAMETER,
								 bad[i]),
				     "'%s'", bad[i]);
		assert_int_equal(text_file_number(PARAMETER), MIB);
	}
}

static void expect_full(int fd, __u64 offset)
{
	struct kvm_private_populate populate = { .offset = offset, .size = PAGE };

	expect_error(ENOMEM, file_allocate(fd, offset, PAGE), "allocate");
	expect_error(ENOMEM, file_populate(fd, &populate), "populate");
	assert_int_equal(populate.size, PAGE);
}

TEST(limit, &limited)
{
	int fd = file_create(GIB, 0), other = file_create(GIB, SHARED);
	char *map = file_map(other, GIB);

	set_limit(LIMIT);
	expect_ok(file_allocate(fd, 0, LIMIT / 2), "half of it");
	expect_ok(file_allocate(other, 0, LIMIT / 2), "the other half");
	assert_int_equal(all_allocated(), LIMIT);
	expect_full(fd, GIB / 2);
	expect_sigbus(map + LIMIT / 2, "a touch over the limit");
	expect_reads(map, 0, "what is there");
	expect_ok(file_allocate(fd, 0, LIMIT / 2), "what is there already");
	/* A page punched in one file makes room for one in another. */
	expect_ok(file_punch(fd, 0, PAGE), "punch");
	expect_reads(map + LIMIT / 2, 0, "one more");
	expect_sigbus(map + LIMIT / 2 + PAGE, "two more");
	/* A limit below the present use frees no page. */
	set_limit(PAGE);
	assert_int_equal(all_allocated(), LIMIT);
	expect_ok(file_punch(fd, 0, LIMIT / 2), "punch");
	expect_full(fd, 0);
	set_limit(2 * LIMIT);
	expect_ok(file_allocate(fd, 0, LIMIT), "more");
	close(fd);
	munmap(map, GIB);
	close(other);
	assert_int_equal(all_allocated(), 0);
}

/* Where the limit has no room for a huge page, base pages use the rest. */
TEST(huge_pages, &limited)
{
	int fd = huge_create(GIB, 0);
	int strict = huge_create(GIB, KVM_PRIVATE_FLAG_HUGE_STRICT);

	set_limit(HUGE_PAGE + LIMIT);
	expect_error(ENOMEM, file_allocate(fd, 0, 2 * HUGE_PAGE), "two");
	expect_backing(fd, 1, LIMIT / PAGE, "one and some");
	assert_int_equal(text_file_number(DEVICE "allocated_2m"), HUGE_PAGE);
	assert_int_equal(text_file_number(DEVICE "allocated_4k"), LIMIT);
	expect_ok(file_punch(fd, HUGE_PAGE, HUGE_PAGE), "punch");
	expect_error(ENOMEM, file_allocate(strict, 0, HUGE_PAGE), "strictly");
	expect_backing(strict, 0, 0, "nothing");
	close(fd);
	expect_ok(file_allocate(strict, 0, HUGE_PAGE), "when there is room");
	close(strict);
}

static void allocate_and_free(struct worker *w)
{
	const int fd = *(const int *)w->arg;
	__u64 offset = rand_r(&w->seed) % 4 * LIMIT;

	if (rand_r(&w->seed) % 2) {
		/*
		 * The limit's error is right here, since the threads want more than
		 * it allows.
		 */
		if (file_allocate(fd, offset, LIMIT) && errno != ENOMEM)
			worker_note(w, "allocate", -1, NULL);
		else
			worker_note(w, "allocate", 0, NULL);
	} else {
		worker_note(w, "punch", file_punch(fd, offset, LIMIT), NULL);
	}
	/*
	 * The number is exact of a single file: the sum of two may exceed the limit.
	 */
	if (all_allocated() > 2 * LIMIT)
		worker_failed(w, "more than the limit");
}

TEST(races, &limited)
{
	int fd = file_create(GIB, 0), other = file_create(GIB, 0);
	struct worker workers[4];

	set_limit(2 * LIMIT);
	for (size_t i = 0; i < ARRAY_SIZE(workers); i++)
		workers[i] = (struct worker){
			.one_call = allocate_and_free, .arg = &fd,
			.seed = i,
		};
	workers_run(workers, ARRAY_SIZE(workers), 3);
	expect_ok(file_punch(fd, 0, GIB), "punch");
	/* The whole charge has come back: it can be had again to the last page. */
	expect_ok(file_allocate(fd, 0, 2 * LIMIT), "allocate");
	expect_full(other, 0);
	close(fd);
	close(other);
}

static void expect_line(const char *line, bool there)
{
	static char text[65536];

	text_file_read(FILES_LIST, text, sizeof(text));
	if (!strstr(text, line) == there)
		fail_msg("%s: '%s' is %sin\n%s", FILES_LIST, line,
			 there ? "not " : "", text);
}

/* A process with an awkward name creates a file and passes it to the test. */
static void make_file(void *arg)
{
	struct meeting *meeting = arg;

	expect_ok(prctl(PR_SET_NAME, "a b\\\n"), "prctl");
	pass_fd_to_parent(meeting, file_create(GIB, 0));
}

/* A touch over the limit raises a signal, and the log says why. */
TEST(touch, &limited)
{
	int fd = file_create(LIMIT + PAGE, SHARED);
	char *map = file_map(fd, LIMIT + PAGE);
	struct poll poll = poll_start();
	int log = kernel_log_open();
	char wanted[256];

	set_limit(LIMIT);
	expect_ok(file_allocate(fd, 0, LIMIT), "to the limit");
	snprintf(wanted, sizeof(wanted),
		 "SIGBUS for process %d (limit): all private files together have reached the limit of %llu kB",
		 getpid(), LIMIT / KIB);
	/* The log gets few such lines in a few seconds. */
	expect_sigbus(map + LIMIT, "a page more");
	while (!kernel_log_has(log, wanted)) {
		if (!poll_again(&poll))
			fail_msg("not in the log: %s", wanted);
		expect_sigbus(map + LIMIT, "a page more");
	}
	munmap(map, LIMIT + PAGE);
	close(log);
	close(fd);
}

TEST(files_listed)
{
	struct meeting meeting;
	char line[128];
	pid_t pid;
	int fd;

	meeting_open(&meeting);
	pid = child_start(make_file, &meeting);
	fd = take_fd_from_child(&meeting);
	child_wait(pid);
	meeting_close(&meeting);
	expect_ok(file_allocate(fd, 0, 3 * PAGE), "allocate");
	snprintf(line, sizeof(line), "%d a\\040b\\134\\012 %llu %llu 0 0 0\n", pid,
		 GIB, 3 * PAGE);
	expect_line(line, true);
	close(fd);
	snprintf(line, sizeof(line), "%d a", pid);
	expect_line(line, false);
}

#define FILES 300

/* The list is read in pieces that end anywhere: it has each file once. */
TEST(many_files)
{
	static const unsigned int pieces[] = { 512, 4096, 65536 };
	static char text[65536 + 1];
	int fds[FILES];

	for (unsigned int i = 0; i < FILES; i++)
		fds[i] = file_create((FILES + i) * PAGE, 0);
	for (unsigned int p = 0; p < ARRAY_SIZE(pieces); p++) {
		int list = expect_ok(open(FILES_LIST, O_RDONLY | O_CLOEXEC), FILES_LIST);
		unsigned int seen[FILES] = { 0 };
		ssize_t size, length = 0;
		char *line, *rest = text;

		while ((size = read(list, text + length,
				    MIN(pieces[p], sizeof(text) - 1 - length))) > 0)
			length += size;
		close(list);
		text[length] = 0;
		while ((line = strsep(&rest, "\n"))) {
			unsigned long long bytes;

			if (sscanf(line, "%*d %*s %llu", &bytes) == 1 &&
			    bytes / PAGE >= FILES && bytes / PAGE < 2 * FILES)
				seen[bytes / PAGE - FILES]++;
		}
		for (unsigned int i = 0; i < FILES; i++)
			expect_between(seen[i], 1, 1, "file %u, read by %u", i,
				       pieces[p]);
	}
	for (unsigned int i = 0; i < FILES; i++)
		close(fds[i]);
}

/*
 * Takes all memory that the machine has left, until the OOM killer kills this
 * process.
 */
static void use_memory(__u64 size)
{
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	text_file_write("/proc/self/oom_score_adj", "1000");
	for (__u64 offset = 0; memory != MAP_FAILED && offset < size;
	     offset += PAGE)
		memory[offset] = 1;
	_exit(0);
}

/* The machine survives, and its log names the file with the memory. */
TEST(out_of_memory)
{
	const __u64 size = meminfo_line("MemFree") / 4 * 3 / PAGE * PAGE;
	int log = kernel_log_open();
	int fd = huge_create(size, 0);
	char wanted[128];
	int status;
	pid_t pid;

	lseek(log, 0, SEEK_END);
	expect_ok(file_allocate(fd, 0, size), "allocate");
	pid = fork();
	if (!pid)
		use_memory(meminfo_line("MemTotal"));
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGKILL);
	snprintf(wanted, sizeof(wanted),
		 "%llu kB in a file that process %d (limit) created",
		 size / KIB, getpid());
	expect_in_log(log, wanted);
	assert_int_equal(file_allocated(fd), size);
	close(fd);
	close(log);
}

TEST_MAIN("limit")
