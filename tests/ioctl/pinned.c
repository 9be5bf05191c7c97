// SPDX-License-Identifier: GPL-2.0-only
/*
 * A pinned shared page can't become private: the call returns EAGAIN, names the first such
 * page, and has changed nothing.
 */
#include <linux/if_xdp.h>
#include <linux/io_uring.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "child.h"
#include "convert.h"
#include "huge.h"
#include "touch.h"
#include "unit.h"

#define PAGES 16
#define FILE_SIZE (PAGES * PAGE)

static int fd;
static char *map;
static int pipes[2];
/* The pages' content, as read from the pipes */
static char drain[PAGE];

static void pin(unsigned int first, unsigned int count)
{
	struct iovec vec = { map + first * PAGE, count * PAGE };

	expect_between(vmsplice(pipes[1], &vec, 1, 0), count * PAGE,
		       count * PAGE, "vmsplice of %u pages at %u", count, first);
}

/* Releases the oldest page in the pipe, which has to hold @value. */
static void release_one(unsigned char value)
{
	unsigned char buffer[PAGE];

	assert_int_equal(read(pipes[0], buffer, PAGE), PAGE);
	assert_int_equal(buffer[0], value);
	assert_int_equal(buffer[PAGE - 1], value);
}

static unsigned char mark(unsigned int page)
{
	return page + 1;
}

/* All pages are shared and have what was written, while one of them is pinned. */
static void assert_nothing_changed(void)
{
	unsigned int i;

	assert_int_equal(file_shared(fd), FILE_SIZE);
	for (i = 0; i < PAGES; i++)
		expect_reads(map + i * PAGE, mark(i), "page %u", i);
}

static int create(void **state)
{
	unsigned int i;

	(void)state;
	fd = file_create(FILE_SIZE, KVM_PRIVATE_FLAG_MMAP |
			 KVM_PRIVATE_FLAG_INIT_SHARED);
	map = file_map(fd, FILE_SIZE);
	for (i = 0; i < PAGES; i++)
		memset(map + i * PAGE, mark(i), PAGE);
	return pipe2(pipes, O_CLOEXEC);
}

static int destroy(void **state)
{
	(void)state;
	munmap(map, FILE_SIZE);
	close(pipes[0]);
	close(pipes[1]);
	return close(fd);
}

static const struct fixture file = { .setup = create, .teardown = destroy };

TEST(first_one_is_named, &file)
{
	pin(5, 1);
	pin(9, 2);
	expect_pinned(fd, 0, FILE_SIZE, 5 * PAGE);
	assert_nothing_changed();
	expect_pinned(fd, 5 * PAGE, PAGE, 5 * PAGE);
	expect_pinned(fd, 6 * PAGE, FILE_SIZE - 6 * PAGE, 9 * PAGE);
	expect_pinned(fd, 10 * PAGE, PAGE, 10 * PAGE);
	assert_nothing_changed();

	release_one(mark(5));
	expect_pinned(fd, 0, FILE_SIZE, 9 * PAGE);
	release_one(mark(9));
	expect_pinned(fd, 0, FILE_SIZE, 10 * PAGE);
	assert_nothing_changed();
	release_one(mark(10));
	expect_ok(file_make_private(fd, 0, FILE_SIZE, 0), "with none pinned");
	assert_int_equal(file_shared(fd), 0);
}

TEST(every_page_counts, &file)
{
	unsigned int i;

	for (i = 0; i < PAGES; i++) {
		pin(i, 1);
		expect_pinned(fd, 0, FILE_SIZE, i * PAGE);
		release_one(mark(i));
	}
	assert_nothing_changed();
}

TEST(others_convert, &file)
{
	pin(7, 1);
	expect_ok(file_make_private(fd, 0, 7 * PAGE, 0), "pages before it");
	expect_ok(file_make_private(fd, 8 * PAGE, FILE_SIZE - 8 * PAGE, 0),
		  "pages after it");
	assert_int_equal(file_shared(fd), PAGE);
	expect_reads(map + 7 * PAGE, mark(7), "page that is pinned");
	/* The search finds a pinned page between private ones as well. */
	expect_pinned(fd, 0, FILE_SIZE, 7 * PAGE);
	assert_int_equal(file_shared(fd), PAGE);
	release_one(mark(7));
	expect_ok(file_make_private(fd, 0, FILE_SIZE, 0), "the rest");
}

/* A conversion to shared doesn't look for pinned pages. */
TEST(to_shared_is_free, &file)
{
	static const __u64 flags[] = { 0, CONVERT_PRESERVE };
	unsigned int i;

	pin(3, 1);
	for (i = 0; i < ARRAY_SIZE(flags); i++)
		expect_ok(file_make_shared(fd, 0, FILE_SIZE, flags[i]),
			  "flags %#llx", flags[i]);
	assert_nothing_changed();
	release_one(mark(3));
}

