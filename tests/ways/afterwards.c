// SPDX-License-Identifier: GPL-2.0-only
/*
 * The pages after the guest has given them up. Their next owner finds nothing in them.
 * The kernel clears memory when it is allocated (init_on_alloc=1, Debian's default):
 * until then root finds the content where it was. With init_on_alloc=0 the pages are
 * cleared at once, and root finds nothing.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "convert.h"
#include "huge.h"
#include "kcore.h"
#include "machine.h"
#include "meminfo.h"
#include "trial.h"

#define SIZE	(64 * MIB)
#define PAGES	(SIZE / PAGE)
#define TAG	0xaf00000000000000ULL

static bool is_cleared_at_once(void)
{
	char line[4096] = "";
	int fd = open("/proc/cmdline", O_RDONLY | O_CLOEXEC);

	assert_true(read(fd, line, sizeof(line) - 1) > 0);
	close(fd);
	return strstr(line, "init_on_alloc=0");
}

/* Words whose upper half is the guest's */
static size_t bytes_of_guest(const void *memory, size_t size)
{
	const __u64 *words = memory;
	size_t found = 0;

	for (size_t i = 0; i < size / sizeof(*words); i++)
		found += words[i] >> 32 == TAG >> 32 ? sizeof(*words) : 0;
	return found;
}

static size_t look_in_new_memory(int fd, int flags, size_t size)
{
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    flags | MAP_POPULATE, fd, 0);
	size_t found;

	assert_ptr_not_equal(memory, MAP_FAILED);
	found = bytes_of_guest(memory, size);
	munmap(memory, size);
	return found;
}

/* Half of all memory, allocated in three ways */
static size_t look_in_half_of_memory(void)
{
	const size_t size = meminfo_line("MemTotal") / 2 & ~(HUGE_PAGE - 1);
	int shmem = memfd_create("taken", MFD_CLOEXEC);
	int file = file_create(size, KVM_PRIVATE_FLAG_MMAP |
			       KVM_PRIVATE_FLAG_INIT_SHARED);
	size_t found;

	expect_ok(ftruncate(shmem, size), "ftruncate");
	found = look_in_new_memory(-1, MAP_PRIVATE | MAP_ANONYMOUS, size);
	found += look_in_new_memory(shmem, MAP_SHARED, size);
	close(shmem);
	found += look_in_new_memory(file, MAP_SHARED, size);
	close(file);
	return found;
}

static size_t pages_in_kcore(__u64 word)
{
	struct kcore kcore;
	__u64 pfn;
	size_t found;

	kcore_open(&kcore);
	found = kcore_find(&kcore, word, &pfn);
	kcore_close(&kcore);
	return found;
}

static void run_guest(struct machine *m, int file, __u64 size)
{
	machine_start_on(m, file, size, 0);
	fill(&m->cpu, DATA_GPA, PAGES, TAG);
	assert_int_not_equal(pages_in_kcore(TAG + DATA_GPA), 0);
}

/* @last: a page for whose content root looks */
static void expect_nothing_left(const char *kind, const char *how, __u64 last)
{
	const bool cleared = is_cleared_at_once();
	const size_t in_kcore = pages_in_kcore(last);
	const size_t in_half = look_in_half_of_memory();

	tell(kind, "root", how, "%llu bytes, kcore", in_kcore * PAGE);
	tell(kind, "anybody", how, "%zu bytes, half of all memory", in_half);
	assert_int_equal(in_half, 0);
	if (cleared)
		assert_int_equal(in_kcore, 0);
}

static void closed(const char *kind, int file)
{
	const __u64 size = DATA_GPA + SIZE + HUGE_PAGE - DATA_GPA % HUGE_PAGE;
	struct machine m;

	run_guest(&m, file, size);
	machine_stop(&m);
	expect_nothing_left(kind, "after the last close",
			    TAG + DATA_GPA + SIZE / 2);
}

static void punched(const char *kind, int file)
{
	const __u64 size = DATA_GPA + SIZE + HUGE_PAGE - DATA_GPA % HUGE_PAGE;
	struct machine m;

	run_guest(&m, file, size);
	expect_ok(file_punch(file, DATA_GPA, SIZE), "punching");
	expect_nothing_left(kind, "after PUNCH_HOLE", TAG + DATA_GPA + SIZE / 2);
	assert_int_equal(zeros(&m.cpu, DATA_GPA, PAGES, TAG), PAGES * WORDS);
	machine_stop(&m);
}

#define FILE_SIZE	(SIZE + 4 * MIB)

TEST(closed_plain)
{
	closed("plain", file_create(FILE_SIZE, 0));
}

TEST(closed_huge)
{
	closed("huge", huge_create(FILE_SIZE, 0));
}

TEST(punched_plain)
{
	punched("plain", file_create(FILE_SIZE, 0));
}

TEST(punched_huge)
{
	punched("huge", huge_create(FILE_SIZE, 0));
}

TEST_MAIN("ways in: afterwards")
