// SPDX-License-Identifier: GPL-2.0-only
/*
 * The system's own ways: reports about pages, memory as a device, pages that are
 * merged or swapped out. The page was shared before, so that root knows its pfn.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "bpf_probe.h"
#include "cgroup.h"
#include "child.h"
#include "disks.h"
#include "kcore.h"
#include "known_page.h"
#include "poll_until.h"
#include "probe.h"
#include "text_file.h"
#include "trial.h"

/* The content of ordinary memory that a way has to find */
#define CONTROL	0x0c0170415edb0055ULL

#define KSM	"/sys/kernel/mm/ksm/"

/* Physical: the BIOS, which any process with the device may read */
#define BIOS	0xf0000

static size_t on_disk(__u64 word)
{
	static __u64 chunk[MIB / sizeof(__u64)];
	int disk = expect_ok(open(DISK_FOR_SWAP, O_RDONLY | O_CLOEXEC), "open " DISK_FOR_SWAP);
	size_t found = 0;
	ssize_t got;

	posix_fadvise(disk, 0, 0, POSIX_FADV_DONTNEED);
	while ((got = read(disk, chunk, sizeof(chunk))) > 0)
		found += words_in(chunk, got, word);
	close(disk);
	return found;
}

/* In both ways to ask for it */
static void page_out(void *page)
{
	const struct iovec range = { page, PAGE };
	int self = expect_ok(syscall(SYS_pidfd_open, getpid(), 0), "pidfd_open");

	madvise(page, PAGE, MADV_PAGEOUT);
	syscall(SYS_process_madvise, self, &range, 1, MADV_PAGEOUT, 0);
	close(self);
}

/*
 * The cgroup has to give up all that it can, the ordinary page among it. It has less
 * than the call asks for, so the call gives an error.
 */
static void swap_all(void *arg)
{
	const struct cgroup *cgroup = arg;
	char *page = mmap(NULL, PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct poll poll = poll_start();
	const struct known_page *known;
	void *state = "mapped";
	char path[160];
	int reclaim;

	cgroup_enter(cgroup);
	fill_words(page, CONTROL);
	known_page_create(&state);
	known = state;
	page_out(known->address);
	snprintf(path, sizeof(path), "%s/memory.reclaim", cgroup->path);
	reclaim = expect_ok(open(path, O_WRONLY | O_CLOEXEC), "open %s", path);
	do {
		if (write(reclaim, "1G", 2) < 0)
			assert_int_equal(errno, EAGAIN);
		page_out(page);
		assert_true(poll_again(&poll));
	} while (on_disk(CONTROL) < PAGE);
	close(reclaim);
	tell(known->kind, "root", "the swap device", "%zu bytes", on_disk(KNOWN_WORD));
	assert_int_equal(on_disk(KNOWN_WORD), 0);
	known_page_destroy(&state);
}

/* The first test: the other tests' buffers have the content, and could be swapped. */
TEST(swapping)
{
	struct cgroup cgroup;

	assert_int_equal(system("mkswap " DISK_FOR_SWAP " >/dev/null"), 0);
	expect_ok(swapon(DISK_FOR_SWAP, 0), "swapon");
	cgroup_make(&cgroup, "ways_swap");
	child_run(swap_all, &cgroup);
	cgroup_remove(&cgroup);
	expect_ok(swapoff(DISK_FOR_SWAP), "swapoff");
}

static const struct fixture mapped = KIND_FIXTURE(mapped, known_page_create, known_page_destroy);
static const struct fixture huge = KIND_FIXTURE(huge, known_page_create, known_page_destroy);

TEST(page_tables, &mapped, &huge)
{
	const struct known_page *known = *state;
	int pagemap = expect_ok(open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC),
				"open pagemap");
	unsigned char resident = 1;
	__u64 entry = ~0ULL;

	assert_int_equal(pread(pagemap, &entry, sizeof(entry),
			       (uintptr_t)known->address / PAGE * sizeof(entry)),
			 sizeof(entry));
	close(pagemap);
	assert_int_equal(entry << 9, 0);
	tell(known->kind, "root", "/proc/PID/pagemap", "0 bytes, no pfn");
	expect_ok(mincore(known->address, PAGE, &resident), "mincore");
	assert_int_equal(resident, 0);
	tell(known->kind, "holder", "mincore", "0 bytes, not there");
}