/* The pipe keeps the page that was removed; another one takes its place in the file. */
TEST(punched_meanwhile, &file)
{
	pin(4, 1);
	expect_ok(file_punch(fd, 4 * PAGE, PAGE), "punch");
	expect_ok(file_make_private(fd, 0, FILE_SIZE, 0), "to private");
	expect_ok(file_allocate(fd, 0, FILE_SIZE), "allocate");
	expect_ok(file_make_shared(fd, 0, FILE_SIZE, CONVERT_PRESERVE),
		  "to shared");
	expect_reads(map + 4 * PAGE, 0, "page in its place");
	expect_reads(map + 5 * PAGE, mark(5), "page behind it");
	/* The removed page isn't allocated anew while the pipe has it. */
	map[4 * PAGE] = 0x77;
	assert_int_equal(read(pipes[0], drain, PAGE), PAGE);
}

TEST(closed_meanwhile, &file)
{
	int own = file_create(PAGE, KVM_PRIVATE_FLAG_MMAP |
			      KVM_PRIVATE_FLAG_INIT_SHARED);
	char *own_map = file_map(own, PAGE);
	struct iovec vec = { own_map, PAGE };

	memset(own_map, 0x21, PAGE);
	assert_int_equal(vmsplice(pipes[1], &vec, 1, 0), PAGE);
	munmap(own_map, PAGE);
	close(own);
	assert_int_equal(read(pipes[0], drain, PAGE), PAGE);
}

/* The child's mapping and its page table entries pin nothing, however many there are. */
static void touch_and_wait(void *arg)
{
	struct meeting *meeting = arg;
	unsigned int i;

	for (i = 0; i < PAGES; i++)
		expect_reads(map + i * PAGE, mark(i), "page %u", i);
	meet_parent(meeting);
	meet_parent(meeting);
	expect_sigbus(map, "page that is private now");
}

TEST(mappings_pin_nothing, &file)
{
	char *others[8];
	struct meeting meeting;
	unsigned int i;
	pid_t pid;

	for (i = 0; i < ARRAY_SIZE(others); i++) {
		others[i] = file_map(fd, FILE_SIZE);
		expect_reads(others[i] + i * PAGE, mark(i), "mapping %u", i);
	}
	meeting_open(&meeting);
	pid = child_start(touch_and_wait, &meeting);
	meet_child(&meeting);
	assert_nothing_changed();
	expect_ok(file_make_private(fd, 0, FILE_SIZE, 0), "to private");
	meet_child(&meeting);
	child_wait(pid);
	meeting_close(&meeting);
	for (i = 0; i < ARRAY_SIZE(others); i++) {
		expect_sigbus(others[i] + i * PAGE, "mapping %u", i);
		munmap(others[i], FILE_SIZE);
	}
}

static void pin_and_die(void *arg)
{
	struct meeting *meeting = arg;

	close(pipes[0]);
	close(pipes[1]);
	assert_int_equal(pipe2(pipes, O_CLOEXEC), 0);
	pin(11, 1);
	meet_parent(meeting);
	meet_parent(meeting);
	raise(SIGKILL);
}

TEST(pinning_process_is_killed, &file)
{
	struct meeting meeting;
	int status;
	pid_t pid;

	meeting_open(&meeting);
	pid = child_start(pin_and_die, &meeting);
	meet_child(&meeting);
	expect_pinned(fd, 0, FILE_SIZE, 11 * PAGE);
	meet_child(&meeting);
	expect_ok(waitpid(pid, &status, 0), "waitpid");
	assert_true(WIFSIGNALED(status));
	expect_ok(file_make_private(fd, 0, FILE_SIZE, 0), "to private");
	meeting_close(&meeting);
}

static bool can_pin(long ret, const char *what)
{
	if (ret >= 0)
		return true;
	/* Some kernels make no long-term pin on a mapping of any file. */
	print_message("# no %s of a file's pages: %s\n", what, strerror(errno));
	assert_int_equal(errno, EOPNOTSUPP);
	return false;
}

/* Pinned for long, as devices do it: the buffers of an io_uring */
TEST(io_uring_buffers, &file)
{
	struct io_uring_params params = { 0 };
	struct iovec vec = { map + 6 * PAGE, 2 * PAGE };
	int ring = expect_ok(syscall(SYS_io_uring_setup, 4, &params),
			     "io_uring_setup");

	if (can_pin(syscall(SYS_io_uring_register, ring,
			    IORING_REGISTER_BUFFERS, &vec, 1), "buffers")) {
		expect_pinned(fd, 0, FILE_SIZE, 6 * PAGE);
		expect_pinned(fd, 7 * PAGE, PAGE, 7 * PAGE);
		assert_nothing_changed();
		expect_ok(file_make_private(fd, 8 * PAGE, PAGE, 0),
			  "a page behind them");
		expect_ok(syscall(SYS_io_uring_register, ring,
				  IORING_UNREGISTER_BUFFERS, NULL, 0),
			  "unregister");
	}
	expect_ok(file_make_private(fd, 0, FILE_SIZE, 0), "to private");
	expect_error(EFAULT, syscall(SYS_io_uring_register, ring,
				     IORING_REGISTER_BUFFERS, &vec, 1),
		     "buffers in private pages");
	close(ring);
}

