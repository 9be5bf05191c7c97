// SPDX-License-Identifier: GPL-2.0-only
/*
 * Conversions against everything else that can go on at the same time. No
 * access reaches a page that is private, whatever was under way when it became
 * so. The content of a page stays, and no call waits for ever.
 */
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "child.h"
#include "convert.h"
#include "meminfo.h"
#include "touch.h"
#include "unit.h"
#include "workers.h"

#define PAGES 32
#define FILE_SIZE (PAGES * PAGE)
#define THREADS 5
#define SECONDS 2

#define LONG_SIZE (128 * MIB)

static int fd;
static char *map;

static unsigned int pick(struct worker *worker, unsigned int below)
{
	return rand_r(&worker->seed) % below;
}

/* Odd while all pages are certainly private */
static atomic_uint epoch;

/* Only page tables have the pages, so that no conversion finds one pinned. */
static void open_and_close(struct worker *worker)
{
	unsigned int i;

	worker_note(worker, "to private",
		    file_make_private(fd, 0, FILE_SIZE, CONVERT_PRESERVE),
		    NULL);
	epoch++;
	for (i = pick(worker, 8); i; i--)
		sched_yield();
	epoch++;
	worker_note(worker, "to shared",
		    file_make_shared(fd, 0, FILE_SIZE, CONVERT_PRESERVE), NULL);
	for (i = pick(worker, 8); i; i--)
		sched_yield();
}

/* Each thread has a byte of every page for itself. */
static void write_and_read(struct worker *worker)
{
	char *own = map + pick(worker, PAGES) * PAGE + (uintptr_t)worker->arg;
	unsigned char value = pick(worker, 255) + 1;
	unsigned int before = epoch;
	unsigned char found;
	int written, read;

	written = touch_write(own, value);
	if (epoch == before && before % 2 && !written)
		worker_failed(worker, "a private page was written");
	before = epoch;
	read = touch_read(own, &found);
	if (epoch == before && before % 2 && !read)
		worker_failed(worker, "a private page was read");
	if (!written && !read && found != value)
		worker_failed(worker, "what was written hasn't stayed");
	worker_note(worker, "touch", 0, NULL);
}

static int create(void **state)
{
	(void)state;
	fd = file_create(FILE_SIZE, KVM_PRIVATE_FLAG_MMAP |
			 KVM_PRIVATE_FLAG_INIT_SHARED);
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

TEST(touching, &file)
{
	struct worker workers[THREADS] = { { .one_call = open_and_close } };
	unsigned long i;

	for (i = 1; i < THREADS; i++)
		workers[i] = (struct worker){
			.one_call = write_and_read, .arg = (void *)(64 * i),
		};
	workers_run(workers, THREADS, SECONDS);
}

/* Odd while a pipe has the page */
static atomic_uint pins[PAGES];

static void pin_and_release(struct worker *worker)
{
	unsigned int page = pick(worker, PAGES / THREADS) * THREADS +
			    (uintptr_t)worker->arg;
	struct iovec vec = { map + page * PAGE, PAGE };
	char buffer[PAGE];
	int pipes[2];
	long ret;

	worker_note(worker, "pipe", pipe2(pipes, O_CLOEXEC), NULL);
	ret = vmsplice(pipes[1], &vec, 1, 0);
	if (ret == (long)PAGE) {
		pins[page]++;
		sched_yield();
		pins[page]++;
		ret = read(pipes[0], buffer, PAGE);
	} else if (errno == EFAULT) {
		ret = 0;
	}
	worker_note(worker, "vmsplice", ret, NULL);
	close(pipes[0]);
	close(pipes[1]);
}

static bool is_pinned(int error)
{
	return error == EAGAIN;
}

static void convert_one(struct worker *worker)
{
	unsigned int page = pick(worker, PAGES);
	unsigned int before = pins[page];
	int ret = file_make_private(fd, page * PAGE, PAGE, 0);

	worker_note(worker, "to private", ret, is_pinned);
	if (!ret && before % 2 && pins[page] == before)
		worker_failed(worker, "a page that is pinned became private");
	worker_note(worker, "to shared",
		    file_make_shared(fd, page * PAGE, PAGE, 0), NULL);
}

TEST(pinning, &file)
{
	struct worker workers[THREADS] = {
		{ .one_call = convert_one }, { .one_call = convert_one },
	};
	unsigned long i;

	for (i = 2; i < THREADS; i++)
		workers[i] = (struct worker){
			.one_call = pin_and_release, .arg = (void *)i,
		};
	workers_run(workers, THREADS, SECONDS);
	expect_ok(file_make_private(fd, 0, FILE_SIZE, 0), "with none pinned");
}

static void touch_any(struct worker *worker, char *where)
{
	unsigned char value;
	int signal = pick(worker, 2) ? touch_read(where, &value) :
				       touch_write(where, 1);

	if (signal && signal != SIGBUS)
		worker_failed(worker, "a touch raised another signal");
	worker_note(worker, "touch", 0, NULL);
}

static void touch_in_a_child(struct worker *worker)
{
	unsigned int page = pick(worker, PAGES);
	int status = 0;
	pid_t pid = fork();

	if (!pid) {
		unsigned char value;

		touch_read(map + page * PAGE, &value);
		touch_write(map + page * PAGE, 2);
		_exit(0);
	}
	worker_note(worker, "fork", pid, NULL);
	if (pid > 0 && (waitpid(pid, &status, 0) != pid || status))
		worker_failed(worker, "a child didn't end");
}

static void touch_another_mapping(struct worker *worker)
{
	char *own = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE,
			 MAP_SHARED | (pick(worker, 2) ? MAP_POPULATE : 0),
			 fd, 0);

	worker_note(worker, "mmap", own == MAP_FAILED ? -1 : 0, NULL);
	if (own == MAP_FAILED)
		return;
	touch_any(worker, own + pick(worker, PAGES) * PAGE);
	munmap(own, FILE_SIZE);
}

