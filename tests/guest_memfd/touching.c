// SPDX-License-Identifier: GPL-2.0-only
/* A touch of a mapping finds a page, or raises a signal. */
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/uio.h>

#include "child.h"
#include "memfd.h"
#include "touch.h"

static sigjmp_buf back;
static siginfo_t raised;

static void catch(int signal, siginfo_t *info, void *context)
{
	(void)context;
	raised = *info;
	siglongjmp(back, signal);
}

/* The signal's code and address, of an access in the middle of a page */
static void expect_bus_error_at(volatile char *address, bool write)
{
	struct sigaction action = { .sa_sigaction = catch, .sa_flags = SA_SIGINFO };
	struct sigaction before;
	int signal;

	memset(&raised, 0, sizeof(raised));
	sigaction(SIGBUS, &action, &before);
	signal = sigsetjmp(back, 1);
	if (!signal) {
		if (write)
			*address = 1;
		else
			(void)*address;
	}
	sigaction(SIGBUS, &before, NULL);
	assert_int_equal(signal, SIGBUS);
	assert_int_equal(raised.si_code, BUS_ADRERR);
	assert_ptr_equal(raised.si_addr, address);
}

TEST(past_the_end, &pair_shared)
{
	struct pair *p = *state;
	char *map = memfd_map(p->file, 4 * FILE_SIZE);

	expect_bus_error_at(map + FILE_SIZE, false);
	expect_bus_error_at(map + FILE_SIZE, true);
	expect_bus_error_at(map + FILE_SIZE + 5, true);
	expect_bus_error_at(map + 4 * FILE_SIZE - 1, false);
	map[FILE_SIZE - 1] = 0x11;
	expect_reads(map + FILE_SIZE - 1, 0x11, "the last byte");
	expect_reads(map, 0, "the first byte");
	munmap(map, 4 * FILE_SIZE);
}

TEST(far_past_the_end, &pair_shared, &pair_mmap)
{
	struct pair *p = *state;
	static const off_t offsets[] = {
		FILE_SIZE, 1L << 32, 1L << 44, 1L << 48, 1L << 62, 0x7fffffffffffe000,
	};

	for (size_t i = 0; i < ARRAY_SIZE(offsets); i++) {
		char *map = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, p->file,
				 offsets[i]);

		assert_ptr_not_equal(map, MAP_FAILED);
		expect_bus_error_at(map, false);
		expect_bus_error_at(map + 8, true);
		munmap(map, PAGE);
	}
}

TEST(private_pages, &pair_mmap)
{
	struct pair *p = *state;
	char *map = memfd_map(p->file, 2 * FILE_SIZE);

	for (__u64 i = 0; i < 2 * FILE_PAGES; i++) {
		expect_bus_error_at(map + i * PAGE + 3, false);
		expect_bus_error_at(map + i * PAGE + PAGE - 1, true);
	}
	expect_ok(fallocate(p->file, FALLOC_FL_KEEP_SIZE, 0, FILE_SIZE), "allocate");
	expect_bus_error_at(map, false);
	expect_bus_error_at(map, true);
	munmap(map, 2 * FILE_SIZE);
}

TEST(shared_pages, &pair_shared)
{
	struct pair *p = *state;
	char *map = memfd_map(p->file, FILE_SIZE);
	char *second = mmap(NULL, FILE_SIZE - PAGE, PROT_READ, MAP_SHARED, p->file, PAGE);

	for (__u64 i = 0; i < FILE_SIZE; i++)
		assert_int_equal(map[i], 0);
	memset(map, 0xaa, FILE_SIZE);
	for (__u64 i = 0; i < FILE_SIZE - PAGE; i++)
		assert_int_equal((unsigned char)second[i], 0xaa);
	assert_int_equal(touch_write(second, 1), SIGSEGV);
	munmap(map, FILE_SIZE);
	map = memfd_map(p->file, FILE_SIZE);
	expect_reads(map + FILE_SIZE / 2, 0xaa, "mapped once more");
	munmap(map, FILE_SIZE);
	munmap(second, FILE_SIZE - PAGE);
}