/* The same for a network card: the packet memory of an XDP socket */
TEST(packet_memory, &file)
{
	struct xdp_umem_reg memory = {
		.addr = (uintptr_t)map + 2 * PAGE, .len = 4 * PAGE,
		.chunk_size = PAGE,
	};
	int xdp = expect_ok(socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0),
			    "socket");

	if (can_pin(setsockopt(xdp, SOL_XDP, XDP_UMEM_REG, &memory,
			       sizeof(memory)), "packet memory")) {
		expect_pinned(fd, 0, FILE_SIZE, 2 * PAGE);
		assert_nothing_changed();
	}
	close(xdp);
}

/* A file of two units of so many pages. The second unit is split, and all is shared. */
static int create_units(unsigned int shift, __u64 pages)
{
	int units = shift == HUGE_SHIFT ?
		    huge_create(2 * pages * PAGE, KVM_PRIVATE_FLAG_MMAP |
				KVM_PRIVATE_FLAG_INIT_SHARED) :
		    file_create(2 * pages * PAGE, KVM_PRIVATE_FLAG_MMAP |
				KVM_PRIVATE_FLAG_INIT_SHARED);

	/* The end of another test's io_uring may interrupt the call. */
	while (file_allocate(units, 0, 2 * pages * PAGE))
		assert_int_equal(errno, EINTR);
	expect_ok(file_punch(units, (2 * pages - 1) * PAGE, PAGE), "punch");
	return units;
}

/*
 * The range begins in the middle of a unit. The search for pinned pages gives the processor
 * up there, and has to go on right behind that unit.
 */
static void begins_in_a_unit(unsigned int shift, __u64 pages)
{
	static const unsigned int starts[] = { 1, 7, 31, 62, 63 };
	int units = create_units(shift, pages);
	char *units_map = file_map(units, 2 * pages * PAGE);
	struct iovec vec = { units_map + pages * PAGE, PAGE };
	__u64 start;

	assert_int_equal(vmsplice(pipes[1], &vec, 1, 0), PAGE);
	for (unsigned int i = 0; i < ARRAY_SIZE(starts); i++) {
		start = starts[i] * pages / 64;
		expect_pinned(units, start * PAGE, (2 * pages - start) * PAGE,
			      pages * PAGE);
	}
	assert_int_equal(file_shared(units), 2 * pages * PAGE);
	assert_int_equal(read(pipes[0], drain, PAGE), PAGE);
	expect_ok(file_make_private(units, PAGE, (2 * pages - 1) * PAGE, 0),
		  "with none pinned");
	munmap(units_map, 2 * pages * PAGE);
	close(units);
}

TEST(begins_in_a_batch, &file)
{
	begins_in_a_unit(12, 64);
}

TEST(begins_in_a_huge_page, &file)
{
	begins_in_a_unit(HUGE_SHIFT, HUGE_PAGES);
}

/* A collapse looks only at the shared pages of its block. */
TEST(collapse_finds_it, &file)
{
	struct kvm_private_collapse collapse = { .size = HUGE_PAGE };
	int huge = create_units(HUGE_SHIFT, HUGE_PAGES);
	char *huge_map = file_map(huge, 2 * HUGE_PAGE);
	struct iovec vec = { huge_map + 64 * PAGE, PAGE };

	/* Batches again, so that the shared part begins in one */
	expect_ok(file_punch(huge, 0, HUGE_PAGE), "punch");
	for (__u64 page = 64; page < HUGE_PAGES; page += 64) {
		huge_map[page * PAGE] = 1;
		expect_ok(file_allocate(huge, page * PAGE, 64 * PAGE), "allocate");
	}
	expect_ok(file_punch(huge, 0, 64 * PAGE), "punch");
	expect_ok(file_allocate(huge, 0, 64 * PAGE), "allocate a batch");
	expect_ok(file_make_private(huge, 0, 33 * PAGE, 0), "to private");
	assert_int_equal(vmsplice(pipes[1], &vec, 1, 0), PAGE);
	expect_error(EAGAIN, file_collapse(huge, &collapse), "collapse");
	assert_int_equal(read(pipes[0], drain, PAGE), PAGE);
	collapse = (struct kvm_private_collapse){ .size = HUGE_PAGE };
	expect_ok(file_collapse(huge, &collapse), "with none pinned");
	munmap(huge_map, 2 * HUGE_PAGE);
	close(huge);
}

TEST_MAIN("pinned")
