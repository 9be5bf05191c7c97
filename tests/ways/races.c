// SPDX-License-Identifier: GPL-2.0-only
/*
 * The holder reads its mapping while the page is converted, in all ways that work on a
 * shared page. Content that the guest has there only while the page is private must
 * never show.
 */
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/uio.h>
#include <unistd.h>

#include "convert.h"
#include "huge.h"
#include "machine.h"
#include "poll_until.h"
#include "touch.h"
#include "trial.h"

/* How long it takes, and how long it may if a thread had no turn yet */
#define SECONDS	10
#define MAX_SECONDS	120
#define GPA	(DATA_GPA + PAGE)

/* The word's content while the page is shared, and while it is private */
#define PUBLIC_BYTE	0x11
#define PUBLIC	(PUBLIC_BYTE * 0x0101010101010101ULL)
#define SECRET	0xe7e7e7e7e7e7e7e7ULL

static struct machine machine;

struct reader {
	const char *name;
	/* Returns false if the access was refused */
	bool (*read)(void *from, __u64 *word);
	pthread_t thread;
	volatile unsigned long got;
	volatile unsigned long refused;
	__u64 wrong;
};

static atomic_bool done;

static bool by_pointer(void *from, __u64 *word)
{
	unsigned char byte;

	if (touch_read(from, &byte))
		return false;
	*word = byte * (PUBLIC / PUBLIC_BYTE);
	return true;
}

static bool by_readv(void *from, __u64 *word)
{
	struct iovec to = { word, sizeof(*word) };
	struct iovec at = { from, sizeof(*word) };

	return process_vm_readv(getpid(), &to, 1, &at, 1, 0) == sizeof(*word);
}

static bool by_memory_file(void *from, __u64 *word)
{
	int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	ssize_t got = pread(fd, word, sizeof(*word), (uintptr_t)from);

	close(fd);
	return got == sizeof(*word);
}

/*
 * With one processor a thread that yields decides whose turn is when. If it always
 * yielded at the same places, some threads would have their turn only while the page
 * is private, or only while it isn't.
 */
static void yield_at_times(void)
{
	for (int times = rand() % 4; times; times--)
		sched_yield();
}

/* The pipe pins the page itself; its content is looked at a while later. */
static bool by_vmsplice(void *from, __u64 *word)
{
	struct iovec at = { from, sizeof(*word) };
	ssize_t got = -1;
	int pipes[2];

	if (pipe2(pipes, O_CLOEXEC))
		return false;
	if (vmsplice(pipes[1], &at, 1, 0) == sizeof(*word)) {
		yield_at_times();
		got = read(pipes[0], word, sizeof(*word));
	}
	close(pipes[0]);
	close(pipes[1]);
	yield_at_times();
	return got == sizeof(*word);
}

static struct reader readers[] = {
	{ .name = "a pointer", .read = by_pointer },
	{ .name = "process_vm_readv", .read = by_readv },
	{ .name = "/proc/self/mem", .read = by_memory_file },
	{ .name = "vmsplice", .read = by_vmsplice },
};

/* A page reads as zero after a conversion that didn't keep its content. */
static void *keep_reading(void *arg)
{
	struct reader *reader = arg;
	__u64 word;

	while (!done) {
		if (!reader->read(machine.map + GPA, &word)) {
			reader->refused++;
			sched_yield();
			continue;
		}
		reader->got++;
		if (word && word != PUBLIC)
			reader->wrong = word;
	}
	return NULL;
}

static void to_private(void)
{
	int ret;

	/* Some of the readers pin the page at times. */
	while ((ret = file_make_private(machine.file, GPA, PAGE, CONVERT_PRESERVE)) &&
	       errno == EAGAIN)
		sched_yield();
	expect_ok(ret, "to private");
}

static void one_round(unsigned int round)
{
	static const __u64 ways_back[] = { CONVERT_PRESERVE, CONVERT_ZERO };

	to_private();
	poke(&machine.cpu, GPA, SECRET);
	yield_at_times();
	assert_int_equal(peek(&machine.cpu, GPA), SECRET);
	if (round % 2)
		poke(&machine.cpu, GPA, PUBLIC);
	expect_ok(file_make_shared(machine.file, GPA, PAGE, ways_back[!(round % 2)]),
		  "to shared");
	yield_at_times();
}

/* Fewer turns are no race. */
static bool all_had_turns(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++)
		if (!readers[i].got || !readers[i].refused)
			return false;
	return true;
}

static void race_for_a_while(void)
{
	const double start = seconds_now();
	unsigned int round = 0;
	double passed;

	do {
		one_round(round++);
		passed = seconds_now() - start;
	} while (passed < SECONDS ||
		 (passed < MAX_SECONDS && !all_had_turns()));
}

static void race(const char *kind)
{
	done = false;
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		readers[i].got = 0;
		readers[i].refused = 0;
		assert_int_equal(pthread_create(&readers[i].thread, NULL,
						keep_reading, &readers[i]), 0);
	}
	race_for_a_while();
	done = true;
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++)
		pthread_join(readers[i].thread, NULL);
	for (size_t i = 0; i < ARRAY_SIZE(readers); i++) {
		const struct reader *reader = &readers[i];

		print_message("# %s: %lu reads of %s, %lu refused\n", reader->name,
			      reader->got, kind, reader->refused);
		if (reader->wrong)
			fail_msg("%s saw %#llx", reader->name, reader->wrong);
		assert_int_not_equal(reader->got, 0);
		assert_int_not_equal(reader->refused, 0);
	}
	tell(kind, "holder", "reads while it is converted", "0 bytes");
}

static void start(int file)
{
	machine_start_on(&machine, file, MEM_SIZE, KVM_PRIVATE_FLAG_MMAP);
	make_shared(&machine, GPA, PAGE);
	*host_word(&machine, GPA) = PUBLIC;
}

TEST(mapped_file)
{
	start(file_create(MEM_SIZE, KVM_PRIVATE_FLAG_MMAP));
	race("mapped");
	machine_stop(&machine);
}

TEST(huge_file)
{
	start(huge_create(MEM_SIZE, KVM_PRIVATE_FLAG_MMAP));
	race("huge");
	machine_stop(&machine);
}

TEST_MAIN("ways in: races with conversion")
