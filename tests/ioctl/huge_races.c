// SPDX-License-Identifier: GPL-2.0-only
/*
 * Everything at once on a few huge pages, so that they are split and collapsed
 * under calls that use them. No call waits for ever, content stays where it
 * must, and afterwards every page is accounted for.
 */
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include "child.h"
#include "convert.h"
#include "huge.h"
#include "meminfo.h"
#include "rights.h"
#include "touch.h"
#include "unit.h"
#include "workers.h"

#define BLOCKS 2
#define TAIL 3
#define PAGES (BLOCKS * HUGE_PAGES + TAIL)
#define FILE_SIZE (PAGES * PAGE)
#define THREADS 6
#define SECONDS 6
#define LIMITED_UID 7000

static int device;
static int fd;
static char *map;
static char *source;

static unsigned int pick(struct worker *worker, unsigned int below)
{
	return rand_r(&worker->seed) % below;
}

/* Often one page, or a block; sometimes any number */
static void pick_range(struct worker *worker, __u64 *offset, __u64 *size)
{
	unsigned int first = pick(worker, PAGES);
	unsigned int count = 1 + pick(worker, PAGES - first);

	switch (pick(worker, 4)) {
	case 0:
	case 1:
		count = 1;
		break;
	case 2:
		first = pick(worker, BLOCKS) * HUGE_PAGES;
		count = HUGE_PAGES;
		break;
	}
	*offset = first * PAGE;
	*size = count * PAGE;
}

static bool may_be_short(int error)
{
	return error == ENOMEM;
}

static bool may_be_pinned(int error)
{
	return error == EAGAIN || error == ENOMEM;
}

static bool wrong_attribute(int error)
{
	return error == EINVAL || error == EFAULT || error == ENOMEM;
}

static bool no_data_left(int error)
{
	return error == ENXIO;
}

static void touch_any(struct worker *worker, __u64 offset)
{
	unsigned char value;
	int signal = pick(worker, 2) ? touch_read(map + offset, &value) :
				       touch_write(map + offset, 1);

	if (signal && signal != SIGBUS)
		worker_failed(worker, "a touch raised another signal");
	worker_note(worker, "touch", 0, NULL);
}

/* A page in a pipe for a moment */
static void pin_any(struct worker *worker, __u64 offset)
{
	struct iovec vec = { map + offset, PAGE };
	int pipes[2];
	long ret;

	worker_note(worker, "pipe", pipe2(pipes, O_CLOEXEC), NULL);
	ret = vmsplice(pipes[1], &vec, 1, 0);
	worker_note(worker, "vmsplice", ret, wrong_attribute);
	if (ret > 0)
		sched_yield();
	close(pipes[0]);
	close(pipes[1]);
}

static void collapse_any(struct worker *worker, __u64 offset, __u64 size)
{
	struct kvm_private_collapse collapse = {
		.offset = offset, .size = size,
	};

	worker_note(worker, "collapse", file_collapse(fd, &collapse),
		    may_be_pinned);
	if (collapse.offset + collapse.size != offset + size)
		worker_failed(worker, "collapse tells another end");
}

static void any_call(struct worker *worker)
{
	static const __u64 flags[] = { 0, CONVERT_PRESERVE, CONVERT_ZERO };
	struct kvm_private_populate populate = { 0 };
	__u64 offset, size;

	pick_range(worker, &offset, &size);
	switch (pick(worker, 10)) {
	case 0:
		worker_note(worker, "allocate", file_allocate(fd, offset, size),
			    may_be_short);
		break;
	case 1:
	case 2:
		worker_note(worker, "punch", file_punch(fd, offset, size), NULL);
		break;
	case 3:
		worker_note(worker, "to shared",
			    file_make_shared(fd, offset, size,
					     flags[pick(worker, 3)]), NULL);
		break;
	case 4:
		worker_note(worker, "to private",
			    file_make_private(fd, offset, size,
					      flags[pick(worker, 2)]),
			    may_be_pinned);
		break;
	case 5:
		populate.offset = offset;
		populate.size = size;
		populate.source = pick(worker, 4) ? (uintptr_t)source : 0;
		worker_note(worker, "populate", file_populate(fd, &populate),
			    wrong_attribute);
		break;
	case 6:
		collapse_any(worker, offset, size);
		break;
	case 7:
		pin_any(worker, offset);
		break;
	case 8:
		worker_note(worker, "SEEK_DATA", lseek(fd, offset, SEEK_DATA),
			    no_data_left);
		worker_note(worker, "SEEK_HOLE", lseek(fd, offset, SEEK_HOLE),
			    NULL);
		break;
	default:
		touch_any(worker, offset);
		break;
	}
}

static void run_all(void (*one_call)(struct worker *worker))
{
	struct worker workers[THREADS] = { { 0 } };

	for (unsigned long i = 0; i < THREADS; i++)
		workers[i] = (struct worker){
			.one_call = one_call, .arg = (void *)i,
		};
	workers_run(workers, THREADS, SECONDS);
}

static void open_file(void)
{
	fd = huge_create_on(device, FILE_SIZE, KVM_PRIVATE_FLAG_MMAP |
			    KVM_PRIVATE_FLAG_INIT_SHARED);
	map = file_map(fd, FILE_SIZE);
}