/* One word for each page of the machine */
static __u64 word_of_pfn(const char *path, __u64 pfn)
{
	int file = expect_ok(open(path, O_RDONLY | O_CLOEXEC), "open %s", path);
	__u64 word;

	assert_int_equal(pread(file, &word, sizeof(word), pfn * sizeof(word)),
			 sizeof(word));
	close(file);
	return word;
}

TEST(by_pfn, &mapped, &huge)
{
	const struct known_page *known = *state;
	const __u64 flags = word_of_pfn("/proc/kpageflags", known->pfn);
	const __u64 count = word_of_pfn("/proc/kpagecount", known->pfn);

	tell(known->kind, "root", "/proc/kpageflags", "0 bytes, flags");
	tell(known->kind, "root", "/proc/kpagecount", "0 bytes, no mapping");
	assert_int_not_equal(flags, KNOWN_WORD);
	assert_int_equal(count, 0);
}

TEST(device_memory, &mapped, &huge)
{
	const struct known_page *known = *state;
	int file = expect_ok(open("/dev/mem", O_RDONLY | O_CLOEXEC), "open /dev/mem");
	char page[PAGE];

	assert_int_equal(pread(file, page, PAGE, BIOS), PAGE);
	expect_error(EPERM, pread(file, page, PAGE, known->pfn * PAGE), "read");
	tell(known->kind, "root", "/dev/mem, read", "0 bytes, EPERM");
	assert_ptr_equal(mmap(NULL, PAGE, PROT_READ, MAP_SHARED, file,
			      known->pfn * PAGE), MAP_FAILED);
	assert_int_equal(errno, EPERM);
	tell(known->kind, "root", "/dev/mem, mmap", "0 bytes, EPERM");
	close(file);
}

/* By design: root sees all memory. */
TEST(all_memory, &mapped, &huge)
{
	const struct known_page *known = *state;
	__u64 words[PAGE / sizeof(__u64)];
	struct bpf_probe probe;
	struct kcore kcore;

	kcore_open(&kcore);
	kcore_read(&kcore, known->pfn, words);
	assert_int_equal(words_in(words, PAGE, KNOWN_WORD), PAGE);
	tell(known->kind, "root", "/proc/kcore", "%llu bytes", PAGE);
	memset(words, 0, sizeof(words));
	probe_read(kcore_address(&kcore, known->pfn), words);
	assert_int_equal(words_in(words, PAGE, KNOWN_WORD), PROBE_WORDS * sizeof(*words));
	tell(known->kind, "root", "a kprobe that reads there", "%zu bytes a hit",
	     PROBE_WORDS * sizeof(*words));

	memset(words, 0, sizeof(words));
	expect_ok(bpf_probe_load(&probe), "loading a BPF program");
	bpf_probe_read(&probe, kcore_address(&kcore, known->pfn), words);
	assert_int_equal(words_in(words, PAGE, KNOWN_WORD), PAGE);
	tell(known->kind, "root", "a BPF program that reads there",
	     "%llu bytes a run", PAGE);
	bpf_probe_unload(&probe);
	kcore_close(&kcore);
}

static unsigned long merged(void)
{
	return text_file_number("/proc/self/ksm_merging_pages");
}

/* Pages of ordinary memory with the same content, to be merged */
static char *make_twins(void)
{
	char *twins = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	assert_ptr_not_equal(twins, MAP_FAILED);
	fill_words(twins, KNOWN_WORD);
	fill_words(twins + PAGE, KNOWN_WORD);
	expect_ok(madvise(twins, 2 * PAGE, MADV_MERGEABLE), "MADV_MERGEABLE");
	return twins;
}

TEST(merging, &mapped, &huge)
{
	const struct known_page *known = *state;
	char *twins = make_twins();
	struct poll poll = poll_start();
	unsigned long scans;

	expect_ok(madvise(known->map, KNOWN_SIZE, MADV_MERGEABLE), "MADV_MERGEABLE");
	text_file_write(KSM "pages_to_scan", "10000");
	text_file_write(KSM "sleep_millisecs", "1");
	text_file_write(KSM "run", "1");
	while (merged() < 2)
		assert_true(poll_again(&poll));
	/* The scan has come by the private page, too. */
	scans = text_file_number(KSM "full_scans");
	poll = poll_start();
	while (text_file_number(KSM "full_scans") < scans + 2)
		assert_true(poll_again(&poll));
	assert_int_equal(merged(), 2);
	tell(known->kind, "holder", "KSM", "0 bytes, 0 pages merged");
	text_file_write(KSM "run", "2");
	munmap(twins, 2 * PAGE);
}

TEST_MAIN("ways in: the system", .setup = disks_group_setup)