static bool wrong_attribute(int error)
{
	return error == EINVAL || error == EFAULT;
}

static void any_call(struct worker *worker)
{
	static const __u64 flags[] = { 0, CONVERT_PRESERVE, CONVERT_ZERO };
	unsigned int first = pick(worker, PAGES);
	unsigned int count = 1 + pick(worker, PAGES - first);
	__u64 offset = first * PAGE, size = count * PAGE;
	struct kvm_private_populate populate = {
		.offset = offset, .size = size,
		.source = pick(worker, 4) ? (uintptr_t)map : 0,
	};

	switch (pick(worker, 12)) {
	case 0:
	case 1:
		worker_note(worker, "to shared",
			    file_make_shared(fd, offset, size,
					     flags[pick(worker, 3)]), NULL);
		break;
	case 2:
	case 3:
		worker_note(worker, "to private",
			    file_make_private(fd, offset, size,
					      flags[pick(worker, 2)]), is_pinned);
		break;
	case 4:
		worker_note(worker, "allocate", file_allocate(fd, offset, size),
			    NULL);
		break;
	case 5:
		worker_note(worker, "punch", file_punch(fd, offset, size), NULL);
		break;
	case 6:
		worker_note(worker, "populate", file_populate(fd, &populate),
			    wrong_attribute);
		break;
	case 7:
		worker_note(worker, "pread",
			    pread(*(int *)worker->arg, map + offset, size, 0),
			    wrong_attribute);
		break;
	case 8:
		worker_note(worker, "pwrite",
			    pwrite(*(int *)worker->arg, map + offset, size, 0),
			    wrong_attribute);
		break;
	case 9:
		if (pick(worker, 8))
			touch_another_mapping(worker);
		else
			touch_in_a_child(worker);
		break;
	default:
		touch_any(worker, map + offset);
		break;
	}
}

TEST(everything, &file)
{
	int plain = expect_ok(memfd_create("plain", MFD_CLOEXEC), "memfd");
	struct worker workers[THREADS] = { { 0 } };
	__u64 before = settled_memfree();
	unsigned int i;

	expect_ok(ftruncate(plain, FILE_SIZE), "ftruncate");
	for (i = 0; i < THREADS; i++)
		workers[i] = (struct worker){
			.one_call = any_call, .arg = &plain,
		};
	workers_run(workers, THREADS, 2 * SECONDS);

	expect_ok(file_make_private(fd, 0, FILE_SIZE, 0), "all to private");
	assert_int_equal(file_shared(fd), 0);
	for (i = 0; i < PAGES; i++)
		expect_sigbus(map + i * PAGE, "page %u", i);
	expect_ok(file_punch(fd, 0, FILE_SIZE), "punch");
	assert_int_equal(file_allocated(fd), 0);
	wait_for_memfree(before - MEMINFO_NOISE);
	close(plain);
}

static void convert_for_ever(void *arg)
{
	int file = *(int *)arg;

	for (;;) {
		file_make_shared(file, 0, LONG_SIZE, 0);
		file_make_private(file, 0, LONG_SIZE, 0);
	}
}

/* A fatal signal ends a long conversion, which then has changed nothing. */
TEST(killed_in_the_middle, &file)
{
	int file = file_create(LONG_SIZE, 0);
	unsigned int round;

	expect_ok(file_allocate(file, 0, LONG_SIZE), "allocate");
	for (round = 0; round < 10; round++) {
		const struct timespec moment = { .tv_nsec = 3000 * 1000 };
		pid_t pid = child_start(convert_for_ever, &file);
		__u64 shared;
		int status;

		nanosleep(&moment, NULL);
		expect_ok(kill(pid, SIGKILL), "kill");
		expect_ok(waitpid(pid, &status, 0), "waitpid");
		assert_true(WIFSIGNALED(status));
		shared = file_shared(file);
		if (shared != LONG_SIZE)
			assert_int_equal(shared, 0);
	}
	expect_ok(file_make_shared(file, 0, LONG_SIZE, 0), "to shared");
	expect_ok(file_make_private(file, 0, LONG_SIZE, 0), "to private");
	assert_int_equal(file_allocated(file), LONG_SIZE);
	close(file);
}

TEST_MAIN("conversion_races")