static void close_file(void)
{
	munmap(map, FILE_SIZE);
	close(fd);
}

/* A charge too many or too few shows at a limit that is just the file's size. */
static void every_page_is_counted(void *arg)
{
	int other;

	(void)arg;
	limit_locked_memory(FILE_SIZE);
	become_user(LIMITED_UID);
	open_file();
	run_all(any_call);

	expect_ok(file_allocate(fd, 0, FILE_SIZE), "allocate");
	assert_int_equal(file_allocated(fd), FILE_SIZE);
	assert_int_equal(file_huge(fd) + file_small(fd), FILE_SIZE);
	assert_int_equal(lseek(fd, 0, SEEK_HOLE), FILE_SIZE);
	other = file_create_on(device, PAGE, 0);
	expect_error(ENOMEM, file_allocate(other, 0, PAGE), "one more");
	expect_ok(file_punch(fd, 0, FILE_SIZE), "punch");
	expect_backing(fd, 0, 0, "punched");
	expect_ok(file_make_shared(fd, 0, FILE_SIZE, 0), "to shared");
	expect_ok(file_allocate(fd, 0, FILE_SIZE), "allocate");
	expect_backing(fd, BLOCKS, TAIL, "anew");
	for (unsigned int i = 0; i < PAGES; i++)
		assert_int_equal(*(__u64 *)(map + i * PAGE), 0);
	close(other);
	close_file();
}

TEST(with_a_limit)
{
	__u64 before = settled_memfree();

	child_run(every_page_is_counted, NULL);
	wait_for_memfree(before - MEMINFO_NOISE);
}

TEST(without_a_limit)
{
	__u64 before = settled_memfree();

	open_file();
	run_all(any_call);
	expect_ok(file_make_private(fd, 0, FILE_SIZE, 0), "to private");
	assert_int_equal(file_shared(fd), 0);
	expect_ok(file_allocate(fd, 0, FILE_SIZE), "allocate");
	collapse_all(fd, FILE_SIZE);
	expect_backing(fd, BLOCKS, TAIL, "collapsed in the end");
	close_file();
	wait_for_memfree(before - MEMINFO_NOISE);
}

/*
 * Each thread has pages of its own, and what it writes to them stays. Meanwhile
 * the other threads punch and convert theirs in the same blocks, and some
 * collapse all blocks.
 */
static void keep_own_content(struct worker *worker)
{
	const unsigned int who = (uintptr_t)worker->arg;
	unsigned int page = pick(worker, BLOCKS * HUGE_PAGES / THREADS) * THREADS +
			    who;
	unsigned char *at = (unsigned char *)map + page * PAGE + who;
	unsigned char value = 1 + pick(worker, 255), found = 0;

	if (who < 2)
		collapse_any(worker, 0, FILE_SIZE);
	if (touch_write(at, value))
		worker_failed(worker, "a shared page can't be written");
	if (pick(worker, 4) == 0) {
		worker_note(worker, "to private",
			    file_make_private(fd, page * PAGE, PAGE,
					      CONVERT_PRESERVE), NULL);
		if (touch_read(at, &found) != SIGBUS)
			worker_failed(worker, "a private page was read");
		worker_note(worker, "to shared",
			    file_make_shared(fd, page * PAGE, PAGE,
					     CONVERT_PRESERVE), NULL);
	}
	if (touch_read(at, &found) || found != value)
		worker_failed(worker, "what was written hasn't stayed");
	if (pick(worker, 4) == 0) {
		worker_note(worker, "punch", file_punch(fd, page * PAGE, PAGE),
			    NULL);
		if (touch_read(at, &found) || found)
			worker_failed(worker, "a hole isn't zero");
	}
	worker_note(worker, "round", 0, NULL);
}

TEST(content_stays)
{
	__u64 before = settled_memfree();

	open_file();
	expect_ok(file_allocate(fd, 0, FILE_SIZE), "allocate");
	run_all(keep_own_content);
	collapse_all(fd, FILE_SIZE);
	expect_backing(fd, BLOCKS, TAIL, "collapsed in the end");
	close_file();
	wait_for_memfree(before - MEMINFO_NOISE);
}

/* All threads allocate the same block, which is a hole: it comes once. */
static void allocate_first(struct worker *worker)
{
	__u64 offset = pick(worker, HUGE_PAGES) * PAGE;

	switch (pick(worker, 6)) {
	case 0:
		worker_note(worker, "punch", file_punch(fd, 0, HUGE_PAGE), NULL);
		break;
	case 1:
	case 2:
		touch_any(worker, offset);
		break;
	default:
		worker_note(worker, "allocate", file_allocate(fd, offset, PAGE),
			    NULL);
		break;
	}
}

TEST(one_block)
{
	__u64 before = settled_memfree();

	open_file();
	run_all(allocate_first);
	expect_ok(file_punch(fd, 0, HUGE_PAGE), "punch");
	expect_ok(file_allocate(fd, 0, PAGE), "allocate");
	expect_backing(fd, 1, 0, "a block");
	close_file();
	wait_for_memfree(before - MEMINFO_NOISE);
}

static int setup(void **state)
{
	(void)state;
	device = device_open();
	source = mmap(NULL, FILE_SIZE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	return source == MAP_FAILED ? -1 : 0;
}

TEST_MAIN("huge_races", .setup = setup)