TEST(punched_pages, &pair_shared)
{
	struct pair *p = *state;
	char *map = memfd_map(p->file, FILE_SIZE);

	for (__u64 i = 0; i < FILE_PAGES; i++) {
		memset(map, 0xaa, FILE_SIZE);
		expect_ok(fallocate(p->file, HOLE, i * PAGE, 3 * PAGE), "punch");
		for (__u64 at = 0; at < FILE_PAGES; at++) {
			bool hole = at >= i && at < i + 3;

			expect_reads(map + at * PAGE, hole ? 0 : 0xaa, "page %llu", at);
			expect_reads(map + at * PAGE + PAGE - 1, hole ? 0 : 0xaa,
				     "last byte of page %llu", at);
		}
	}
	munmap(map, FILE_SIZE);
}

/* A mapping outlives the descriptor, with and without the VM. */
TEST(after_closing)
{
	int vm = memfd_vm(ORDINARY);
	int file = memfd_create_for(vm, FILE_SIZE, SHARED);
	char *map = memfd_map(file, FILE_SIZE);

	memset(map, 0x12, PAGE);
	close(file);
	expect_reads(map, 0x12, "after the file was closed");
	close(vm);
	expect_reads(map, 0x12, "after the VM was closed");
	map[FILE_SIZE - 1] = 0x13;
	expect_reads(map + FILE_SIZE - 1, 0x13, "a page that wasn't there");
	expect_reads(map + PAGE, 0, "another");
	munmap(map, FILE_SIZE);
}

struct family {
	int file;
	char *map;
	struct meeting meeting;
};

static void be_a_child(void *arg)
{
	struct family *family = arg;
	char *own = memfd_map(family->file, FILE_SIZE);

	expect_reads(family->map, 0x21, "what the parent wrote");
	expect_reads(own, 0x21, "the same by an own mapping");
	family->map[1] = 0x22;
	own[PAGE] = 0x23;
	meet_parent(&family->meeting);
	meet_parent(&family->meeting);
	expect_reads(family->map, 0, "what the parent punched");
	expect_reads(own + PAGE, 0x23, "what it didn't");
	expect_ok(fallocate(family->file, HOLE, PAGE, PAGE), "punch");
	expect_error(EINVAL, ftruncate(family->file, 0), "ftruncate");
}

TEST(across_fork, &pair_shared)
{
	struct pair *p = *state;
	struct family family = {
		.file = p->file, .map = memfd_map(p->file, FILE_SIZE),
	};
	pid_t child;

	family.map[0] = 0x21;
	meeting_open(&family.meeting);
	child = child_start(be_a_child, &family);
	meet_child(&family.meeting);
	expect_reads(family.map + 1, 0x22, "what the child wrote");
	expect_reads(family.map + PAGE, 0x23, "what it wrote by its own mapping");
	expect_ok(fallocate(p->file, HOLE, 0, PAGE), "punch");
	meet_child(&family.meeting);
	child_wait(child);
	expect_reads(family.map + PAGE, 0, "what the child punched");
	meeting_close(&family.meeting);
	munmap(family.map, FILE_SIZE);
}

static void not_inherited(void *arg)
{
	unsigned char value;

	assert_int_equal(touch_read(arg, &value), SIGSEGV);
}

TEST(kept_from_a_child, &pair_shared)
{
	struct pair *p = *state;
	char *map = memfd_map(p->file, FILE_SIZE);

	map[0] = 1;
	expect_ok(madvise(map, FILE_SIZE, MADV_DONTFORK), "DONTFORK");
	child_run(not_inherited, map);
	munmap(map, FILE_SIZE);
}

TEST_MAIN("guest_memfd: touching")
